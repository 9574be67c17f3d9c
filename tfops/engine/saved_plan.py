"""A plan that waits to be applied, and how applying it ended."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from tfops.dataclass import dataclass
from tfops.engine.events import Progress
from tfops.records.engine_events import Diagnostic
from tfops.records.plan import Plan


@dataclass(frozen=True, slots=True)
class Applied:
    """How an apply ended. `errors` are empty and `code` is 0 when all went well."""

    code: int
    was_interrupted: bool
    progress: Progress
    errors: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan file and what it says. `sha256` is checked again before it is applied.

    `outputs` are those that are known already, in clear: module to output to value; `kinds` are modules' types.
    `secrets` are the texts that it marks as sensitive.
    """

    plan: Plan
    path: Path
    sha256: str
    outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    kinds: Mapping[str, Any] = field(default_factory=dict)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
