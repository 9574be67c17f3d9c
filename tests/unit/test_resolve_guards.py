"""The guards of `apply`: each one's refusal, who may override it, several at once."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.samples import PROD, sha
from tfops.errors import Refused
from tfops.records.version import Version
from tfops.resolve.guards import GUARDS, ApplyFacts, refusals, require_none

FINE = ApplyFacts(
    env=PROD,
    commit=sha("a"),
    branch="main",
    pattern="main",
    is_on_branch=True,
    uncommitted=(),
    has_remote=True,
    is_pushed=True,
    commits_behind=0,
    current=Version(3),
    is_older_than_current=False,
    hold="",
)

# guard -> the facts that make it refuse
WRONG: dict[str, dict[str, Any]] = {
    "wrong-branch": {"is_on_branch": False},
    "dirty": {"uncommitted": ("a.yaml",)},
    "unpushed": {"is_pushed": False},
    "behind": {"commits_behind": 2},
    "older": {"is_older_than_current": True},
    "unpromoted": {"unpromoted": ("web", "network"), "promoted_from": "staging"},
    "held": {"hold": "rolled back to v2"},
}


def refused(facts: ApplyFacts, *allowed: str, is_protected: bool = False) -> list[Refused]:
    return list(refusals(facts, frozenset(allowed), is_protected=is_protected))


def test_a_pushed_clean_commit_of_the_branch_may_be_applied() -> None:
    assert refused(FINE) == []
    require_none(FINE, frozenset(), is_protected=True)


def test_every_guard_is_tested_here() -> None:
    assert [guard.name for guard in GUARDS] == list(WRONG)


@pytest.mark.parametrize(
    ("changes", "guard", "what", "hint"),
    [
        (
            {"is_on_branch": False},
            "wrong-branch",
            "commit aaaaaaaa is not on prod's branch (main)",
            "git switch main   (or override: --allow-wrong-branch)",
        ),
        (
            {"is_on_branch": False, "pattern": "release/*"},
            "wrong-branch",
            "commit aaaaaaaa is not on prod's branch (release/*)",
            "switch to a branch that matches   (or override: --allow-wrong-branch)",
        ),
        (
            {"unpromoted": ("web", "network"), "promoted_from": "staging"},
            "unpromoted",
            "commit aaaaaaaa brings what wasn't promoted to prod: web, network",
            "tfops promote staging prod   (or override: --allow-unpromoted)",
        ),
        (
            {"uncommitted": ("a", "b", "c")},
            "dirty",
            "there are changes that are not committed: a, b, c",
            "git add -A && git commit   (or override: --allow-dirty)",
        ),
        (
            {"uncommitted": ("a", "b", "c", "d")},
            "dirty",
            "there are changes that are not committed: a, b, c …",
            "git add -A && git commit   (or override: --allow-dirty)",
        ),
        (
            {"is_pushed": False},
            "unpushed",
            "commit aaaaaaaa is not on the remote yet: nobody else could see what runs",
            "git push   (or override: --allow-unpushed)",
        ),
        (
            {"commits_behind": 1},
            "behind",
            "the remote's `main` is 1 commit ahead of this one",
            "git pull   (or override: --allow-behind)",
        ),
        (
            {"commits_behind": 2},
            "behind",
            "the remote's `main` is 2 commits ahead of this one",
            "git pull   (or override: --allow-behind)",
        ),
        (
            {"is_older_than_current": True},
            "older",
            "commit aaaaaaaa is older than what v3 applied",
            "to go back: tfops rollback prod   (or override: --allow-older)",
        ),
        (
            {"hold": "rolled back to v2"},
            "held",
            "prod is held at v3: rolled back to v2",
            "when the fix is in: --lift-hold",
        ),
    ],
)
def test_each_guard_says_what_is_wrong_and_what_to_do(
    changes: dict[str, Any], guard: str, what: str, hint: str
) -> None:
    [error] = refused(replace(FINE, **changes))
    assert (error.guard, error.what, error.hint, error.why) == (guard, what, hint, "")
    assert error.exit_code == 11


def test_without_a_remote_nothing_needs_to_be_pushed() -> None:
    assert refused(replace(FINE, has_remote=False, is_pushed=False)) == []


@pytest.mark.parametrize("guard", WRONG)
def test_each_guard_can_be_overridden_by_its_own_name_only(guard: str) -> None:
    facts = replace(FINE, **WRONG[guard])
    assert refused(facts, guard) == []
    assert len(refused(facts, *(set(WRONG) - {guard}))) == 1


@pytest.mark.parametrize("guard", [name for name in WRONG if name != "held"])
def test_a_protected_environment_cannot_be_overridden(guard: str) -> None:
    [error] = refused(replace(FINE, **WRONG[guard]), guard, is_protected=True)
    assert error.guard == guard
    assert error.why == f"prod is protected: --allow-{guard} has no effect"


def test_a_hold_can_be_lifted_even_where_everything_else_is_protected() -> None:
    assert refused(replace(FINE, hold="by hand"), "held", is_protected=True) == []


@pytest.mark.parametrize("guard", [name for name in WRONG if name != "held"])
def test_a_protected_environment_is_not_offered_an_override(guard: str) -> None:
    [error] = refused(replace(FINE, **WRONG[guard]), is_protected=True)
    assert "override" not in error.hint


def test_several_refusals_are_named_together() -> None:
    facts = replace(FINE, uncommitted=("a",), is_pushed=False, hold="by hand")
    with pytest.raises(Refused) as caught:
        require_none(facts, frozenset(), is_protected=False)
    assert caught.value.guard == "dirty"
    assert caught.value.why == (
        "also: commit aaaaaaaa is not on the remote yet: nobody else could see what runs (unpushed); "
        "prod is held at v3: by hand (held)"
    )


def test_the_reason_of_the_first_refusal_is_kept_beside_the_others() -> None:
    facts = replace(FINE, uncommitted=("a",), hold="by hand")
    with pytest.raises(Refused) as caught:
        require_none(facts, frozenset({"dirty"}), is_protected=True)
    assert caught.value.why == (
        "prod is protected: --allow-dirty has no effect; also: prod is held at v3: by hand (held)"
    )


def test_what_is_overridden_is_not_named_among_the_others() -> None:
    facts = replace(FINE, uncommitted=("a",), is_pushed=False)
    with pytest.raises(Refused) as caught:
        require_none(facts, frozenset({"dirty"}), is_protected=False)
    assert (caught.value.guard, caught.value.why) == ("unpushed", "")
