"""Rollbacks that were rehearsed."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from tfops.dataclass import dataclass
from tfops.records.names import EnvName


@dataclass(frozen=True, slots=True)
class Drill:
    """How the way back to a version went when it was rehearsed in `place`; seconds and plan digests by step."""

    place: EnvName
    by: str
    at: datetime
    is_ok: bool
    why: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drills:
    """The newest drill of each version, by its name (`v41`)."""

    drills: Mapping[str, Drill] = field(default_factory=dict)
