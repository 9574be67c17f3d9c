"""Who may change an environment."""

from dataclasses import field
from datetime import datetime

from tfops.dataclass import dataclass
from tfops.records.printed import NOT_PRINTED


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock of this machine, since when, and for what."""

    who: str
    host: str
    pid: int
    what: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Lock:
    """The exclusive right to change the environment. `clone` tells our own clone's locks from others'.

    `beneath` is the lock by hand that this run found, and that stays when it ends.
    """

    run_id: str = field(metadata=NOT_PRINTED)
    clone: str = field(metadata=NOT_PRINTED)
    who: str
    host: str
    pid: int = field(metadata=NOT_PRINTED)
    what: str
    since: datetime
    expires_at: datetime | None = None
    reason: str = ""
    run: str = ""
    beneath: "Lock | None" = field(default=None, metadata=NOT_PRINTED)

    @property
    def is_manual(self) -> bool:
        """Taken by `tfops lock`: no process stands behind it, and it doesn't expire."""
        return self.expires_at is None
