"""The real world beside a version."""

from datetime import datetime

from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Drift:
    """The real world was seen to differ from the version: since when, and where. `right_at`: last seen right."""

    version: int
    addresses: tuple[str, ...]
    digest: str
    by: str
    at: datetime
    right_at: datetime | None = None
