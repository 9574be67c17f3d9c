"""What there is to do so that a state lies in its new place, from what lies in both: also after a run that died."""

import enum

from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.resolve.place import StatePlace, told_apart
from tfops.resolve.state import RecordedState


class Step(enum.Enum):
    """The first of the steps that are left."""

    COPY = enum.auto()
    MARK = enum.auto()
    NONE = enum.auto()


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in a place. `content` is a digest of what it says, `moved_to` what a mark in it says."""

    lineage: str = ""
    serial: int = 0
    content: str = ""
    moved_to: str = ""

    @property
    def is_absent(self) -> bool:
        return not self.lineage


@dataclass(frozen=True, slots=True)
class Route:
    """The move of one state."""

    env: EnvName
    source: StatePlace
    goal: StatePlace
    recorded: RecordedState
    stack: StackName = MAIN_STACK

    @property
    def text(self) -> str:
        whose = self.env if self.stack == MAIN_STACK else f"{self.env} (stack {self.stack})"
        old, new = told_apart(self.source, self.goal)
        return f"the state of {whose} from {old} to {new}"


def step_of(route: Route, old: Found, new: Found) -> Step:
    """Raises Refused (`state-absent`, `state-lineage`, `state-older`, `state-exists`) before anything is written.

    The order of a move is copy, then mark: whatever a run that died left is one of the cases here.
    """
    is_arrived = new.lineage == route.recorded.lineage and not new.moved_to and new.serial >= route.recorded.serial
    if old.is_absent or old.moved_to:
        if is_arrived:
            return Step.NONE
        raise _nothing_to_move(route, old)
    _require_recorded(route, old)
    if new.is_absent:
        return Step.COPY
    if new.lineage != old.lineage and new.content == old.content:
        return Step.COPY  # the first half of a copy: see RemoteState.put
    if new.lineage != old.lineage:
        raise _taken(route, f"its lineage is {new.lineage}, that of {route.env} is {old.lineage}")
    if new.moved_to or new.serial < old.serial:
        return Step.COPY  # what an earlier move left there
    if new.content == old.content:
        return Step.COPY if new.serial == old.serial else Step.MARK
    raise _taken(route, f"it has gone on by itself: its serial is {new.serial}, that of {route.env} is {old.serial}")


def _require_recorded(route: Route, old: Found) -> None:
    recorded = route.recorded
    if old.lineage != recorded.lineage:
        raise Refused(
            "state-lineage",
            f"the state in {route.source} is not the one that {recorded.version} of {route.env} was applied to",
            why=f"its lineage is {old.lineage}, {recorded.version} has {recorded.lineage}",
        )
    if old.serial < recorded.serial:
        raise Refused(
            "state-older",
            f"the state in {route.source} is older than {recorded.version} of {route.env}",
            why=f"its serial is {old.serial}, {recorded.version} left {recorded.serial}",
            hint="bring the newest state back first",
        )


def _nothing_to_move(route: Route, old: Found) -> Refused:
    why = f"it is marked as moved to {old.moved_to}, but that isn't what {route.goal} holds" if old.moved_to else ""
    if route.source.kind == "local":
        why = why or "it is kept on the machine that applied it"
    hint = "move it from the clone that has it" if route.source.kind == "local" else "look at both places"
    return Refused("state-absent", f"the state of {route.env} is not in {route.source}", why=why, hint=hint)


def _taken(route: Route, why: str) -> Refused:
    return Refused(
        "state-exists",
        f"{route.goal} holds another state already",
        why=why,
        hint="name an empty place in tfops.yaml, or take that state away if nobody needs it",
    )
