"""Lock, intent and trouble as JSON: what is kept, what a newer tfops may add, which lock never expires."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from tests.support.samples import DEV
from tfops.change.holders import Fate
from tfops.change.lease import held_by
from tfops.errors import Refused
from tfops.ledger.chain import LedgerState
from tfops.ledger.codec import decode, encode, from_plain, to_plain
from tfops.records.lock import Lock
from tfops.records.run import Intent, StackIntent, Trouble
from tfops.records.version import Kind

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

LEASE = Lock(
    run_id="r-1",
    clone="c-1",
    who="ann",
    host="laptop",
    pid=4711,
    what="apply of 12345678",
    since=NOW,
    expires_at=NOW + timedelta(minutes=5),
    run="https://ci.example.com/1",
)
MANUAL = replace(LEASE, expires_at=None, what="locked by hand", reason="incident 4711")
INTENT = Intent(
    run_id="r-1",
    kind=Kind.ROLLBACK,
    commit="a" * 40,
    branch="main",
    restores=3,
    headline="1 created",
    changes=1,
    plan_digest="d" * 64,
    stacks={"main": StackIntent(lineage="l-1", serial_before=3)},
    engine="terraform 1.11.4",
    done={"a.b": "id-1"},
)
TROUBLE = Trouble(run_id="r-1", kind=Kind.APPLY, commit="a" * 40, by="ann", at=NOW, receipt="1 of 2", in_doubt=("a.c",))


@pytest.mark.parametrize("part", [LEASE, INTENT, TROUBLE], ids=["lock", "intent", "trouble"])
def test_what_a_newer_tfops_adds_is_ignored(part: object) -> None:
    newer = to_plain(part) | {"region": "eu", "nested": {"a": [1]}}
    assert from_plain(type(part), newer) == part


@pytest.mark.parametrize(
    ("part", "field"), [(LEASE, "run_id"), (LEASE, "clone"), (INTENT, "stacks"), (TROUBLE, "receipt")]
)
def test_what_decisions_rest_on_may_not_be_missing(part: object, field: str) -> None:
    content = to_plain(part)
    del content[field]
    with pytest.raises(ValidationError, match=field):
        from_plain(type(part), content)


def test_only_a_lock_without_an_end_was_taken_by_hand() -> None:
    assert (LEASE.is_manual, MANUAL.is_manual) == (False, True)


def test_times_keep_their_offset() -> None:
    elsewhere = encode(LEASE).replace("2026-11-24T12:00:00Z", "2026-11-24T13:00+01:00")
    read = decode(Lock, elsewhere)
    assert read.since == NOW
    assert read.since.utcoffset() == timedelta(hours=1)


def _present(lock: Lock | None) -> LedgerState:
    files = {"lock.json": encode(lock).encode()} if lock else {}
    return LedgerState(DEV, "a" * 40, files)


def test_a_lock_by_hand_says_who_since_when_and_why() -> None:
    error = held_by(DEV, MANUAL, Fate())
    assert error.what == "dev is locked by ann since 2026-11-24 12:00 UTC: incident 4711"
    assert error.hint == "tfops unlock dev"


def test_a_lock_by_hand_without_a_reason_says_so() -> None:
    assert "no reason given" in held_by(DEV, replace(MANUAL, reason=""), Fate()).what


def test_a_lease_says_who_does_what_where_and_how_to_wait() -> None:
    error = held_by(DEV, LEASE, Fate(text="its last sign of life: 12:01:00 UTC"))
    assert error.what == "dev is being changed by ann on laptop since 2026-11-24 12:00 UTC (apply of 12345678)"
    assert error.why == "its last sign of life: 12:01:00 UTC\nhttps://ci.example.com/1"
    assert "--wait" in error.hint and "--force" in error.hint


def test_a_lease_whose_process_is_gone_says_so_and_what_to_type() -> None:
    error = held_by(DEV, LEASE, Fate(True, "its process 4711 is gone", "tfops recover dev"))
    assert "is locked by a run that stopped unexpectedly, of ann on laptop" in error.what
    assert error.why.startswith("its process 4711 is gone")
    assert error.hint == "tfops recover dev"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"run_id": "r-1"}', b"\xff"])
def test_a_lock_that_can_not_be_read_is_never_taken_for_none(content: bytes) -> None:
    with pytest.raises(Refused) as caught:
        _ = LedgerState(DEV, "a" * 40, {"lock.json": content}).lock
    assert caught.value.guard == "damaged-ledger"
    assert "git show refs/tfops/envs/dev:lock.json" in caught.value.hint
