"""Small facts that several results hold."""

from collections.abc import Mapping
from datetime import datetime

from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.records.plan import ActionState
from tfops.records.version import Kind, Verified


@dataclass(frozen=True, slots=True)
class CheckFact:
    """How one check of a version ended, and why it failed."""

    name: str
    result: Verified
    duration_s: float
    why: str


@dataclass(frozen=True, slots=True)
class DrillFact:
    """How the way back to a version went when it was rehearsed in `place`; seconds and plan digests by step."""

    place: EnvName
    by: str
    at: datetime
    is_ok: bool
    why: str
    seconds: Mapping[str, float]
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`. `is_problem` is what makes its exit code."""

    topic: str
    text: str
    is_problem: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of an environment's ledger."""

    sha: str
    kind: str
    text: str
    by: str
    at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class LockFact:
    """Who holds an environment everywhere, for what, since when; `reason` when a person locked it.

    `is_gone`: the run's process has ended for sure. `fate` says what is known of it, `hint` what to do about it.
    """

    who: str
    host: str
    what: str
    since: datetime
    expires_at: datetime | None
    reason: str
    run: str
    is_ours: bool
    is_gone: bool = False
    fate: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ActionFact:
    """An action that was to be run, and what became of it."""

    address: str
    result: ActionState


@dataclass(frozen=True, slots=True)
class TroubleFact:
    """A change that stopped half-way, with the addresses that it got to and those that it didn't."""

    kind: Kind
    commit: str
    by: str
    at: datetime
    receipt: str
    why: str
    done: tuple[str, ...]
    failed: tuple[str, ...]
    in_doubt: tuple[str, ...]
    never_started: tuple[str, ...]
    actions: tuple[ActionFact, ...] = ()
