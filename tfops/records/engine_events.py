"""What the engine reports while it works, as types that every stage may know."""

import enum

from tfops.dataclass import dataclass


class Step(enum.StrEnum):
    """Where one resource is on its way."""

    STARTED = "started"
    RUNNING = "running"
    COMPLETED = "completed"
    ERRORED = "errored"


@dataclass(frozen=True, slots=True)
class ResourceEvent:
    """A resource's step; `resource_id` is set when it completed and has one, or when its deletion begins.

    `id_key` is the attribute that it was read from: `id`, or another one that names the object (`name`).
    """

    step: Step
    address: str
    action: str
    resource_id: str = ""
    elapsed_s: int = 0
    id_key: str = ""


@dataclass(frozen=True, slots=True)
class ActionEvent:
    """An action's step; `message` is what it says of itself while it runs, or why it failed."""

    step: Step
    address: str
    trigger: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error or a warning in the engine's words; `where` is file:line when it names one, `column` goes with it."""

    is_error: bool
    summary: str
    detail: str = ""
    address: str = ""
    where: str = ""
    column: int = 0

    @property
    def text(self) -> str:
        return f"{self.summary}: {self.detail}" if self.detail else self.summary


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """A resource that the plan will change, as soon as the engine knows."""

    address: str
    action: str


@dataclass(frozen=True, slots=True)
class ReadingEvent:
    """The engine refreshes a resource or reads a data source."""

    address: str


@dataclass(frozen=True, slots=True)
class SaidEvent:
    """A line that a provisioner of a resource (`local-exec`) wrote."""

    address: str
    text: str


Event = SaidEvent | ResourceEvent | ActionEvent | Diagnostic | PlannedEvent | ReadingEvent
