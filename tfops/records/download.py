"""Modules from elsewhere."""

from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A module from elsewhere as `init` got it. `digest` is over names and content of its files."""

    source: str
    version: str = ""
    digest: str
