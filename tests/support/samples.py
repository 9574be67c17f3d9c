"""Values that many tests need and whose details don't matter to them."""

from datetime import UTC, datetime
from typing import Any

from tfops.records.commit import Commit, Person
from tfops.records.names import CommitSha, EnvName
from tfops.records.version import Kind, Version, VersionRecord

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DEV = EnvName("dev")
PROD = EnvName("prod")
ANN = Person("Ann", "ann@example.com")


def sha(letter: str) -> CommitSha:
    """A commit id of one letter, e.g. `aaaa…`."""
    return CommitSha(letter * 40)


def make_commit(letter: str = "a", subject: str = "feat: more instances") -> Commit:
    return Commit(sha(letter), subject, ANN, datetime(2026, 11, 23, 9, 30, tzinfo=UTC))


def make_record(number: int = 1, letter: str = "a", kind: Kind = Kind.APPLY, **changes: Any) -> VersionRecord:
    """Version `number` of prod; `restores` may be a bare number."""
    restores = changes.pop("restores", None)
    values: dict[str, Any] = {
        "env": PROD,
        "version": Version(number),
        "kind": kind,
        "commit": sha(letter),
        "branch": "main",
        "applied_by": "Ann",
        "applied_at": datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
        "summary": "3 created, 1 updated, 0 replaced, 0 deleted",
        "restores": Version(restores) if restores else None,
    }
    return VersionRecord(**(values | changes))
