"""`review` of an environment: who must agree to a plan."""

import pytest

from tests.support.memory_tree import MemoryTree, complaints_of, said
from tfops.config.project import ReviewRule
from tfops.config.project_file import load_project
from tfops.records.names import EnvName


def load(environment: str) -> ReviewRule:
    text = f"version: 1\nproject: shop\nenvironments:\n  prod: {{branch: main{environment}}}\n"
    return load_project(MemoryTree({"tfops.yaml": text})).environments[EnvName("prod")].review


def test_the_keys_are_read() -> None:
    found = load(", review: {required: true, approvals: 2, not_by: [author, committer], from: ['@ann', b@x.com]}")
    assert found == ReviewRule(required=True, approvals=2, not_by=("author", "committer"), people=("ann", "b@x.com"))


def test_approvals_alone_is_the_short_form_of_before() -> None:
    assert load("") == ReviewRule(required=False, approvals=1, not_by=(), people=())
    assert load(", approvals: 2") == ReviewRule(approvals=2)
    assert load(", review: {}") == ReviewRule(not_by=("author",))


@pytest.mark.parametrize("said", ["codeowners", "[codeowners]"])
def test_owners_are_looked_up_later(said: str) -> None:
    found = load(f", review: {{from: {said}, approvals: 2}}")
    assert found.people == () and found.owners is not None and found.owners.problem


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        (", approvals: 0", "tfops.yaml:4:24: `approvals` must be between 1 and 10"),
        (", review: {approvals: 11}", "tfops.yaml:4:33: `approvals` must be between 1 and 10"),
        (", review: {not_by: [friend]}", "must be 'author' or 'committer'"),
        (", review: {form: [ann]}", "unknown key `form` (did you mean `from`?)"),
        (", review: {from: ann}", "`from` must be a list"),
        (", review: {from: [codeowners, ann]}", "`codeowners` stands alone"),
        (", review: {from: [ops/team]}", "'ops/team' names nobody"),
        (", review: {from: [ann, ann], approvals: 2}", "1 can't give 2 approvals"),
        (", approvals: 2, review: {required: true}", "`approvals` stands beside `review`: take it in there"),
    ],
)
def test_a_mistake_is_named_with_its_place(environment: str, complaint: str) -> None:
    [found] = said(complaints_of(lambda: load(environment)))
    assert complaint in found and found.startswith("tfops.yaml:4:")
