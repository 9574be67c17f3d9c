"""Names of preview environments: safe, unique, bounded, always the same; and mistakes in their templates."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.memory_tree import MemoryTree, complaints_of, said
from tfops.config.names import is_branch_name, is_environment_name
from tfops.config.project import ProjectConfig
from tfops.config.project_file import load_project
from tfops.resolve.previews import preview_name, with_previews

_RULES = """\
version: 1
project: shop
environments:
  dev: {{branch: main}}
  "{name}": {{{block}}}
"""


def load(
    block: str = 'branch: "feature/*", config: preview.yaml, ttl: 72h', name: str = "preview-{slug}"
) -> ProjectConfig:
    return load_project(MemoryTree({"tfops.yaml": _RULES.format(name=name, block=block)}))


def test_each_branch_that_fits_has_an_environment_and_others_none() -> None:
    rules = with_previews(load(), ["main", "feature/login", "feature/a/b", "fix/login"])
    assert sorted(rules.environments) == ["dev", "preview-login"]
    found = rules.environments["preview-login"]  # type: ignore[index]
    assert (found.branch, rules.files_of("preview-login")) == ("feature/login", "preview")  # type: ignore[arg-type]
    assert found.preview is not None and (found.preview.ttl_s, found.preview.most) == (72 * 3600, 10)


def test_an_environment_with_a_line_of_its_own_is_no_preview() -> None:
    rules = with_previews(load(name="{slug}", block='branch: "**", config: preview.yaml'), ["dev", "main"])
    assert rules.environments["dev"].preview is None  # type: ignore[index]
    assert sorted(rules.environments) == ["dev", "main"]


@pytest.mark.parametrize(
    ("branch", "name"),
    [
        ("feature/login", "preview-login"),
        ("feature/Login", "preview-login-50b6a9"),
        ("feature/a.b", "preview-a-b-d37f7c"),
        ("feature/" + "x" * 80, "preview-" + "x" * 48 + "-90d98a"),
    ],
)
def test_what_a_name_cannot_hold_is_replaced_and_told_apart(branch: str, name: str) -> None:
    found = preview_name(load().previews[0], branch)
    assert found is not None and is_environment_name(found)
    assert found.rpartition("-")[0] == name.rpartition("-")[0]


@settings(max_examples=200, deadline=None)
@given(st.sets(st.text(string.ascii_letters + string.digits + "._/+@-", min_size=1, max_size=90), max_size=6))
def test_names_are_safe_and_never_shared(parts: set[str]) -> None:
    rule = load('branch: "feature/**", config: preview.yaml').previews[0]
    branches = [f"feature/{part}" for part in parts if is_branch_name(f"feature/{part}")]
    names = [preview_name(rule, branch) for branch in branches]
    assert all(name is not None and is_environment_name(name) for name in names)
    assert len(set(names)) == len(branches)


@pytest.mark.parametrize("config", ["preview.yaml", "preview"])
def test_a_kind_is_described_by_a_file_or_a_folder(config: str) -> None:
    [rule] = load(f'branch: "feature/*", config: {config}').previews
    assert rule.preview is not None and rule.preview.config == "preview"


@pytest.mark.parametrize(
    ("block", "name", "complaint"),
    [
        ("branch: main, config: preview.yaml", "preview-{slug}", "preview environments need a pattern"),
        ('branch: "feature/*"', "preview-{slug}", "`config` is missing"),
        ('branch: "feature/*", config: ../x.yaml', "preview-{slug}", "'../x.yaml' is not a file of environments/"),
        ('branch: "feature/*", config: p.yaml', "Preview {slug}", "can't name preview environments"),
        ('branch: "feature/*", config: p.yaml, protected: true', "p-{slug}", "can't be protected"),
        ('branch: "feature/*", config: p.yaml, ttl: soon', "p-{slug}", "'soon' is not a duration"),
        ('branch: "feature/*", config: p.yaml, most: 0', "p-{slug}", "`most` must be between 1 and 1000"),
        ("branch: live, ttl: 1h", "prod", "`ttl` is only for preview environments"),
    ],
)
def test_a_mistake_is_named_with_its_place(block: str, name: str, complaint: str) -> None:
    [found] = said(complaints_of(lambda: load(block, name)))
    assert complaint in found and found.startswith("tfops.yaml:")
