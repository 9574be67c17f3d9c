"""The ends of commands about what lies outside of the project: buckets, providers, states."""

import enum
from datetime import datetime

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.names import EnvName, StackName
from tfops.records.version import Version
from tfops.results.facts import Finding


@dataclass(frozen=True, slots=True)
class BucketReport:
    """One state bucket: the environments that keep state there, what was done or found."""

    address: str
    environments: tuple[EnvName, ...]
    done: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def has_problems(self) -> bool:
        return any(finding.is_problem for finding in self.findings)


@dataclass(frozen=True, slots=True)
class BackendResult:
    """The end of `backend create` (with `done`) and of `backend check` (with `findings`)."""

    buckets: tuple[BucketReport, ...]
    is_check: bool

    @property
    def exit_code(self) -> Exit:
        return Exit.BAD_PROJECT if any(bucket.has_problems for bucket in self.buckets) else Exit.DONE


class OldCopy(enum.StrEnum):
    """What a move leaves where the state was. The same place may have two names: then there is no copy."""

    MARKED = "marked"
    UNMARKED = "unmarked"
    SAME_PLACE = "same-place"


@dataclass(frozen=True, slots=True)
class MovedState:
    """One state that was moved."""

    stack: StackName
    source: str
    goal: str
    resources: int
    old_copy: OldCopy


@dataclass(frozen=True, slots=True)
class BackendMoveResult:
    """The end of `backend move`; without states when all of them are where tfops.yaml says already."""

    env: EnvName
    states: tuple[MovedState, ...]


@dataclass(frozen=True, slots=True)
class ProviderMove:
    """A provider in a lock, before and after; empty for absent."""

    address: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ProvidersResult:
    """The end of `providers lock` and `providers update`."""

    env: EnvName
    path: str
    moves: tuple[ProviderMove, ...]
    is_written: bool


@dataclass(frozen=True, slots=True)
class StateVersion:
    """One version of a state's object; `version` is the environment's latest one that left this content."""

    version_id: str
    at: datetime | None
    is_current: bool
    serial: int = 0
    resources: int = 0
    version: Version | None = None
    is_deleted: bool = False
    is_damaged: bool = False
    is_encrypted: bool = False


@dataclass(frozen=True, slots=True)
class StateVersionsResult:
    """The end of `state versions`, newest first; `hidden` are older ones that aren't listed."""

    env: EnvName
    address: str
    entries: tuple[StateVersion, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class StateRestoreResult:
    """The end of `state restore`."""

    env: EnvName
    version_id: str
    from_serial: int
    serial: int
    resources: int
