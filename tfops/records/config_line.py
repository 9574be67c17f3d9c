"""A line of the merged configuration."""

from typing import Any

from tfops.dataclass import dataclass
from tfops.records.complaint import Mark


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """A line of the merged configuration. Without `mark` it only opens what follows; `is_default` of tfops.yaml."""

    text: str
    path: tuple[str | int, ...]
    value: Any
    mark: Mark | None
    is_default: bool
