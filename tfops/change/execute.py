"""Applying the planned stacks: what needs nothing of each other at the same time, and nothing on top of a failure.

A stack that takes something of one that was changed is planned again with what that one gives now. The consent
holds when the plan does what was shown; else it is asked for again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial

from tfops.change.planning import Planned, PlannedStack, plan_one
from tfops.change.prepare import StackWithState
from tfops.change.stack import OpenStack
from tfops.change.stacks import StackAction
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.engine.events import Progress
from tfops.engine.stack import Applied, SavedPlan
from tfops.errors import Interrupted, TfopsError
from tfops.records.names import StackName
from tfops.records.plan import Plan
from tfops.records.state import StackState
from tfops.resolve.graph import waves
from tfops.resolve.merged_plan import is_same_work
from tfops.system import failpoint
from tfops.system.parallel import side_by_side
from tfops.system.signals import defer_outrun, is_main_thread


@dataclass(frozen=True, slots=True)
class StackEnd:
    """How a stack's part ended.

    Without `applied` nothing was to be done, or it never came to it (`error`, `is_skipped`).
    """

    planned: PlannedStack
    applied: Applied | None = None
    after: StackState | None = None
    hidden: frozenset[str] = frozenset()
    error: TfopsError | None = None
    is_skipped: bool = False

    @property
    def name(self) -> StackName:
        return self.planned.name

    @property
    def stack(self) -> OpenStack:
        return self.planned.stack

    @property
    def before(self) -> StackState:
        return self.planned.read.before

    @property
    def plan(self) -> Plan | None:
        return self.planned.plan

    @property
    def is_fine(self) -> bool:
        """Whether the stack is what its plan said."""
        return not self.is_skipped and self.error is None and (self.applied is None or self.applied.code == 0)

    @property
    def progress(self) -> Progress:
        return self.applied.progress if self.applied else Progress()


@dataclass(slots=True)
class Applying:
    """One run through the stacks. `accept` is asked about plans that were made on the way, and whether the consent
    that was given covers them; it raises NotApproved or CheckFailed.

    `on_progress` hears, in the main thread, what all stacks made so far.
    """

    planned: Planned
    accept: Callable[[PlannedStack, bool], None]
    on_progress: Callable[[Mapping[StackName, Progress]], None]
    is_stopped: Callable[[], bool]
    ui: Ui
    ends: dict[StackName, StackEnd] = field(default_factory=dict)
    _progress: dict[StackName, Progress] = field(default_factory=dict)
    _is_over: bool = False

    def run(self) -> tuple[StackEnd, ...]:
        """Work all stacks off. Never raises for an engine: something may have changed."""
        stacks = {planned.name: planned for planned in self.planned.stacks}
        order = {name: planned.job.after & stacks.keys() for name, planned in stacks.items()}
        for wave in waves(order):
            ready = [stacks[name] for name in wave if self._may_begin(stacks[name])]
            for name in wave:
                self.ends[name] = StackEnd(stacks[name], is_skipped=True)
            self._apply([final for planned in ready if (final := self._final(planned)) is not None])
        return tuple(self.ends[planned.name] for planned in self.planned.stacks)

    def _may_begin(self, planned: PlannedStack) -> bool:
        before = (self.ends[name] for name in planned.job.after if name in self.ends)
        return not (self._is_over or self.is_stopped()) and all(end.is_fine for end in before)

    def _final(self, planned: PlannedStack) -> PlannedStack | None:
        """The plan to be applied; None when there is none, and `ends` says why."""
        if not self._is_outdated(planned):
            return planned
        try:
            fresh, remarks = plan_one(planned.read, {}, self._states())
            for remark in remarks:
                self.ui.warn(remark)
            assert fresh.saved is not None
            is_covered = _is_covered(planned, fresh.saved)
            if not is_covered:
                self.ui.note(f"{planned.name} is planned again, with what it takes from the stacks before it:")
            if planned.saved is None or not is_covered:
                self.accept(fresh, is_covered)
        except TfopsError as error:
            self._is_over = self._is_over or isinstance(error, Interrupted)
            self.ends[planned.name] = StackEnd(planned, error=error)
            return None
        return fresh

    def _is_outdated(self, planned: PlannedStack) -> bool:
        """Whether it takes something from a stack that this run has changed."""
        upstream = {StackName(output.stack) for output in planned.job.takes.values()}
        changed = {name for name, end in self.ends.items() if end.applied is not None}
        return planned.job.action is StackAction.APPLY and (planned.saved is None or bool(upstream & changed))

    def _states(self) -> dict[StackName, StackWithState]:
        """All stacks with the states that they have now."""
        asked = {read.job.stack: read for read in self.planned.asked}
        now = {
            name: replace(end.planned.read, before=end.after or end.before, hidden=end.hidden)
            for name, end in self.ends.items()
        }
        return {**asked, **now}

    def _apply(self, stacks: Sequence[PlannedStack]) -> None:
        busy = [planned for planned in stacks if not planned.is_idle]
        for planned in stacks:
            if planned.is_idle:
                read = planned.read
                self.ends[planned.name] = StackEnd(planned, after=read.before, hidden=read.hidden)
        tasks = [partial(self._apply_one, planned) for planned in busy]
        if tasks:
            outcomes = side_by_side(tasks, on_signal=self.ui.engine_signal, on_tick=self._tick)
            for planned, outcome in zip(busy, outcomes, strict=True):
                end = StackEnd(planned, error=outcome) if isinstance(outcome, TfopsError) else outcome
                self.ends[planned.name] = end
                if end.applied and end.applied.was_interrupted:
                    self._is_over = True
                    if end.is_fine:
                        defer_outrun()

    def _apply_one(self, planned: PlannedStack) -> StackEnd:
        """Runs beside others."""
        assert planned.saved is not None

        def on_tick(progress: Progress) -> None:
            self._progress[planned.name] = progress
            if is_main_thread():
                self._tick()

        engine = planned.stack.engine
        applied = engine.apply(planned.saved, on_tick=on_tick)
        self._progress[planned.name] = applied.progress
        failpoint.reach("engine-ended")
        try:
            after, hidden = engine.read_back()
        except TfopsError as error:
            return StackEnd(planned, engine.tell(applied, is_known=False), error=error)
        planned.stack.hide_found(hidden, after.inventory)
        failpoint.reach("state-read-back")
        return StackEnd(planned, engine.tell(applied), after, hidden)

    def _tick(self) -> None:
        self.on_progress(dict(self._progress))


def _is_covered(consented: PlannedStack, fresh: SavedPlan) -> bool:
    """Whether the consent that was given covers the plan: it is the same, nothing, or what the preview showed."""
    if fresh.plan.is_empty:
        return True
    if consented.saved is not None:
        return consented.saved.plan.digest == fresh.plan.digest
    return consented.preview is not None and is_same_work(consented.preview, fresh.plan)


def failed(ends: Sequence[StackEnd]) -> Iterator[StackEnd]:
    """Those that came to something and not to their end."""
    return (end for end in ends if not end.is_fine and not end.is_skipped)
