"""Every answer to "is this environment to be changed now" has a name; one row per answer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tfops.config.preview import Preview
from tfops.config.project import DriftPolicy, EnvironmentRule, PromotionRule, ReviewRule, Sync
from tfops.config.window import parse_window
from tfops.records.blocked import Agreement, Declined
from tfops.records.decision import SyncReason
from tfops.records.names import CommitSha, EnvName
from tfops.records.version import Kind, Verified, Version, VersionRecord
from tfops.resolve.reconcile import SyncFacts, decide, orphan

_NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday
_HEAD, _OLD = CommitSha("b" * 40), CommitSha("a" * 40)
_RULE = EnvironmentRule("main")
_ANNS_YES = (Agreement("ann <ann@example.com>", _NOW),)
_RUNS = VersionRecord(EnvName("dev"), Version(3), Kind.APPLY, _OLD, "main", "ann", _NOW, "1 created")


def _declined(
    commit: str, reason: str, text: str, retry_at: datetime | None, *, agreed: tuple[Agreement, ...] = ()
) -> Declined:
    return Declined(commit, reason, text, 1, "ann", _NOW, retry_at, agreed=agreed)


# A commit that changes a running environment: everything else is a reason not to apply it.
_CHANGED = SyncFacts(
    EnvName("dev"), _RULE, _NOW, branch="main", branches=("main",), head=_HEAD, current=_RUNS, is_changed=True
)


def test_a_commit_that_changes_the_environment_is_applied() -> None:
    found = decide(_CHANGED)
    assert (found.reason, found.acts, found.commit, found.branch) == (SyncReason.CHANGED, True, _HEAD, "main")
    assert not found.is_in_sync


_PREVIEW = replace(_RULE, preview=Preview("preview-{slug}", EnvName("preview"), 3600, 2))
_PLACE = replace(_RULE, branch="", rehearses=EnvName("prod"))
_HEALS = replace(_RULE, drift=DriftPolicy.HEAL, sync=Sync.MANUAL)
_PROMOTED = replace(_RULE, promote=PromotionRule(EnvName("staging")))
_AGED = replace(_RUNS, applied_at=_NOW - timedelta(hours=2))

_ROWS: list[tuple[str, dict[str, Any]]] = [
    ("rewritten-ledger", {"is_ledger_rewritten": True}),
    ("missing-ledger", {"is_ledger_missing": True}),
    ("busy", {"busy": "apply of 12 by bo on far"}),
    ("no-branch", {"head": None, "branches": ()}),
    ("several-branches", {"head": None, "branches": ("release/1", "release/2")}),
    ("destroyed", {"current": replace(_RUNS, kind=Kind.DESTROY)}),
    ("drill", {"rehearses": "prod"}),
    ("drill", {"rule": _PLACE, "head": None}),
    ("drill", {"rule": _PLACE, "head": None, "current": None}),
    ("synced", {"current": replace(_RUNS, commit=_HEAD)}),
    ("not-verified", {"current": replace(_RUNS, commit=_HEAD, verified=Verified.FAILED)}),
    ("rewritten-branch", {"is_rewritten": True}),
    ("unknown-module", {"complaint": "environments/dev.yaml:1:1: no", "complaint_name": "unknown-module"}),
    ("unchanged", {"is_changed": False}),
    ("unchanged", {"is_changed": False, "drifted": ("a.b",)}),
    ("held", {"rule": _HEALS, "drifted": ("a.b",), "is_changed": False, "hold": "the demo"}),
    ("held", {"hold": "rolled back to v1"}),
    ("held", {"hold": "rolled back to v1", "is_changed": False}),
    ("not-promoted", {"rule": _PROMOTED, "unpromoted": ("web",)}),
    ("not-promoted", {"rule": _PROMOTED, "unpromoted": ("web",), "current": None}),
    ("manual", {"rule": replace(_RULE, sync=Sync.MANUAL)}),
    ("unsigned-commit", {"is_signed": False}),
    ("locked", {"lock_by_hand": "locked by bo: incident"}),
    ("window-closed", {"rule": replace(_RULE, windows=(parse_window("sat 09:00-10:00 UTC"),))}),
    ("preview-limit", {"rule": _PREVIEW, "current": None, "has_room": False}),
    ("held", {"rule": _PREVIEW, "current": _AGED, "hold": "the demo"}),
    ("locked", {"rule": _PREVIEW, "current": _AGED, "lock_by_hand": "locked by bo"}),
    ("destroyed", {"rule": _PREVIEW, "current": replace(_RUNS, kind=Kind.DESTROY, commit=_HEAD)}),
    ("delete-limit", {"earlier": _declined(_HEAD, "delete-limit", "would delete 2", None)}),
    (
        "delete-limit",
        {
            "earlier": _declined(_HEAD, "delete-limit", "would delete 2", None, agreed=_ANNS_YES),
            "rule": replace(_RULE, review=ReviewRule(approvals=2)),
        },
    ),
    ("waits-to-retry", {"earlier": _declined(_HEAD, "engine-failed", "failed", _NOW + timedelta(seconds=1))}),
]


@pytest.mark.parametrize(("word", "facts"), _ROWS)
def test_a_reason_not_to_act_has_its_name(word: str, facts: dict[str, Any]) -> None:
    found = decide(replace(_CHANGED, **facts))
    assert found.word == word
    assert not found.acts
    assert found.text
    assert found.is_in_sync == (word in ("synced", "unchanged"))


@pytest.mark.parametrize(
    ("reason", "facts"),
    [
        (SyncReason.NEW, {"current": None}),
        (SyncReason.STOPPED, {"is_stopped": True, "is_changed": False}),
        (SyncReason.STOPPED, {"is_stopped": True, "current": replace(_RUNS, commit=_HEAD)}),
        (SyncReason.FOLLOWED, {"busy": "apply of 12 by us", "is_dead": True, "rule": replace(_RULE, sync=Sync.MANUAL)}),
        (SyncReason.CHANGED, {"rule": replace(_RULE, sync=Sync.PLAN)}),
        (SyncReason.BRANCH_GONE, {"rule": _PREVIEW, "head": None}),
        (SyncReason.TTL_OVER, {"rule": _PREVIEW, "current": _AGED}),
        (SyncReason.CHANGED, {"rule": _PREVIEW}),
        (SyncReason.CHANGED, {"rule": _PREVIEW, "current": replace(_RUNS, kind=Kind.DESTROY)}),
        (SyncReason.HEAL, {"rule": _HEALS, "drifted": ("a.b",), "is_changed": False}),
        (SyncReason.HEAL, {"rule": _HEALS, "drifted": ("a.b",), "current": replace(_RUNS, commit=_HEAD)}),
        (SyncReason.CHANGED, {"rule": replace(_RULE, windows=(parse_window("mon-fri 09:00-17:00 UTC"),))}),
        (SyncReason.CHANGED, {"earlier": _declined(_OLD, "delete-limit", "of an older commit", None)}),
        (SyncReason.CHANGED, {"earlier": _declined(_HEAD, "engine-failed", "failed", _NOW)}),
        (SyncReason.CHANGED, {"earlier": _declined(_HEAD, "delete-limit", "would delete 2", None, agreed=_ANNS_YES)}),
    ],
)
def test_what_acts_although_something_is_unusual(reason: SyncReason, facts: dict[str, Any]) -> None:
    found = decide(replace(_CHANGED, **facts))
    assert (found.reason, found.acts) == (reason, True)


def test_a_part_of_the_head_is_not_the_head() -> None:
    part = replace(_CHANGED, current=replace(_RUNS, commit=_HEAD, partial="module.app"))
    found = decide(part)
    assert (found.reason, found.acts) == (SyncReason.CHANGED, True)
    assert found.text == "bbbbbbbb of main isn't all applied: v3 was only module.app (--target)"
    by_hand = decide(replace(part, rule=replace(_RULE, sync=Sync.MANUAL)))
    assert by_hand.text == "the rest of bbbbbbbb waits for a person (sync: manual): tfops apply dev"
    held = decide(replace(part, hold="until tomorrow"))
    assert (held.reason, held.acts) == (SyncReason.HELD, False)
    assert part.current is not None
    broken = decide(replace(part, current=replace(part.current, verified=Verified.FAILED)))
    assert (broken.reason, broken.acts) == (SyncReason.NOT_VERIFIED, False)


def test_a_hold_is_lifted_only_by_what_is_newer_than_what_was_rolled_back() -> None:
    found = decide(replace(_CHANGED, hold="rolled back to v1", is_outrun=True))
    assert found.acts and found.lifts_hold
    assert not decide(_CHANGED).lifts_hold


def test_who_waits_knows_when_to_look_again() -> None:
    waits = decide(replace(_CHANGED, earlier=_declined(_HEAD, "engine-failed", "failed", _NOW + timedelta(minutes=2))))
    assert waits.again_at == _NOW + timedelta(minutes=2)
    opens = decide(replace(_CHANGED, rule=replace(_RULE, windows=(parse_window("sat 09:00-10:00 UTC"),))))
    assert opens.again_at == datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


def test_an_orphan_is_reported_and_never_acted_on() -> None:
    found = orphan(EnvName("old"), _RUNS)
    assert (found.word, found.acts, found.is_in_sync) == ("orphan", False, False)
