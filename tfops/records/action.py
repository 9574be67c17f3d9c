"""Actions that a plan was to run."""

import enum
from dataclasses import field

from tfops.dataclass import dataclass
from tfops.records.printed import NOT_PRINTED


class ActionState(enum.StrEnum):
    """What became of an action that a plan was to run."""

    DONE = "done"
    FAILED = "failed"
    NEVER_RUN = "never run"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionOutcome:
    """An action that a plan was to run, and what became of it. `trigger` is a resource's address, or empty."""

    address: str
    trigger: str = field(default="", metadata=NOT_PRINTED)
    event: str = field(default="", metadata=NOT_PRINTED)
    result: ActionState
