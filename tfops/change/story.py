"""The steps of a change: render, plan, consent, apply the saved plans, verify, record."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from tfops.change.cards import Outcome, build_card, standing_files, untouched_files
from tfops.change.checks import CheckContext, run_checks
from tfops.change.consent import ConsentOptions, obtain_consent
from tfops.change.execute import Applying, StackEnd
from tfops.change.failures import may_have_changed, require_whole
from tfops.change.fetched_modules import require_same_modules
from tfops.change.lease import Lease, masked_action
from tfops.change.lost import lost_by_all
from tfops.change.outputs import visible_outputs
from tfops.change.planning import Planned, PlannedStack, plan_stacks
from tfops.change.project import Project
from tfops.change.receipt import action_part, actions_of, receipt_of_all, trouble_of
from tfops.change.recordable import require_recordable
from tfops.change.required_checks import require_checks
from tfops.change.rollback import require_no_downgrade
from tfops.change.stack import EngineOptions, renew_ephemeral
from tfops.change.target import Target
from tfops.change.ui import Ui
from tfops.change.unrecorded_card import record
from tfops.dataclass import dataclass
from tfops.engine.advice import LOCK_IS_LEFT, advice_for
from tfops.engine.events import Progress
from tfops.engine.mask import Masker
from tfops.engine.plan import masked_plan
from tfops.errors import Interrupted, NotRecorded, Refused, StoppedPartWay, TfopsError, in_a_line, one_line
from tfops.ledger.chain import LedgerState
from tfops.records.action import ActionOutcome, ActionState
from tfops.records.addresses import qualified
from tfops.records.card import Approval, Card
from tfops.records.check import CheckOutcome, Verification
from tfops.records.engine_events import Diagnostic
from tfops.records.names import EnvName, StackName
from tfops.records.plan import Plan
from tfops.records.policy import InventoryPolicy
from tfops.records.run import Intent, StackIntent
from tfops.records.version import Kind, Verified, Version
from tfops.render.root import joined_files
from tfops.resolve.merged_plan import merge_plans
from tfops.results.changes import ChangeResult
from tfops.system import failpoint, signals
from tfops.system.git import GitFailed
from tfops.system.remote import Refs

_MOST_REASONS = 3
_LONGEST_REASON = 400


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """What the user said about how to change: engine, consent, waiting, overridden guards."""

    engine: EngineOptions = field(default_factory=EngineOptions)
    consent: ConsentOptions = field(default_factory=ConsentOptions)
    wait_s: float = 0.0
    offline: bool = False
    allowed: frozenset[str] = frozenset()
    ignores_verdict: bool = False


@dataclass(frozen=True, slots=True)
class _Run:
    """What stays the same from the plan to the record."""

    project: Project
    target: Target
    options: ChangeOptions
    refs: Refs
    present: LedgerState
    ui: Ui
    run_id: str
    started: float

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self.started, 3)


def carry_out(
    project: Project, target: Target, options: ChangeOptions, *, refs: Refs, present: LedgerState, ui: Ui
) -> ChangeResult:
    """Make the environment what the target says, and record it as a version.

    The machine's lock is held by the caller; lock and intent are taken in the ledger after consent,
    on top of `present`, where the only lock is this run's claim or, offline, this clone's. Raises LostRaceError when
    someone was faster (nothing was changed), and after the engine may have changed something only
    StoppedPartWay, NotRecorded or Interrupted.
    """
    claim = present.lock.run_id if present.lock and not present.lock.is_manual else ""
    with project.workspace.run(target.env, claim) as folder:
        run = _Run(project, target, options, refs, present, ui, folder.name, time.monotonic())
        named = options.consent.allow_missing
        planned = plan_stacks(project, target.jobs(), folder=folder, engine=options.engine, ui=ui, allow_missing=named)
        require_same_modules(target, planned.moved, ignoring=options.ignores_verdict)
        if planned.plan.is_empty:
            return _nothing_to_do(run, planned)
        require_no_downgrade(target, planned.plan, ignoring=options.ignores_verdict)
        require_recordable(project, target, refs, present)
        ui.show_plan(planned.shown)
        passed = require_checks(target, planned.stacks, _context(run, planned))
        asked = time.monotonic()
        approval = obtain_consent(project, target, planned.plan, options.consent, ui, mask=planned.mask)
        failpoint.reach("consented")
        run = replace(run, started=run.started + time.monotonic() - asked)  # thinking isn't working time
        for one in planned.stacks:
            renew_ephemeral(one.stack)
        return _apply(run, planned, approval, passed)


def _apply(run: _Run, planned: Planned, approval: Approval, passed: Sequence[CheckOutcome]) -> ChangeResult:
    """From the intent to the version; what happens in between is in the ledger either way."""
    lease = Lease(run.project, run.refs, run.target.env, run.run_id, run.ui, planned.mask)
    intent = _intent(run, planned, approval)
    approvals, checks = [approval], list(passed)

    def accept(fresh: PlannedStack, is_covered: bool) -> None:
        assert fresh.plan is not None
        plan = merge_plans({fresh.name: fresh.plan})
        if not is_covered:
            require_no_downgrade(run.target, plan, ignoring=run.options.ignores_verdict)
        context = _context(run, planned, on_tick=on_tick, is_stopped=lambda: bool(arrived))
        checks.extend(require_checks(run.target, [fresh], context))
        if is_covered:
            return
        run.ui.show_plan(masked_plan(plan, planned.mask))
        try:
            with signals.heard():
                options, mask = run.options.consent.of_stack(fresh.name), planned.mask
                approvals.append(obtain_consent(run.project, run.target, plan, options, run.ui, mask=mask))
        except KeyboardInterrupt:
            raise Interrupted("interrupted at the question") from None

    def on_tick() -> None:
        lease.renew_when_due(*_told(run, {name: end.progress for name, end in applying.ends.items()}))

    with signals.deferred(signals.FINISHED_FIRST) as arrived:
        what = f"{intent.kind} of {intent.commit[:8]}"
        lease.begin(intent, what=what, present=run.present, root=_root_files(run, planned))
        failpoint.reach("begun")
        applying = Applying(
            planned,
            accept,
            on_progress=lambda progress: lease.renew_when_due(*_told(run, progress)),
            is_stopped=lambda: bool(arrived),
            ui=run.ui,
        )
        ends = applying.run()
        try:
            require_whole(run.target, ends, top=run.project.workspace.top)
        except TfopsError as error:
            _give_back(lease, intent, ends, error)
            raise
        outputs, seconds = visible_outputs(ends), run.seconds
        verified = _verify(
            run,
            planned,
            outputs,
            _hidden(ends),
            on_tick=on_tick,
            is_stopped=lambda: bool(arrived),
        )
        failpoint.reach("verified")
        done = _done_plan(planned, ends)
        left = _never_run(run.present, actions_of(ends))
        outcome = Outcome(done, ends, outputs, tuple(approvals), seconds, verified, tuple(checks), left)
        return _record(run, planned, outcome, base=None)


def _never_run(present: LedgerState, ran: Sequence[ActionOutcome]) -> tuple[ActionOutcome, ...]:
    """The actions of this change, and those of one that stopped before it which this one didn't run either."""
    before = present.trouble.actions if present.trouble else []
    again = {(action.address, action.trigger) for action in ran}
    return (*ran, *(action for action in before if (action.address, action.trigger) not in again))


def _done_plan(planned: Planned, ends: Sequence[StackEnd]) -> Plan:
    """What was applied: with the plans that were made on the way."""
    return replace(planned, stacks=tuple(end.planned for end in ends)).plan


def _hidden(ends: Sequence[StackEnd]) -> frozenset[str]:
    return frozenset(text for end in ends for text in end.hidden)


def _root_files(run: _Run, planned: Planned) -> dict[str, str]:
    planned_files = joined_files({one.name: one.stack.rendered for one in planned.stacks})
    return untouched_files(run.target, run.present) | planned_files


def _told(run: _Run, progress: Mapping[StackName, Progress]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """What the ledger may hold of the ids made and replaced so far: recovery elsewhere needs whole ones or none."""
    if run.target.rules.inventory is not InventoryPolicy.IDS:
        return {}, {}
    parts = list(progress.items())
    return (
        {qualified(stack, address): known for stack, part in parts for address, known in part.made.items()},
        {qualified(stack, address): ids for stack, part in parts for address, ids in part.replaced.items()},
    )


def _intent(run: _Run, planned: Planned, approval: Approval) -> Intent:
    target, plan = run.target, planned.plan
    return Intent(
        run_id=run.run_id,
        kind=target.kind,
        commit=target.commit.sha,
        branch=target.branch,
        restores=target.restores.version.number if target.restores else None,
        headline=plan.headline(),
        changes=len(plan.work),
        plan_digest=plan.digest,
        stacks={
            one.name: StackIntent(lineage=one.read.before.lineage, serial_before=one.read.before.serial)
            for one in planned.stacks
        },
        only=tuple(sorted(target.only)),
        engine=str(planned.stacks[0].stack.engine.engine),
        approved_by=approval.who,
        approved_how=approval.how,
        keeps_providers=target.keeps_providers,
        rehearses=target.rehearses or "",
        actions=tuple(
            masked_action(action_part(one.name, action, ActionState.NEVER_RUN), planned.mask)
            for one in planned.stacks
            for action in (one.plan.actions if one.plan else ())
        ),
    )


def _reasons(errors: Sequence[Diagnostic]) -> str:
    """The engine's own words, and advice; whether it left its lock comes first, because recovery looks for that."""
    first = sorted(errors, key=lambda error: LOCK_IS_LEFT not in error.summary)[:_MOST_REASONS]
    said = "; ".join(one_line(error.text, "", "", longest=_LONGEST_REASON) for error in first)
    return one_line(said, "", advice_for(errors), longest=len(said))


def _give_back(lease: Lease, intent: Intent, ends: Sequence[StackEnd], error: TfopsError) -> None:
    if not any(map(may_have_changed, ends)) and error.exit_code != StoppedPartWay.exit_code:
        reason = lease.mask(in_a_line(error))
        lease.close(f"the {intent.kind} of {intent.commit[:8]} failed before it changed anything: {reason}")
        return
    person = lease.project.repository.person
    why = _reasons([diagnostic for end in ends if end.applied for diagnostic in end.applied.errors])
    lease.fail(
        trouble_of(
            intent,
            receipt_of_all(ends),
            headline=error.state.partition("\n")[0],
            why=why or ("" if any(end.applied for end in ends) else error.what),
            by=person.name,
            lost=lost_by_all(ends),
        )
    )


def _verify(
    run: _Run,
    planned: Planned,
    outputs: Mapping[str, Any],
    hidden: frozenset[str],
    *,
    on_tick: Callable[[], None] = lambda: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Verification | None:
    """What the environment's checks say about what runs now."""
    context = _context(run, planned, outputs=outputs, hidden=hidden, on_tick=on_tick, is_stopped=is_stopped)
    return run_checks(run.target.checks, context)


def _context(
    run: _Run,
    planned: Planned,
    *,
    outputs: Mapping[str, Any] | None = None,
    hidden: frozenset[str] = frozenset(),
    on_tick: Callable[[], None] = lambda: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> CheckContext:
    """What checks may know, before and after the apply. `hidden` is masked like what is known to be secret."""
    target, mask_hidden = run.target, Masker(hidden)
    return CheckContext(
        env=target.env,
        version=str(Version(target.listing.highest + 1)),
        commit=target.commit.sha,
        root=run.project.repository.root,
        folder=run.project.workspace.run_folder(target.env, run.run_id),
        variables=target.rules.engine.env,
        outputs=outputs or {},
        mask=lambda text: mask_hidden(planned.mask(text)),
        ui=run.ui,
        on_tick=on_tick,
        is_stopped=is_stopped,
    )


def _nothing_to_do(run: _Run, planned: Planned) -> ChangeResult:
    """A new commit without changes is a version too; the same commit again is not, unless it wasn't verified."""
    plan, ends = planned.plan, tuple(_unchanged(one) for one in planned.stacks)
    if _is_settled(run.target, run.present) and not any(one.read.missing.let_go for one in planned.stacks):
        return _result(run, planned, plan, card=None)
    outputs, seconds = visible_outputs(ends), run.seconds
    verified = _verify(run, planned, outputs, _hidden(ends))
    left = _never_run(run.present, ())
    return _record(run, planned, Outcome(plan, ends, outputs, (), seconds, verified, (), left), base=run.present.head)


def _unchanged(planned: PlannedStack) -> StackEnd:
    return StackEnd(planned, after=planned.read.before, hidden=planned.read.hidden)


def _is_settled(target: Target, present: LedgerState) -> bool:
    """Whether the latest version says already all that there is to say."""
    current, card = target.current, target.current_card
    if current is None or card is None or present.trouble is not None:
        return False
    if current.hold or current.verified is Verified.FAILED or any(part.commit for part in card.stacks.values()):
        return False
    same = (Kind.APPLY, Kind.ADOPT) if target.kind is Kind.APPLY else (target.kind,)
    return current.commit == target.commit.sha and current.kind in same


def _record(run: _Run, planned: Planned, outcome: Outcome, *, base: str | None) -> ChangeResult:
    number = run.target.listing.highest + 1
    person = run.project.repository.person
    root = standing_files(run.target, outcome.ends, run.present)
    card = build_card(run.target, outcome, run.present, number=number, person=person, run_id=run.run_id)
    try:
        recorded = record(run.project, run.refs, card, outcome.headline, base=base, root=root)
    except (GitFailed, Refused) as error:
        if base is not None and isinstance(error, Refused):
            raise
        raise _not_recorded(run.target.env, error) from error
    return _result(run, planned, outcome.plan, card=recorded)


def _not_recorded(env: EnvName, error: GitFailed | Refused) -> NotRecorded:
    """What stood in the way, with its own way out of it."""
    why, hint = str(error), "fix the cause"
    if isinstance(error, Refused):
        why = "\n".join(filter(None, (f"{error.what} ({error.guard})", error.why)))
        hint = error.hint or hint
    return NotRecorded(
        f"{env} is as planned, but its version could not be recorded",
        why=why,
        state="The infrastructure is as planned.",
        hint=f"{hint}; then: tfops recover {env}",
    )


def _result(run: _Run, planned: Planned, plan: Plan, *, card: Card | None) -> ChangeResult:
    target, current = run.target, run.target.current
    return ChangeResult(
        env=target.env,
        kind=target.kind,
        commit=target.commit,
        plan=masked_plan(plan, planned.mask),
        version=Version(card.version) if card else None,
        previous=current.version if current else None,
        restores=target.restores.version if target.restores else None,
        hold=card.hold.reason if card and card.hold else "",
        duration_s=run.seconds,
        engine_starts=planned.engine_starts,
        is_shared=bool(run.project.repository.remote),
        outputs=card.outputs if card else {},
        verified=card.verified.result if card and card.verified else Verified.NONE,
        checks=card.verified.checks if card and card.verified else (),
    )
