"""What tfops reads from a stack's state."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class StackState:
    """What tfops reads from a stack's state: identity and addresses, no attribute values but ids.

    `types` is each resource type with its provider's address, `output_kinds` each output's type as the state writes it.
    `deposed` are the objects that a replacement could not delete: address and key to id. `sha256` is empty where the
    state was read from a plan that was made on it.
    """

    lineage: str
    serial: int
    sha256: str
    inventory: Mapping[str, str]
    schema_versions: Mapping[str, int]
    outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    types: Mapping[str, str] = field(default_factory=dict)
    output_kinds: Mapping[str, Any] = field(default_factory=dict)
    deposed: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def is_absent(self) -> bool:
        return not self.lineage


ABSENT_STATE = StackState(lineage="", serial=0, sha256="", inventory={}, schema_versions={})
