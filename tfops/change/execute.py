"""The plans that were agreed to are applied, what became of them is read back, and verified."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from tfops.change.agree import agree_on_the_way
from tfops.change.begin import Held
from tfops.change.cards import Outcome
from tfops.change.check_facts import CheckContext
from tfops.change.checks import check_context, run_checks
from tfops.change.execution import Execution
from tfops.change.failures import may_have_changed, require_whole
from tfops.change.hooks import with_hooks
from tfops.change.lost import lost_by_all
from tfops.change.outputs import visible_outputs
from tfops.change.receipt import actions_of, receipt_of_all, trouble_of
from tfops.change.run import Run
from tfops.change.stack_plan import StackPlan, StackResult
from tfops.change.target import Target
from tfops.engine.advice import LOCK_IS_LEFT, advice_for
from tfops.errors import StoppedPartWay, TfopsError, in_a_line, one_line
from tfops.ledger.chain import LedgerState
from tfops.records.action import ActionOutcome
from tfops.records.check import Verification
from tfops.records.engine_events import Diagnostic
from tfops.records.hook import HookPoint
from tfops.records.version import Kind
from tfops.system import failpoint
from tfops.system.parallel import side_by_side

CHANGED = 2  # what hooks are told where there was something to do
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

    _run_hooks_before(held)
    execution = Execution(held.planned, accept, held.renew, held.is_stopped, held.run.ui)
    for busy in execution.waves():
        tasks = [partial(execution.apply, planned) for planned in busy]
        execution.take(busy, side_by_side(tasks, on_signal=held.run.ui.engine_signal, on_tick=execution.tick))
    ends = execution.results
    try:
        require_whole(target, ends, top=held.run.project.workspace.top)
    except TfopsError as error:
        _give_back(held, ends, error)
        raise
    outputs, seconds = visible_outputs(ends), held.seconds
    context = check_context(held.run, target, outputs=outputs, hidden=hidden_in(ends))
    verified = verify(held.run, target, replace(context, on_tick=tick, is_stopped=held.is_stopped), code=CHANGED)
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
        replace(held.run.request.flags, replace=held.intent.replace_requested, targets=held.intent.targets),
        held.run.hook_outcomes,
    )


def verify(run: Run, target: Target, context: CheckContext, *, code: int) -> Verification | None:
    """The hooks after the change, then its checks. `code` is 0 where there was nothing to change."""
    if run.hooks is None:
        return run_checks(target.checks, context)
    run.hooks.at(HookPoint.AFTER_APPLY, context, code=code)
    if target.kind is Kind.ROLLBACK:
        run.hooks.at(HookPoint.AFTER_ROLLBACK, context, code=code)
    return with_hooks(run_checks(target.checks, context), run.hook_outcomes)


def _run_hooks_before(held: Held) -> None:
    """Raises HookFailed, or Interrupted: then the lock is given back, and nothing was begun."""
    if held.run.hooks is None:
        return
    context = check_context(held.run, held.target)
    context = replace(context, on_tick=lambda: held.renew({}), is_stopped=held.is_stopped)
    try:
        held.run.hooks.at(HookPoint.BEFORE_APPLY, context, code=CHANGED)
    except TfopsError as error:
        intent, reason = held.intent, held.lease.mask(in_a_line(error))
        held.lease.close(f"the {intent.kind} of {intent.commit[:8]} failed before it changed anything: {reason}")
        raise


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
        _keep_log(held, ends, reason)
        return
    why = _reasons([diagnostic for end in ends if end.applied for diagnostic in end.applied.errors])
    trouble = trouble_of(
        intent,
        receipt_of_all(ends),
        headline=error.state.partition("\n")[0],
        why=why or ("" if any(end.applied for end in ends) else error.what),
        by=held.run.facts.person.name,
        lost=lost_by_all(ends),
    )
    lease.fail(trouble.after(held.run.facts.present.trouble))
    _keep_log(held, ends, ": ".join(filter(None, (error.what, why))))


def _keep_log(held: Held, ends: Sequence[StackResult], why: str) -> None:
    """Not where the remote didn't even take that the run is over."""
    from tfops.change import kept_log  # noqa: PLC0415 - most changes end well

    facts = held.lease.facts
    if facts.present.intent is None and kept_log.is_kept(facts, is_stopped=True):
        kept_log.keep(held.run, kept_log.log_of_run(held.run, held.intent, ends), why=why)
