"""Commits that a run without a person did not apply."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from tfops.dataclass import dataclass
from tfops.records.plan import Print


@dataclass(frozen=True, slots=True)
class Agreement:
    """A person's yes to a plan that a run without a person may not apply by itself; `varying` values may differ."""

    who: str
    at: datetime
    varying: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declined:
    """A commit that was tried without a person and not applied: why, how often, and when to try again, if ever.

    `reason` is the guard's or the error's name; `digest` names the plan that a person must look at, `prints` are
    its parts, `agreed` is who did.
    """

    commit: str
    reason: str
    text: str
    tries: int
    by: str
    at: datetime
    retry_at: datetime | None = None
    digest: str = ""
    prints: Mapping[str, Print] = field(default_factory=dict)
    agreed: tuple[Agreement, ...] = ()


@dataclass(frozen=True, slots=True)
class WaitingCommit:
    """A commit that a turn without a person left alone, and the name of the reason. Only ever told, never obeyed."""

    commit: str
    reason: str
    text: str
    by: str
    at: datetime
