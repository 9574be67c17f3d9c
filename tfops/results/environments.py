"""The ends of commands that look at environments and their past."""

from collections.abc import Mapping
from typing import Any

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.commit import Commit
from tfops.records.drill import Drill
from tfops.records.event import LedgerEvent
from tfops.records.lock import Holder
from tfops.records.names import EnvName
from tfops.records.run import Trouble
from tfops.records.verdict import Judgement
from tfops.records.version import VersionRecord
from tfops.results.facts import Finding, LockStatus
from tfops.results.sync import Decision


@dataclass(frozen=True, slots=True)
class EnvironmentStatus:
    """One environment at a glance. `ahead` counts commits of its branch that are not applied yet, `decision` is what
    a run without a person would do now, `drifted` are addresses that were last seen to differ from the version.
    `damage` says why its past can't be read."""

    env: EnvName
    branch_pattern: str
    is_protected: bool
    current: VersionRecord | None
    ahead: int
    holder: Holder | None
    unrecorded: bool
    is_configured: bool = True
    lock: LockStatus | None = None
    trouble: str = ""
    decision: Decision | None = None
    drifted: tuple[str, ...] = ()
    damage: str = ""
    trouble_why: str = ""


@dataclass(frozen=True, slots=True)
class StatusResult:
    """The end of `status`."""

    project: str
    environments: tuple[EnvironmentStatus, ...]
    is_fresh: bool
    remote: str

    @property
    def has_damage(self) -> bool:
        return any(row.damage for row in self.environments)

    @property
    def exit_code(self) -> Exit:
        return Exit.REFUSED if self.has_damage else Exit.DONE


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A version with the commit that it applied, when this clone has that commit.

    `verdict` says what going back to it comes to, when that was asked for; the current version has none.
    """

    record: VersionRecord
    commit: Commit | None
    verdict: Judgement | None = None
    drill: Drill | None = None


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """The end of `history`, newest first."""

    env: EnvName
    entries: tuple[HistoryEntry, ...]
    foreign: tuple[str, ...]
    incidents: tuple["LedgerEvent", ...] = ()
    has_verdicts: bool = False
    unread: tuple[str, ...] = ()
    untagged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShowResult:
    """The end of `show`. `trouble` comes with the latest version, when a change stopped after it."""

    record: VersionRecord
    commit: Commit | None
    card: Mapping[str, Any]
    verdict: Judgement | None = None
    trouble: Trouble | None = None
    drill: Drill | None = None


@dataclass(frozen=True, slots=True)
class LogResult:
    """The end of `log`, newest first."""

    env: EnvName
    events: tuple[LedgerEvent, ...]
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class InventoryResult:
    """The end of `inventory`: environment to address to the provider's id."""

    environments: Mapping[EnvName, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """The end of `verify`: what was checked, and every finding."""

    env: EnvName
    events: int
    versions: int
    signed_events: int
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> Exit:
        return Exit.REFUSED if self.findings else Exit.DONE
