"""The one road: render, plan, consent, apply the saved plan, verify, record."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tfops.engine.events import Progress
from tfops.engine.mask import Masker
from tfops.engine.plan import masked_plan
from tfops.engine.stack import Applied, SavedPlan, engine_error, missing_from_state
from tfops.errors import Interrupted, NotRecorded, Refused, StoppedPartWay, TfopsError
from tfops.flows.cards import Outcome, build_card
from tfops.flows.checks import CheckContext, run_checks
from tfops.flows.consent import ConsentOptions, obtain_consent
from tfops.flows.custody import Custody
from tfops.flows.outputs import visible_outputs
from tfops.flows.pending import record
from tfops.flows.planning import plan_content
from tfops.flows.project import Project
from tfops.flows.receipt import lost_from, receipt_of, trouble_of
from tfops.flows.rollback import require_no_downgrade
from tfops.flows.stack import EngineOptions, OpenStack, renew_ephemeral
from tfops.flows.target import Target
from tfops.flows.ui import Ui
from tfops.ledger.card import ApprovalPart, Card, VerifiedPart
from tfops.ledger.chain import Present
from tfops.ledger.parts import IntentPart
from tfops.model import InventoryPolicy, Kind, Plan, StackState, Verified, Version
from tfops.results import ChangeResult, CheckFact
from tfops.system import failpoint, process
from tfops.system.git import GitFailed
from tfops.system.remote import Refs


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
    refs: Refs
    present: Present
    ui: Ui
    run_id: str
    started: float

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self.started, 3)


def carry_out(
    project: Project, target: Target, options: ChangeOptions, *, refs: Refs, present: Present, ui: Ui
) -> ChangeResult:
    """Make the environment what the target says, and record it as a version.

    The machine's lock is held by the caller; lock and intent are taken in the ledger after consent,
    on top of `present`, where the only lock is this run's claim or, offline, this clone's. Raises LostRaceError when
    someone was faster (nothing was changed), and after the engine may have changed something only
    StoppedPartWay, NotRecorded or Interrupted.
    """
    claim = present.lock.run_id if present.lock and not present.lock.is_manual else ""
    with project.workspace.run(target.env, claim) as folder:
        run = _Run(project, target, refs, present, ui, folder.name, time.monotonic())
        planned = plan_content(
            project, target.content, target.current_card,
            folder=folder, engine=options.engine, ui=ui,
            destroy=target.kind is Kind.DESTROY, past=target.past, bridge=target.bridge,
        )  # fmt: skip
        stack, before, saved = planned.stack, planned.before, planned.saved
        if saved.plan.is_empty:
            return _nothing_to_do(run, stack, saved.plan, before, planned.hidden)
        require_no_downgrade(target, saved.plan, ignoring=options.ignores_verdict)
        ui.show_plan(planned.shown)
        asked = time.monotonic()
        approval = obtain_consent(project, target, planned.shown, options.consent, ui)
        failpoint.reach("consented")
        run = replace(run, started=run.started + time.monotonic() - asked)  # thinking isn't working time
        renew_ephemeral(stack)
        return _apply(run, stack, saved, before, approval)


def _apply(run: _Run, stack: OpenStack, saved: SavedPlan, before: StackState, approval: ApprovalPart) -> ChangeResult:
    """From the intent to the version; what happens in between is in the ledger either way."""
    custody = Custody(run.project, run.refs, run.target.env, run.run_id, run.ui, stack.mask)
    intent = _intent(run, stack, saved.plan, before, approval)
    with process.signals_deferred() as arrived:
        what = f"{intent.kind} of {intent.commit[:8]}"
        custody.begin(intent, what=what, present=run.present, root=stack.rendered.files)
        failpoint.reach("begun")
        applied = stack.engine.apply(saved, on_tick=lambda progress: custody.renew_when_due(_told(run, progress)))
        failpoint.reach("engine-ended")
        after: StackState | None = None
        try:
            after, hidden = _read_back(run, stack, applied, saved.plan)
            failpoint.reach("state-read-back")
            _require_whole(run, applied, after, saved.plan)
        except TfopsError as error:
            lost = lost_from(applied.progress.made, after)
            _give_back(custody, intent, applied, saved.plan, lost=lost, error=error)
            raise
        outputs, seconds = visible_outputs(run.target, stack, after, hidden), run.seconds
        verified = _verify(
            run,
            stack,
            outputs,
            hidden,
            on_tick=lambda: custody.renew_when_due(applied.progress.made),
            is_stopped=lambda: bool(arrived),
        )
        failpoint.reach("verified")
        outcome = Outcome(saved.plan, before, after, outputs, (approval,), seconds, verified)
        return _record(run, stack, outcome, base=None)


def _told(run: _Run, progress: Progress) -> Mapping[str, str]:
    """What the ledger may hold of the ids made so far: recovery elsewhere needs whole ones or none."""
    return progress.made if run.target.rules.inventory is InventoryPolicy.IDS else {}


def _intent(run: _Run, stack: OpenStack, plan: Plan, before: StackState, approval: ApprovalPart) -> IntentPart:
    target = run.target
    return IntentPart(
        run_id=run.run_id,
        kind=target.kind,
        commit=target.commit.sha,
        branch=target.branch,
        restores=target.restores.version.number if target.restores else None,
        headline=plan.headline(),
        changes=len(plan.work),
        plan_digest=plan.digest,
        lineage=before.lineage,
        serial_before=before.serial,
        engine=str(stack.engine.engine),
        approved_by=approval.who,
        approved_how=approval.how,
        keeps_providers=target.keeps_providers,
        rehearses=target.rehearses or "",
    )


def _give_back(
    custody: Custody, intent: IntentPart, applied: Applied, plan: Plan, *, lost: Mapping[str, str], error: TfopsError
) -> None:
    if applied.progress.is_untouched and error.exit_code != StoppedPartWay.exit_code:
        custody.close(f"the {intent.kind} of {intent.commit[:8]} failed before it changed anything")
    else:
        person, _ = custody.project.repository.identity()
        receipt = receipt_of(applied.progress, plan.work)
        headline = error.state.partition("\n")[0]
        why = "; ".join(diagnostic.summary for diagnostic in applied.errors[:3])
        custody.fail(trouble_of(intent, receipt, headline=headline, why=why, by=person.name, lost=lost))


def _verify(
    run: _Run,
    stack: OpenStack,
    outputs: Mapping[str, Any],
    hidden: frozenset[str],
    *,
    on_tick: Callable[[], None] = lambda: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> VerifiedPart | None:
    """What the environment's checks say about what runs now."""
    target, mask_hidden = run.target, Masker(hidden)
    context = CheckContext(
        env=target.env,
        version=str(Version(target.listing.highest + 1)),
        commit=target.commit.sha,
        root=run.project.repository.root,
        folder=run.project.workspace.run_folder(target.env, run.run_id),
        variables=target.rules.engine.env,
        outputs=outputs,
        mask=lambda text: mask_hidden(stack.mask(text)),
        ui=run.ui,
        on_tick=on_tick,
        is_stopped=is_stopped,
    )
    return run_checks(target.checks, context)


def _nothing_to_do(run: _Run, stack: OpenStack, plan: Plan, state: StackState, hidden: frozenset[str]) -> ChangeResult:
    """A new commit without changes is a version too; the same commit again is not, unless it wasn't verified."""
    target = run.target
    if _is_settled(target, run.present):
        return _result(run, stack, plan, card=None)
    outputs, seconds = visible_outputs(target, stack, state, hidden), run.seconds
    verified = _verify(run, stack, outputs, hidden)
    return _record(run, stack, Outcome(plan, state, state, outputs, (), seconds, verified), base=run.present.head)


def _is_settled(target: Target, present: Present) -> bool:
    """Whether the latest version says already all that there is to say."""
    current = target.current
    if current is None or current.hold or current.verified is Verified.FAILED or present.trouble is not None:
        return False
    same = (Kind.APPLY, Kind.ADOPT) if target.kind is Kind.APPLY else (target.kind,)
    return current.commit == target.commit.sha and current.kind in same


def _read_back(run: _Run, stack: OpenStack, applied: Applied, plan: Plan) -> tuple[StackState, frozenset[str]]:
    """The state after the apply, as the backend has it: the engine's word alone isn't enough."""
    try:
        return stack.engine.read_back()
    except TfopsError as error:
        raise StoppedPartWay(
            f"{run.target.env} was changed, but its state can't be read back",
            why=error.why or error.what,
            state=_receipt(applied, plan),
            hint=f"when the backend answers again: tfops resume {run.target.env}",
        ) from error


def _require_whole(run: _Run, applied: Applied, after: StackState, plan: Plan) -> None:
    """Raises unless the engine finished and the state holds what it says it did."""
    receipt, env = _receipt(applied, plan), run.target.env
    if applied.was_interrupted and applied.code != 0:
        raise Interrupted(
            f"interrupted: the apply of {env} stopped",
            why=_errors(applied),
            state=receipt,
            hint=f"to finish: tfops resume {env}   (the state is saved and unlocked)",
        )
    if applied.code != 0 and applied.progress.is_untouched:
        raise engine_error(f"the apply of {env} failed before it changed anything", applied.errors)
    if applied.code != 0:
        raise StoppedPartWay(
            f"the apply of {env} failed",
            why=_errors(applied),
            state=receipt,
            hint=_way_on(run.target),
        )
    lost = missing_from_state(applied.progress, after)
    if lost:
        raise StoppedPartWay(
            f"the engine says that it applied, but the state of {env} doesn't hold it: {', '.join(lost[:5])}",
            why="another run wrote the state at the same time, or its lock was broken",
            state=receipt,
            hint=f"look, then take it in and go on: tfops resume {env}   "
            f"(what the engine did: {run.project.workspace.top}/runs)",
        )


def _way_on(target: Target) -> str:
    """Forward with the same commit or with a new one; back to the latest version, the last that was whole."""
    hint = f"when the cause is gone: tfops resume {target.env}; a fix in a commit: tfops apply {target.env}"
    return f"{hint}; back: tfops rollback {target.env} {target.current.version}" if target.current else hint


def _errors(applied: Applied) -> str:
    return "\n".join(diagnostic.text for diagnostic in applied.errors)


def _receipt(applied: Applied, plan: Plan) -> str:
    receipt = receipt_of(applied.progress, plan.work)
    if receipt.count_done >= receipt.total and applied.code == 0:
        return f"All {receipt.total} changes were made."
    return receipt.text


def _record(run: _Run, stack: OpenStack, outcome: Outcome, *, base: str | None) -> ChangeResult:
    number = run.target.listing.highest + 1
    person, _ = run.project.repository.identity()
    card = build_card(run.target, stack, outcome, number=number, person=person, run_id=run.run_id)
    try:
        recorded = record(run.project, run.refs, card, outcome.headline, base=base, root=stack.rendered.files)
    except (GitFailed, Refused) as error:
        raise NotRecorded(
            f"{run.target.env} is as planned, but its version could not be recorded",
            why=" ".join(filter(None, (str(error), error.why if isinstance(error, Refused) else ""))),
            state="The infrastructure is as planned.",
            hint=f"mend the cause, then: tfops recover {run.target.env}",
        ) from error
    return _result(run, stack, outcome.plan, card=recorded)


def _result(run: _Run, stack: OpenStack, plan: Plan, *, card: Card | None) -> ChangeResult:
    target, current = run.target, run.target.current
    return ChangeResult(
        env=target.env,
        kind=target.kind,
        commit=target.commit,
        plan=masked_plan(plan, stack.mask),
        version=Version(card.version) if card else None,
        previous=current.version if current else None,
        restores=target.restores.version if target.restores else None,
        hold=card.hold.reason if card and card.hold else "",
        duration_s=run.seconds,
        engine_starts=stack.engine.starts,
        is_shared=bool(run.project.repository.remote),
        outputs=card.outputs if card else {},
        verified=card.verified.result if card and card.verified else Verified.NONE,
        checks=tuple(
            CheckFact(part.name, part.result, part.duration_s, part.why)
            for part in (card.verified.checks if card and card.verified else ())
        ),
    )
