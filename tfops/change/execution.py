"""Applying the planned stacks: what needs nothing of each other at the same time, and nothing on top of a failure.

A stack that takes something of one that was changed is planned again with what that one gives now. The consent
holds when the plan does what was shown; else it is asked for again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from tfops.change.planning import Planned, plan_one
from tfops.change.stack_plan import StackPlan, StackResult, unchanged
from tfops.change.stacks import StackAction
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.engine.events import Progress
from tfops.engine.saved_plan import SavedPlan
from tfops.errors import Interrupted, TfopsError
from tfops.records.names import StackName
from tfops.resolve.graph import waves
from tfops.resolve.merged_plan import is_same_work
from tfops.system import failpoint
from tfops.system.signals import defer_outrun, is_main_thread


@dataclass(slots=True)
class Execution:
    """One run through the stacks. `accept` is asked about plans that were made on the way, and whether the consent
    that was given covers them; it raises NotApproved or CheckFailed.

    `on_progress` hears, in the main thread, what all stacks made so far.
    """

    planned: Planned
    accept: Callable[[StackPlan, bool], None]
    on_progress: Callable[[Mapping[StackName, Progress]], None]
    is_stopped: Callable[[], bool]
    ui: Ui
    ends: dict[StackName, StackResult] = field(default_factory=dict)
    _progress: dict[StackName, Progress] = field(default_factory=dict)
    _is_over: bool = False

    @property
    def results(self) -> tuple[StackResult, ...]:
        """How each stack ended, in the plan's order."""
        return tuple(self.ends[planned.spec.name] for planned in self.planned.stacks)

    def waves(self) -> Iterator[list[StackPlan]]:
        """The stacks that are applied at the same time, wave after wave; `take` what became of one before the next.

        Never raises for an engine: something may have changed.
        """
        stacks = {planned.spec.name: planned for planned in self.planned.stacks}
        order = {name: planned.spec.after & stacks.keys() for name, planned in stacks.items()}
        for wave in waves(order):
            ready = [stacks[name] for name in wave if self._may_begin(stacks[name])]
            for name in wave:
                self.ends[name] = StackResult(stacks[name], is_skipped=True)
            final = [final for planned in ready if (final := self._final(planned)) is not None]
            self.ends |= {planned.spec.name: _left_alone(planned) for planned in final if planned.is_idle}
            busy = [planned for planned in final if not planned.is_idle]
            if busy:
                yield busy

    def _may_begin(self, planned: StackPlan) -> bool:
        before = (self.ends[name] for name in planned.spec.after if name in self.ends)
        return not (self._is_over or self.is_stopped()) and all(end.is_fine for end in before)

    def _final(self, planned: StackPlan) -> StackPlan | None:
        """The plan to be applied; None when there is none, and `ends` says why."""
        if not self._is_outdated(planned):
            return planned
        try:
            fresh, remarks = plan_one(planned.as_read(), {}, self._states())
            for remark in remarks:
                self.ui.warn(remark)
            assert fresh.saved is not None
            is_covered = _is_covered(planned, fresh.saved)
            if not is_covered:
                self.ui.note(f"{planned.spec.name} is planned again, with what it takes from the stacks before it:")
            if planned.saved is None or not is_covered:
                self.accept(fresh, is_covered)
        except TfopsError as error:
            self._is_over = self._is_over or isinstance(error, Interrupted)
            self.ends[planned.spec.name] = StackResult(planned, error=error)
            return None
        return fresh

    def _is_outdated(self, planned: StackPlan) -> bool:
        """Whether it takes something from a stack that this run has changed."""
        upstream = planned.spec.waits_for
        changed = {name for name, end in self.ends.items() if end.applied is not None}
        return planned.spec.action is StackAction.APPLY and (planned.saved is None or bool(upstream & changed))

    def _states(self) -> dict[StackName, StackPlan]:
        """All stacks with the states that they have now."""
        asked = {read.spec.name: read for read in self.planned.asked}
        now = {
            name: replace(end.planned, before=end.after or end.planned.before, hidden=end.hidden)
            for name, end in self.ends.items()
        }
        return {**asked, **now}

    def take(self, busy: Sequence[StackPlan], outcomes: Sequence[StackResult | TfopsError]) -> None:
        """What became of one wave."""
        for planned, outcome in zip(busy, outcomes, strict=True):
            end = StackResult(planned, error=outcome) if isinstance(outcome, TfopsError) else outcome
            self.ends[planned.spec.name] = end
            if end.applied and end.applied.was_interrupted:
                self._is_over = True
                if end.is_fine:
                    defer_outrun()

    def apply(self, planned: StackPlan) -> StackResult:
        """One stack; runs beside others."""
        assert planned.saved is not None

        def on_tick(progress: Progress) -> None:
            self._progress[planned.spec.name] = progress
            if is_main_thread():
                self.tick()

        engine = planned.stack.engine
        applied = engine.apply(planned.saved, on_tick=on_tick, keeps_plan=True)
        if applied.code != 0:
            applied = engine.apply_again(planned.saved, applied, planned.before, on_tick)
        self._progress[planned.spec.name] = applied.progress
        failpoint.reach("engine-ended")
        try:
            after, hidden = engine.read_back()
        except TfopsError as error:
            return StackResult(planned, engine.tell(applied, is_known=False), error=error)
        planned.stack.hide_found(hidden, after.inventory)
        failpoint.reach("state-read-back")
        return StackResult(planned, engine.tell(applied), after, hidden)

    def tick(self) -> None:
        """The lease is kept alive while engines work."""
        self.on_progress(dict(self._progress))


def _left_alone(planned: StackPlan) -> StackResult:
    try:
        return unchanged(planned)
    except TfopsError as error:
        return StackResult(planned, error=error)


def _is_covered(consented: StackPlan, fresh: SavedPlan) -> bool:
    """Whether the consent that was given covers the plan: it is the same, nothing, or what the preview showed."""
    if fresh.plan.is_empty:
        return True
    if consented.saved is not None:
        return consented.saved.plan.digest == fresh.plan.digest
    return consented.preview is not None and is_same_work(consented.preview, fresh.plan)
