"""What happened to an environment, one entry of its ledger each."""

import enum
from datetime import datetime

from tfops.dataclass import dataclass
from tfops.records.names import CommitSha


class EventKind(enum.StrEnum):
    """What happened to an environment."""

    CLAIMED = "claimed"
    BEGUN = "begun"
    RENEWED = "renewed"
    RECORDED = "recorded"
    FAILED = "failed"
    CLOSED = "closed"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    FORCED = "unlocked-by-force"
    RESTORED = "state-restored"
    SURGERY = "surgery"
    MOVED = "state-moved"
    DRILLED = "drilled"
    DECLINED = "declined"
    WAITING = "waiting"
    APPROVED = "approved"
    HELD = "held"
    LIFTED = "hold-lifted"
    INVOKED = "invoked"
    DRIFTED = "drifted"
    RIGHT = "right-again"
    PROMOTED = "promoted"


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """One commit of an environment's ledger. `kind` may be one that a newer tfops knows."""

    sha: CommitSha
    kind: str
    text: str
    by: str
    at: datetime
    run_id: str
