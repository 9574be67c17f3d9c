"""Who may change an environment."""

from datetime import datetime

from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, since when, and for what."""

    who: str
    host: str
    pid: int
    what: str
    since: datetime
