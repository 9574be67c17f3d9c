"""What a command wants done in an environment, and the machine's lock under which it is done."""

import contextlib
from collections.abc import Callable, Collection

from tfops.change.environment import Place
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.snapshot import Snapshot, read_snapshot
from tfops.change.target import Target
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.records.names import StackName
from tfops.records.plan import Plan


def _nothing(_target: Target) -> None:
    """Most changes are ready when people have agreed."""


def _anything(_target: Target, _plan: Plan, _bare: Collection[StackName]) -> None:
    """Most changes may do whatever people agree to."""


@dataclass(frozen=True, slots=True)
class Task:
    """`what` is how others are told of it, `aim` decides what it comes to, on the facts that are read for it.

    `accept` raises for a plan that nobody is to be asked about: it gets it as people see it, and the stacks that have
    nothing in their states. `ready` is what must be so, or is made so, when people
    have agreed and before anything begins; it raises as `aim`.
    """

    project: Project
    place: Place
    what: str
    aim: Callable[[Snapshot], Target]
    request: Request
    ui: Ui
    ready: Callable[[Target], None] = _nothing
    accept: Callable[[Target, Plan, Collection[StackName]], None] = _anything

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """This machine's lock on the environment; a living engine is waited for. Raises Locked."""
        return self.project.changing(self.place.env, self.what, wait_s=self.request.wait_s)

    def read(self) -> Snapshot:
        """What Git says, after a fetch. Raises Refused when the remote doesn't answer."""
        self.project.fetch_for_change(self.place.rules, offline=self.request.offline)
        return read_snapshot(self.project, self.place, offline=self.request.offline)

    def look(self) -> Snapshot:
        """The same for who changes nothing: without an answer, or offline, what this clone knows has to do."""
        if not self.request.offline:
            self.project.fetch_for_reading(self.place.rules, self.ui)
        return read_snapshot(self.project, self.place)
