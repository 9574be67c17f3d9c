"""What a turn of the agent decided about each environment, and what it did."""

import enum
from dataclasses import field
from datetime import datetime

from tfops.contacts import TellRule
from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.names import EnvName
from tfops.records.plan import ResourceChange
from tfops.records.version import Version


class SyncReason(enum.StrEnum):
    """Why an environment is to be changed now, or why not. The words are those of status, ledger and metrics."""

    NEW = "never-applied"
    CHANGED = "changed"
    STOPPED = "stopped-part-way"
    FOLLOWED = "died"
    HEAL = "drifted"
    BRANCH_GONE = "branch-gone"
    TTL_OVER = "ttl-over"

    SYNCED = "synced"
    UNCHANGED = "unchanged"
    MANUAL = "manual"
    HELD = "held"
    DESTROYED = "destroyed"
    DRILL = "drill"
    NOT_VERIFIED = "not-verified"
    LOCKED = "locked"
    BUSY = "busy"
    WINDOW = "window-closed"
    UNSIGNED = "unsigned-commit"
    BROKEN = "bad-configuration"
    NO_BRANCH = "no-branch"
    SEVERAL_BRANCHES = "several-branches"
    REWRITTEN = "rewritten-branch"
    LEDGER = "rewritten-ledger"
    NO_LEDGER = "missing-ledger"
    DAMAGED = "damaged-ledger"
    DECLINED = "declined"
    RETRY = "waits-to-retry"
    ORPHAN = "orphan"
    NO_ROOM = "preview-limit"


# Of what is left alone: the ledger doesn't say these by itself (by a hold, a lock, a decline, a version).
_UNTOLD = frozenset(
    {
        SyncReason.MANUAL,
        SyncReason.HELD,
        SyncReason.WINDOW,
        SyncReason.UNSIGNED,
        SyncReason.BROKEN,
        SyncReason.NO_BRANCH,
        SyncReason.SEVERAL_BRANCHES,
        SyncReason.REWRITTEN,
        SyncReason.ORPHAN,
        SyncReason.NO_ROOM,
    }
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about one environment, and why.

    `detail` is the guard or error behind `declined`; `again_at` is when the answer may be another one although
    nothing was pushed.
    """

    env: EnvName
    reason: SyncReason
    text: str
    branch: str = ""
    commit: str = ""
    current: Version | None = None
    is_in_sync: bool = False
    acts: bool = False
    lifts_hold: bool = False
    looks_for_drift: bool = False
    detail: str = ""
    again_at: datetime | None = None

    @property
    def destroys(self) -> bool:
        """Whether carrying it out takes the environment down."""
        return self.reason in (SyncReason.BRANCH_GONE, SyncReason.TTL_OVER)

    @property
    def waits(self) -> bool:
        """Whether a commit, or an environment that runs, is left alone for a reason that the ledger must be told."""
        return self.reason in _UNTOLD and bool(self.commit or self.current)

    @property
    def word(self) -> str:
        """The reason as people meet it: the guard's own name where a guard said no."""
        return self.detail or self.reason.value


@dataclass(frozen=True, slots=True)
class Act:
    """How a run of `tfops apply` in a process of its own ended; `version` when one was recorded.

    `text` is one line. Of a failure, `why` is what the engine or a server said, and `hint` the way on.
    """

    env: EnvName
    commit: str
    code: int
    text: str
    version: str = ""
    detail: str = ""
    duration_s: float = 0.0
    why: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentDrift:
    """How the real world differs from an environment's version; no changes when it doesn't.

    `since` is when that was first seen, `right_at` when it was last seen right. `heal` is what an apply would do
    about it, in numbers, where the environment heals. `error` says why nobody could look.
    """

    env: EnvName
    version: Version | None
    changes: tuple[ResourceChange, ...] = ()
    since: datetime | None = None
    right_at: datetime | None = None
    heal: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class DriftResult:
    """The end of `drift`."""

    environments: tuple[EnvironmentDrift, ...]

    @property
    def has_drift(self) -> bool:
        return any(found.changes for found in self.environments)

    def exit_code(self, *, detailed: bool) -> Exit:
        """With `detailed`, drift has a code of its own."""
        if any(found.error for found in self.environments):
            return Exit.ENGINE_FAILED
        return Exit.CHANGES if detailed and self.has_drift else Exit.DONE


@dataclass(frozen=True, slots=True)
class ReconcileResult:
    """The end of `reconcile`: every decision, and what was done about those that act (nothing in a dry run)."""

    project: str
    decisions: tuple[Decision, ...]
    acts: tuple[Act, ...] = field(default=())
    is_dry_run: bool = False
    drift_every_s: float = 0.0
    tell: tuple[TellRule, ...] = ()

    @property
    def has_damage(self) -> bool:
        """Whether it can't be told of some environment what runs there."""
        return any(found.reason is SyncReason.DAMAGED for found in self.decisions)

    @property
    def out_of_sync(self) -> tuple[Decision, ...]:
        """What is not as its branch says, after all that was done."""
        done = {act.env for act in self.acts if act.code == 0}
        followed = {found.env for found in self.decisions if found.reason is SyncReason.FOLLOWED}
        return tuple(found for found in self.decisions if not (found.is_in_sync or found.env in done - followed))

    def exit_code(self, *, detailed: bool, is_look: bool) -> int:
        """That of the act that ended worst. `is_look`: damage was only looked at, and is no failure of the look."""
        damage = Exit.REFUSED if self.has_damage and not is_look else Exit.DONE
        failed = max((act.code for act in self.acts), default=0) or damage
        return failed or (Exit.CHANGES if detailed and self.out_of_sync else Exit.DONE)


@dataclass(frozen=True, slots=True)
class PruneResult:
    """The end of `prune`: expired previews and orphaned environments, and what became of them."""

    decisions: tuple[Decision, ...]
    acts: tuple[Act, ...] = ()

    @property
    def exit_code(self) -> int:
        return max((act.code for act in self.acts), default=Exit.DONE)


@dataclass(frozen=True, slots=True)
class ApproveResult:
    """The end of `approve`: what was agreed to, and how many more must agree."""

    env: EnvName
    commit: str
    digest: str
    text: str
    missing: int
