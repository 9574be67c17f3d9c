"""Applying the planned stacks: what needs nothing of each other at the same time, and nothing on top of a failure.

A stack that takes something of one that was changed is planned again with what that one gives now. The consent
holds when the plan does what was shown; else it is asked for again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial

from tfops.change.agree import agree_on_the_way
from tfops.change.begin import Held
from tfops.change.cards import Outcome
from tfops.change.checks import check_context, run_checks
from tfops.change.failures import may_have_changed, require_whole
from tfops.change.lost import lost_by_all
from tfops.change.outputs import visible_outputs
from tfops.change.planning import Planned, plan_one
from tfops.change.receipt import actions_of, receipt_of_all, trouble_of
from tfops.change.stack_plan import StackPlan, StackResult, unchanged
from tfops.change.stacks import StackAction
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.engine.advice import LOCK_IS_LEFT, advice_for
from tfops.engine.events import Progress
from tfops.engine.stack import SavedPlan
from tfops.errors import Interrupted, StoppedPartWay, TfopsError, in_a_line, one_line
from tfops.ledger.chain import LedgerState
from tfops.records.action import ActionOutcome
from tfops.records.engine_events import Diagnostic
from tfops.records.names import StackName
from tfops.resolve.graph import waves
from tfops.resolve.merged_plan import is_same_work
from tfops.system import failpoint
from tfops.system.parallel import side_by_side
from tfops.system.signals import defer_outrun, is_main_thread

_MOST_REASONS = 3
_LONGEST_REASON = 400


def execute(held: Held) -> Outcome:
    """Apply, read back, verify. Raises what `require_whole` says of it, with the ledger told how far it came."""
    target = held.target

    def tick() -> None:
        held.renew({name: end.progress for name, end in execution.ends.items()})

    def accept(fresh: StackPlan, is_covered: bool) -> None:
        context = replace(check_context(held.run, target), on_tick=tick, is_stopped=held.is_stopped)
        agree_on_the_way(held.run, target, held.agreement, fresh, is_covered=is_covered, context=context)

    execution = Execution(held.planned, accept, held.renew, held.is_stopped, held.run.ui)
    ends = execution.run()
    try:
        require_whole(target, ends, top=held.run.project.workspace.top)
    except TfopsError as error:
        _give_back(held, ends, error)
        raise
    outputs, seconds = visible_outputs(ends), held.seconds
    context = check_context(held.run, target, outputs=outputs, hidden=hidden_in(ends))
    verified = run_checks(target.checks, replace(context, on_tick=tick, is_stopped=held.is_stopped))
    failpoint.reach("verified")
    return Outcome(
        replace(held.planned, stacks=tuple(end.planned for end in ends)).plan,
        ends,
        outputs,
        tuple(held.agreement.approvals),
        seconds,
        verified,
        tuple(held.agreement.checks),
        left_of_actions(held.run.facts.present, actions_of(ends)),
    )


def hidden_in(ends: Iterable[StackResult]) -> frozenset[str]:
    """The sensitive texts of all states."""
    return frozenset(text for end in ends for text in end.hidden)


def left_of_actions(present: LedgerState, ran: Sequence[ActionOutcome]) -> tuple[ActionOutcome, ...]:
    """The actions of this change, and those of one that stopped before it which this one didn't run either."""
    before = present.trouble.actions if present.trouble else []
    again = {(action.address, action.trigger) for action in ran}
    return (*ran, *(action for action in before if (action.address, action.trigger) not in again))


def _reasons(errors: Sequence[Diagnostic]) -> str:
    """The engine's own words, and advice; whether it left its lock comes first, because recovery looks for that."""
    first = sorted(errors, key=lambda error: LOCK_IS_LEFT not in error.summary)[:_MOST_REASONS]
    said = "; ".join(one_line(error.text, "", "", longest=_LONGEST_REASON) for error in first)
    return one_line(said, "", advice_for(errors), longest=len(said))


def _give_back(held: Held, ends: Sequence[StackResult], error: TfopsError) -> None:
    lease, intent = held.lease, held.intent
    if not any(map(may_have_changed, ends)) and error.exit_code != StoppedPartWay.exit_code:
        reason = lease.mask(in_a_line(error))
        lease.close(f"the {intent.kind} of {intent.commit[:8]} failed before it changed anything: {reason}")
        return
    why = _reasons([diagnostic for end in ends if end.applied for diagnostic in end.applied.errors])
    lease.fail(
        trouble_of(
            intent,
            receipt_of_all(ends),
            headline=error.state.partition("\n")[0],
            why=why or ("" if any(end.applied for end in ends) else error.what),
            by=held.run.facts.person.name,
            lost=lost_by_all(ends),
        )
    )


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

    def run(self) -> tuple[StackResult, ...]:
        """Work all stacks off. Never raises for an engine: something may have changed."""
        stacks = {planned.spec.name: planned for planned in self.planned.stacks}
        order = {name: planned.spec.after & stacks.keys() for name, planned in stacks.items()}
        for wave in waves(order):
            ready = [stacks[name] for name in wave if self._may_begin(stacks[name])]
            for name in wave:
                self.ends[name] = StackResult(stacks[name], is_skipped=True)
            self._apply([final for planned in ready if (final := self._final(planned)) is not None])
        return tuple(self.ends[planned.spec.name] for planned in self.planned.stacks)

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
        upstream = {StackName(output.stack) for output in planned.spec.takes.values()}
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

    def _apply(self, stacks: Sequence[StackPlan]) -> None:
        busy = [planned for planned in stacks if not planned.is_idle]
        for planned in stacks:
            if planned.is_idle:
                self.ends[planned.spec.name] = unchanged(planned)
        tasks = [partial(self._apply_one, planned) for planned in busy]
        if tasks:
            outcomes = side_by_side(tasks, on_signal=self.ui.engine_signal, on_tick=self._tick)
            for planned, outcome in zip(busy, outcomes, strict=True):
                end = StackResult(planned, error=outcome) if isinstance(outcome, TfopsError) else outcome
                self.ends[planned.spec.name] = end
                if end.applied and end.applied.was_interrupted:
                    self._is_over = True
                    if end.is_fine:
                        defer_outrun()

    def _apply_one(self, planned: StackPlan) -> StackResult:
        """Runs beside others."""
        assert planned.saved is not None

        def on_tick(progress: Progress) -> None:
            self._progress[planned.spec.name] = progress
            if is_main_thread():
                self._tick()

        engine = planned.stack.engine
        applied = engine.apply(planned.saved, on_tick=on_tick)
        self._progress[planned.spec.name] = applied.progress
        failpoint.reach("engine-ended")
        try:
            after, hidden = engine.read_back()
        except TfopsError as error:
            return StackResult(planned, engine.tell(applied, is_known=False), error=error)
        planned.stack.hide_found(hidden, after.inventory)
        failpoint.reach("state-read-back")
        return StackResult(planned, engine.tell(applied), after, hidden)

    def _tick(self) -> None:
        self.on_progress(dict(self._progress))


def _is_covered(consented: StackPlan, fresh: SavedPlan) -> bool:
    """Whether the consent that was given covers the plan: it is the same, nothing, or what the preview showed."""
    if fresh.plan.is_empty:
        return True
    if consented.saved is not None:
        return consented.saved.plan.digest == fresh.plan.digest
    return consented.preview is not None and is_same_work(consented.preview, fresh.plan)


def failed(ends: Sequence[StackResult]) -> Iterator[StackResult]:
    """Those that came to something and not to their end."""
    return (end for end in ends if not end.is_fine and not end.is_skipped)
