"""What becomes of a stack's part of a change: opened and read, planned, and how it ended."""

from dataclasses import field, replace

from tfops.change.missing import Missing
from tfops.change.stack import OpenStack
from tfops.change.stacks import StackSpec
from tfops.dataclass import dataclass
from tfops.engine.events import Progress
from tfops.engine.saved_plan import Applied, SavedPlan
from tfops.errors import Refused, TfopsError
from tfops.records.plan import Plan, Waiting
from tfops.records.state import StackState
from tfops.resolve.bridge import Bridge


@dataclass(frozen=True, slots=True)
class StackPlan:
    """A stack that stands ready: its state as it was read, the texts in it that are sensitive, and what will be done.

    `moved` are modules from elsewhere that are other ones than those that the cards speak of, `missing` what the latest
    card has and the state lacks. `saved` is the plan that can be applied, with the `bridge` that it needs. A stack that
    waits for others has a `preview` of it at most; one that is only asked for its outputs has none.
    """

    spec: StackSpec
    stack: OpenStack
    before: StackState
    hidden: frozenset[str]
    moved: tuple[str, ...] = ()
    missing: Missing = field(default_factory=Missing)
    saved: SavedPlan | None = None
    bridge: Bridge = field(default_factory=Bridge)
    preview: Plan | None = None
    waits: Waiting | None = None

    @property
    def plan(self) -> Plan | None:
        """What will be done, as far as it is known."""
        return self.saved.plan if self.saved else self.preview

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do, for certain."""
        return self.saved is not None and self.saved.plan.is_empty

    def as_read(self) -> "StackPlan":
        """The stack before it was planned, to be planned again."""
        return replace(self, saved=None, bridge=Bridge(), preview=None, waits=None)


@dataclass(frozen=True, slots=True)
class StackResult:
    """How a stack's part ended.

    Without `applied` nothing was to be done, or it never came to it (`error`, `is_skipped`).
    """

    planned: StackPlan
    applied: Applied | None = None
    after: StackState | None = None
    hidden: frozenset[str] = frozenset()
    error: TfopsError | None = None
    is_skipped: bool = False

    @property
    def is_fine(self) -> bool:
        """Whether the stack is what its plan said."""
        return not self.is_skipped and self.error is None and (self.applied is None or self.applied.code == 0)

    @property
    def progress(self) -> Progress:
        """How far the engine came; nowhere where none ran."""
        return self.applied.progress if self.applied else Progress()


def unchanged(planned: StackPlan) -> StackResult:
    """The end of a stack that nothing is done to, with its state as the backend has it: that is what is recorded.

    Raises EngineFailed where it can't be read, Refused where it isn't the one that was planned on.
    """
    before = planned.before
    if before.is_absent or before.sha256:
        return StackResult(planned, after=before, hidden=planned.hidden)
    after, hidden = planned.stack.engine.read_back()  # it is known from the plan alone
    planned.stack.hide_found(hidden, after.inventory)
    _require_no_other(planned.spec, before, after)
    return StackResult(planned, after=after, hidden=hidden)


def _require_no_other(spec: StackSpec, before: StackState, after: StackState) -> None:
    is_other = after.lineage != before.lineage
    if is_other or after.serial < before.serial:
        env = spec.content.environment.name
        raise Refused(
            "state-lineage" if is_other else "state-older",
            f"the state of {env} was exchanged since it was planned",
            why=f"{before.lineage}, serial {before.serial}; now {after.lineage or 'none'}, serial {after.serial}",
            hint=f"look who did it, then run it again: tfops plan {env}",
        )
