"""What differs between two versions, or between two environments."""

import enum
from typing import Any

from tfops.dataclass import dataclass


class Group(enum.StrEnum):
    """What a difference is about, in the order in which people read it."""

    MODULES = "modules"
    INPUTS = "inputs"
    PROVIDERS = "providers"
    ENGINE = "engine"
    RESOURCES = "resources"
    OUTPUTS = "outputs"
    RULES = "rules"


class DifferenceKind(enum.StrEnum):
    """How a thing differs. A resource that is replaced has another id at the same address."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REPLACED = "replaced"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: `web.size` of the inputs, an address, a key of tfops.yaml.

    `before` and `after` are values as JSON has them, None where there is none. Of resources they are ids, of one that
    moved the addresses. `is_meant`: `same_but` in tfops.yaml says that it may differ.
    """

    group: Group
    name: str
    kind: DifferenceKind
    before: Any = None
    after: Any = None
    is_meant: bool = False
