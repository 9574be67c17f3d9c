"""What is to be done about an environment without a person, and why."""

import enum
from datetime import datetime

from tfops.dataclass import dataclass
from tfops.records.names import EnvName
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
    PROMOTION = "not-promoted"
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
        SyncReason.PROMOTION,
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
