"""The one road: render, plan, consent, apply the saved plan, verify, record."""

import secrets
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from tfops.engine.stack import Applied, engine_error, missing_from_state
from tfops.errors import Interrupted, NotRecorded, Refused, StoppedPartWay, TfopsError
from tfops.flows.cards import Outcome, build_card, recorded_state
from tfops.flows.consent import ConsentOptions, obtain_consent
from tfops.flows.outputs import visible_outputs
from tfops.flows.pending import keep_pending, record_pending
from tfops.flows.project import Project
from tfops.flows.stack import EngineOptions, OpenStack, open_stack
from tfops.flows.target import Target
from tfops.flows.ui import Ui
from tfops.ledger.card import Card
from tfops.model import Kind, Plan, StackState, Version
from tfops.resolve.state import require_engine_for, require_known_state
from tfops.results import ChangeResult
from tfops.system import process
from tfops.system.git import GitFailed


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """What the user said about how to change: engine, consent, waiting, overridden guards."""

    engine: EngineOptions = field(default_factory=EngineOptions)
    consent: ConsentOptions = field(default_factory=ConsentOptions)
    wait_s: float = 0.0
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Run:
    """What stays the same from the plan to the record."""

    project: Project
    target: Target
    ui: Ui
    started: float

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self.started, 3)


def carry_out(project: Project, target: Target, options: ChangeOptions, ui: Ui) -> ChangeResult:
    """Make the environment what the target says, and record it as a version.

    The lock is held by the caller. Raises whatever stops it; after the engine may have changed
    something, only StoppedPartWay, NotRecorded or Interrupted.
    """
    run = _Run(project, target, ui, time.monotonic())
    with project.workspace.run(target.env) as folder:
        stack = _open(run, folder, options)
        ui.phase(f"preparing {target.env}")
        stack.engine.prepare()
        before, _ = stack.engine.pull_state()
        recorded = recorded_state(target.current_card)
        require_known_state(target.env, recorded, before)
        require_engine_for(recorded, stack.engine.engine.name, stack.engine.engine.version)
        ui.phase(f"planning {target.env}")
        saved = stack.engine.plan(destroy=target.kind is Kind.DESTROY)
        ui.phase("")
        if saved.plan.is_empty:
            return _nothing_to_do(run, stack, saved.plan, before)
        ui.show_plan(saved.plan)
        asked = time.monotonic()
        approval = obtain_consent(project, target, saved.plan, options.consent, ui)
        run = replace(run, started=run.started + time.monotonic() - asked)  # thinking isn't working time
        with process.signals_deferred():
            applied = stack.engine.apply(saved)
            after, hidden = _read_back(run, stack, applied, saved.plan)
            _require_whole(run, applied, after, saved.plan, folder)
            outputs = visible_outputs(target, stack, after, hidden)
            outcome = Outcome(saved.plan, before, after, outputs, (approval,), run.seconds)
            return _record(run, stack, outcome)


def _open(run: _Run, folder: Path, options: ChangeOptions) -> OpenStack:
    target = run.target
    return open_stack(
        run.project,
        rules=target.rules,
        environment=target.environment,
        tree=target.tree,
        lock=target.provider_lock,
        folder=folder,
        options=options.engine,
        ui=run.ui,
    )


def _nothing_to_do(run: _Run, stack: OpenStack, plan: Plan, state: StackState) -> ChangeResult:
    """A new commit without changes is a version too; the same commit again is not."""
    target, current = run.target, run.target.current
    is_same = (
        current is not None and current.commit == target.commit.sha and current.kind is target.kind and not current.hold
    )
    if is_same:
        return _result(run, stack, plan, card=None)
    outputs = visible_outputs(target, stack, state, frozenset())
    return _record(run, stack, Outcome(plan, state, state, outputs, (), run.seconds))


def _read_back(run: _Run, stack: OpenStack, applied: Applied, plan: Plan) -> tuple[StackState, frozenset[str]]:
    """The state after the apply, as the backend has it: the engine's word alone isn't enough."""
    try:
        return stack.engine.read_back()
    except TfopsError as error:
        raise StoppedPartWay(
            f"{run.target.env} was changed, but its state can't be read back",
            why=error.why or error.what,
            state=_receipt(applied, plan),
            hint=f"when the backend answers again: tfops apply {run.target.env}",
        ) from error


def _require_whole(run: _Run, applied: Applied, after: StackState, plan: Plan, folder: Path) -> None:
    """Raises unless the engine finished and the state holds what it says it did."""
    receipt, env = _receipt(applied, plan), run.target.env
    if applied.was_interrupted and applied.code != 0:
        raise Interrupted(
            f"interrupted: the apply of {env} stopped",
            why=_errors(applied),
            state=receipt,
            hint=f"to finish: tfops apply {env}   (the state is saved and unlocked)",
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
            hint=f"look before anyone applies again; what the engine did is in {folder}",
        )


def _way_on(target: Target) -> str:
    """What recorded the last sound state is the latest version: going back means back to that."""
    hint = "mend the cause and run it again"
    return f"{hint}, or go back: tfops rollback {target.env} {target.current.version}" if target.current else hint


def _errors(applied: Applied) -> str:
    return "\n".join(diagnostic.text for diagnostic in applied.errors)


def _receipt(applied: Applied, plan: Plan) -> str:
    """`Stopped part-way: 2 of 5 changes done; in doubt: …`"""
    done, total = sum(map(applied.progress.is_done, plan.work)), len(plan.work)
    if done >= total and applied.code == 0:
        return f"All {total} changes were made."
    text = f"Stopped part-way: {done} of {total} changes done."
    if applied.progress.in_doubt:
        text += f" In doubt (started, no answer): {', '.join(applied.progress.in_doubt[:5])}."
    return text


def _record(run: _Run, stack: OpenStack, outcome: Outcome) -> ChangeResult:
    number = run.target.listing.highest + 1
    person, _ = run.project.repository.identity()
    card = build_card(run.target, stack, outcome, number=number, person=person, run_id=secrets.token_hex(8))
    try:
        keep_pending(run.project, card, outcome.headline)
        recorded = record_pending(run.project, run.target.env)
    except (GitFailed, Refused) as error:
        raise NotRecorded(
            f"{run.target.env} is as planned, but its version could not be recorded",
            why=" ".join(filter(None, (str(error), error.why if isinstance(error, Refused) else ""))),
            state="The infrastructure is as planned.",
            hint=f"mend the cause, then: tfops apply {run.target.env}   (it finds nothing to change and records)",
        ) from error
    return _result(run, stack, outcome.plan, card=recorded)


def _result(run: _Run, stack: OpenStack, plan: Plan, *, card: Card | None) -> ChangeResult:
    target, current = run.target, run.target.current
    return ChangeResult(
        env=target.env,
        kind=target.kind,
        commit=target.commit,
        plan=plan,
        version=Version(card.version) if card else None,
        previous=current.version if current else None,
        restores=target.restores.version if target.restores else None,
        hold=card.hold.reason if card and card.hold else "",
        duration_s=run.seconds,
        engine_starts=stack.engine.starts,
        is_shared=bool(run.project.repository.remote),
        outputs=card.outputs if card else {},
    )
