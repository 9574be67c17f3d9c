"""Environments that stay at their version although their branch moved on."""

from datetime import datetime

from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Hold:
    """Why the environment must stay at this version although its branch moved on."""

    reason: str
    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class HoldMark:
    """A hold set by hand on a version, or the word that the version's hold is lifted."""

    version: int
    reason: str
    by: str
    since: datetime
    is_lifted: bool = False
