"""`diff`: two versions, two environments, what runs and the branch's head; all of it from Git."""

import pytest

from tests.support.engine_cases import NEW_NAME, OLD_NAME, keyed, name_it, one, other, stacks, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop, Witness
from tests.support.samples import NOW
from tfops.commands.diff import DiffRequest, diff
from tfops.errors import Refused, UsageError
from tfops.exits import Exit
from tfops.records.difference import Group
from tfops.views.base import View, text_report
from tfops.views.diff import DiffKind, DiffResult, difference_text
from tfops.views.diff_markdown import DiffMarkdown
from tfops.views.draw import as_plain

RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n  prod: {branch: main, protected: true}\n"


def diff_of(shop: Shop, *words: str) -> DiffResult:
    return diff(shop.project, DiffRequest(*words), fetch=False, ui=Witness())


def told(result: DiffResult) -> list[str]:
    return [f"{one.group} {one.kind} {difference_text(one, None)}" for one in result.differences]


def test_two_versions_differ_in_inputs_and_outputs_and_say_why_by_whom_and_the_way_back(shop: Shop) -> None:
    shop.runs(one, two)
    project = shop.project
    found = diff(project, DiffRequest("dev", "v1", "v2"), fetch=False, ui=Witness())
    assert told(found) == ["inputs changed main.value: one → two", "outputs changed main.value: one → two"]
    assert (found.kind, found.exit_code, found.not_compared) == (DiffKind.VERSIONS, Exit.DONE, ())
    assert [commit.subject for commit in found.commits] == ["dev wants {'value': 'two'}"]
    assert (found.authors, found.applied_by, found.after.approved_by) == (
        ("ann",),
        ("ann",),
        ("ann <ann@example.com>",),
    )
    assert found.way_back and found.way_back.verdict.value == "ok"
    assert project.repository.git.started <= 12


def test_one_version_is_held_against_what_runs_and_backwards_commits_are_taken_back(shop: Shop) -> None:
    shop.runs(one, two, keyed)
    found = diff_of(shop, "dev", "v2")
    assert (found.before.name, found.after.name) == ("dev v2", "dev v3")
    assert [line for line in told(found) if line.startswith("resources added")]
    back = diff_of(shop, "dev", "v3", "v1")
    assert (len(back.commits), len(back.taken_back)) == (0, 2)
    assert [line for line in told(back) if line.startswith("resources removed")]
    assert back.way_back is None, "it runs"


def test_what_was_replaced_has_another_id(shop: Shop) -> None:
    shop.runs(two, other)
    lines = told(diff_of(shop, "dev", "v1", "v2"))
    assert any(line.startswith("resources replaced module.main.terraform_data.main: ") for line in lines)


def test_what_moved_is_no_other_thing(play: Open) -> None:
    shop = play("renamed")
    for text in (OLD_NAME, NEW_NAME):
        name_it(shop, text)
        shop.apply()
    moved = "module.main.terraform_data.new was module.main.terraform_data.old"
    assert f"resources moved {moved}" in told(diff_of(shop, "dev", "v1", "v2"))
    back = told(diff_of(shop, "dev", "v2", "v1"))
    assert "resources moved module.main.terraform_data.old was module.main.terraform_data.new" in back
    assert not [line for line in back if "added" in line or "removed" in line]


def test_a_secret_is_never_shown(play: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = play("secret")
    for token in ("s3cret-one", "s3cret-two"):
        monkeypatch.setenv("SHOP_TOKEN", token)
        shop.wants("secret", token={"from": "env:SHOP_TOKEN"})
        shop.apply()
    found = diff_of(shop, "dev", "v1", "v2")
    assert "s3cret" not in repr(found)
    assert not [line for line in told(found) if line.startswith("inputs")], "the same reference"


def test_stacks_are_compared_by_their_own_names(play: Open) -> None:
    shop = play("several")
    for cidr in ("10.0.0.0/16", "10.1.0.0/16"):
        stacks(shop, cidr)
        shop.apply()
    lines = told(diff_of(shop, "dev", "v1", "v2"))
    assert "inputs changed network/net.cidr: 10.0.0.0/16 → 10.1.0.0/16" in lines


def _two_environments(play: Open, same_but: str = "") -> Shop:
    shop = play("life", rules=RULES + same_but)
    one(shop)
    shop.apply()
    shop.wants("thing", "prod", value="two")
    shop.apply("prod")
    return shop


def test_environments_differ_in_what_nobody_meant(play: Open) -> None:
    shop = _two_environments(play)
    found = diff_of(shop, "dev", "prod")
    assert told(found) == ["inputs changed main.value: one → two", "rules added protected: true"]
    assert (found.kind, found.exit_code, found.way_back) == (DiffKind.ENVIRONMENTS, Exit.CHANGES, None)


def test_same_but_says_what_may_differ(play: Open) -> None:
    shop = _two_environments(play, "same_but: [inputs.value, protected]\n")
    found = diff_of(shop, "dev", "prod")
    assert (len(found.differences), found.unmeant, found.exit_code) == (2, (), Exit.DONE)
    shop.rules(RULES + "same_but: [inputs.main.*]\n")
    assert [one.group for one in diff_of(shop, "dev", "prod").unmeant] == [Group.RULES]


def test_what_runs_is_held_against_the_head_of_the_branch(shop: Shop) -> None:
    shop.runs(one)
    two(shop)
    found = diff_of(shop, "dev")
    assert (found.kind, found.after.record, told(found)) == (
        DiffKind.HEAD,
        None,
        ["inputs changed main.value: one → two"],
    )
    assert len(found.commits) == 1
    shop.apply()
    assert told(diff_of(shop, "dev")) == []


def test_a_version_from_before_the_ledger_says_what_was_not_compared(shop: Shop) -> None:
    shop.runs(one, two)
    tree = shop.git("rev-parse", "refs/tfops/envs/dev^{tree}")
    message = shop.git("log", "-1", "--format=%B", "refs/tfops/envs/dev")
    shop.git("update-ref", "refs/tfops/envs/dev", shop.git("commit-tree", tree, "-m", message))
    found = diff_of(shop, "dev", "v1", "v2")
    assert found.not_compared == (Group.INPUTS,)


def test_what_cannot_be_compared_is_refused(play: Open) -> None:
    shop = _two_environments(play)
    with pytest.raises(Refused, match="no version v9"):
        diff_of(shop, "dev", "v9")
    with pytest.raises(Refused, match="there is no environment 'prdo'"):
        diff_of(shop, "dev", "prdo")
    with pytest.raises(UsageError, match="as they run"):
        diff_of(shop, "dev", "prod", "v1")


def test_merge_requests_are_read_from_what_the_forge_wrote(shop: Shop) -> None:
    shop.runs(one)
    shop.write("environments/dev.yaml", '{"modules": {"main": {"source": "thing", "inputs": {"value": "two"}}}}')
    shop.commit("feat: two (#12)")
    shop.apply()
    found = diff_of(shop, "dev", "v1", "v2")
    assert [(one.number, one.title) for one in found.merge_requests] == [("#12", "feat: two")]
    text = as_plain(text_report(DiffMarkdown(found), View(NOW)), 80)
    assert text and "- changed `main.value: one → two`" in text and "- #12 `feat: two`" in text
