"""State surgery: what changes what a state says, and nothing real.

Under lock and intent as every change, on top of a backup that is named. Afterwards the state is read back and
recorded as a version, with the content of the one that runs: so the next plan, the guards and every way back go on
from what the state says now.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace

from tfops.change.attempts import settled
from tfops.change.environment import find_place
from tfops.change.lease import Lease
from tfops.change.planning import supply
from tfops.change.prepare import open_stacks
from tfops.change.project import Project
from tfops.change.recordable import require_recordable
from tfops.change.request import Request
from tfops.change.run import Run, running
from tfops.change.snapshot import Snapshot
from tfops.change.stack import OpenStack, require_stack
from tfops.change.stack_plan import StackPlan
from tfops.change.stacks import StackSpec
from tfops.change.state_backup import back_up, forget_backup
from tfops.change.state_guards import require_same_places
from tfops.change.surgery_record import Operated, record_surgery, trouble_after
from tfops.change.surgery_target import looked_at, surgery_target
from tfops.change.target import Target
from tfops.change.task import Task
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.engine.runner import Ended
from tfops.errors import Locked, NotApproved, Refused, StoppedPartWay, TfopsError, one_line
from tfops.ledger.record import LostRaceError
from tfops.records.card import Approval, Card
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.plan import Action
from tfops.records.run import Intent, StackIntent
from tfops.records.state import StackState
from tfops.records.version import Kind, Version
from tfops.resolve.state import require_known_state
from tfops.system import clock, failpoint, signals
from tfops.system.clock import Patience
from tfops.views.states import SurgeryResult


@dataclass(frozen=True, slots=True)
class Operation:
    """What is to be done to one stack's state. `what` is how everybody is told of it: `state rm module.app.x`.

    `work` does it, with an engine that stands ready; whatever the engine says, it raises nothing for it. `moves` are
    the addresses that it moves, old to new: what lies below them moves along. `replaces_state`: the state that is
    there needn't be the one that the latest version left. `is_event`: the state stays as it is, and it is told all the
    same, also where nothing runs.
    """

    what: str
    stack: str
    work: Callable[[StackPlan], Ended]
    moves: Mapping[str, str] = field(default_factory=dict)
    replaces_state: bool = False
    needs_inputs: bool = False
    is_event: bool = False


def operate(project: Project, operation: Operation, request: Request, ui: Ui) -> SurgeryResult:
    """Do it, and record what the state is then. Its exit code is the engine's.

    Raises Locked, Refused (`never-applied` and the guards of a state), NotApproved; StoppedPartWay when the state
    can't be read back: then the intent stays, and `recover` finishes it.
    """
    place = find_place(project, request.env)

    def aim(facts: Snapshot) -> Target:
        target = looked_at(facts, request) if operation.is_event else surgery_target(facts)
        return in_its_stack(target, operation.stack)

    task = Task(project, place, operation.what, aim, request, ui)
    with task.alone():
        facts = settled(task, task.read(), Patience(request.wait_s))
        with running(facts, request, ui) as run:
            return _operated(run, task.aim(facts), operation)


def in_its_stack(target: Target, asked: str) -> Target:
    """Narrowed to one stack. Raises Refused (guard `several-stacks`) where it has to be named."""
    names = target.environment.stacks
    if not asked and len(names) > 1 and MAIN_STACK not in names:
        what = f"{target.env} has {len(names)} stacks: {', '.join(names)}"
        raise Refused("several-stacks", what, hint="name one: --stack STACK")
    name = StackName(asked or (next(iter(names)) if len(names) == 1 else MAIN_STACK))
    require_stack(target.environment, name)
    return replace(target, stacks=target.stacks.narrowed_to((name,)))


def _operated(run: Run, target: Target, operation: Operation) -> SurgeryResult:
    [name] = target.stacks.only
    specs = [spec for spec in target.specs() if spec.name == name or operation.needs_inputs]
    require_same_places(run.facts, specs)
    if run.facts.present.trouble is None:
        require_recordable(target, run.facts)
    reads = read_states(run, open_stacks(run, specs), knows_state=not operation.replaces_state)
    read = reads[name]
    if operation.needs_inputs:
        supply(read, reads)
    what = run.mask(operation.what)
    approval = agreed(run, target, what, read.before)
    backup = back_up(run, read, read.stack.engine.state_text())
    lease = Lease(run.facts, run.id, run.ui, run.mask)
    with signals.deferred(signals.FINISHED_FIRST):
        begin(lease, intent_of(run, target, [read], what, approval), what)
        failpoint.reach("surgery-begun")
        ended = _worked(lease, operation, read, what)
        failpoint.reach("surgery-done")
        after, hidden = _read_back(run, read, what)
        done = Operated(what, read, after, hidden, approval, operation.moves)
        if done.is_nothing:
            backup = forget_backup(backup)
        told = _told(target.env, done, ended, backup)  # before it is recorded: then what the engine said is gone
        card = _put_down(run, lease, target, operation, done, ended)
    return replace(told, version=Version(card.version) if card else None)


def _told(env: EnvName, done: Operated, ended: Ended, backup: str) -> SurgeryResult:
    """What is told of it; addresses and output may hold secrets, which the answer's mask hides."""
    changes = done.plan.changes
    return SurgeryResult(
        env=env,
        stack=done.read.spec.name,
        operation=done.what,
        exit_code=ended.exit_code,
        version=None,
        backup=backup,
        serial=done.after.serial,
        removed=tuple(change.address for change in changes if change.action is Action.FORGET),
        added=tuple(change.address for change in changes if change.action is Action.IMPORT),
        moved={change.address: change.previous_address for change in changes if change.action is Action.MOVE},
        output=ended.stdout.read_text("utf-8", "replace").rstrip("\n"),
        errors=ended.said_why,
    )


def read_states(
    run: Run, opened: list[tuple[StackSpec, OpenStack]], *, knows_state: bool = True
) -> dict[StackName, StackPlan]:
    """The stacks, ready, with the states that they have. What a state lacks is no reason not to mend it.

    With `knows_state` raises Refused (guards `state-absent`, `state-lineage`, `state-older`) for another state.
    """
    reads = {}
    run.ui.phase(f"preparing {run.facts.env}")
    for spec, stack in opened:
        stack.engine.prepare()
        state, hidden = stack.engine.pull_state()
        if knows_state:
            require_known_state(run.facts.env, spec.recorded, state)
        stack.hide_found(hidden, state.inventory)
        reads[spec.name] = StackPlan(spec, stack, state, hidden)
    run.ui.phase("")
    return reads


def agreed(run: Run, target: Target, what: str, state: StackState) -> Approval:
    """Who said yes. Raises NotApproved without a yes; where the environment is protected its name is typed."""
    consent, ui, env = run.request.consent, run.ui, target.env
    how = consent.standing or "--yes"
    if not consent.yes:
        if not ui.is_interactive:
            why = f"`{what}` changes the state of {env}"
            raise NotApproved("there is no terminal to ask on", why=why, hint="add --yes")
        ui.warn(f"`{what}` changes the state of {env} (serial {state.serial}, {len(state.inventory)} resources)")
        is_protected = target.rule.protected
        if not (ui.ask_for(f"Type {env} to go on", env) if is_protected else ui.confirm("Go on?")):
            raise NotApproved(f"the state of {env} was left as it is")
        how = "terminal"
    return Approval(who=str(target.facts.person), when=clock.now(), digest="", how=how)


def intent_of(run: Run, target: Target, reads: Sequence[StackPlan], what: str, approval: Approval) -> Intent:
    """That these stacks' states are about to change."""
    restores = target.way.restores
    return Intent(
        run_id=run.id,
        kind=Kind.SURGERY,
        commit=target.commit.sha,
        branch=target.branch,
        restores=restores.version.number if restores else None,
        headline=what,
        changes=1,
        plan_digest="",
        stacks={read.spec.name: StackIntent(read.before.lineage, read.before.serial) for read in reads},
        only=tuple(read.spec.name for read in reads),
        engine=str(reads[0].stack.engine.engine),
        approved_by=approval.who,
        approved_how=approval.how,
        keeps_providers=target.keeps_providers,
        rehearses=target.facts.place.rehearses or "",
    )


def begin(lease: Lease, intent: Intent, what: str) -> None:
    """Lock and intent. Raises Locked for a lost race."""
    try:
        lease.begin(intent, what=what, root=None)
    except LostRaceError as error:
        raise Locked(f"{lease.env} was changed by someone else meanwhile", hint="run it again") from error


def _worked(lease: Lease, operation: Operation, read: StackPlan, what: str) -> Ended:
    """What is raised is raised before anything was done: the engine's failures are in what it ended with."""
    try:
        return operation.work(read)
    except TfopsError as error:
        lease.close(f"{what} was not begun: {error.what}")
        raise


def _read_back(run: Run, read: StackPlan, what: str) -> tuple[StackState, frozenset[str]]:
    try:
        after, hidden = read.stack.engine.read_back()
    except TfopsError as error:
        raise StoppedPartWay(
            f"`{what}` was done, but the state can't be read back",
            why=f"{error.what}\n{error.why}".strip(),
            state="What became of the state isn't known; what it was is kept in `.git/tfops/backups`.",
            hint=f"tfops recover {run.facts.env}",
        ) from error
    read.stack.hide_found(hidden, after.inventory)
    return after, hidden


def _put_down(
    run: Run, lease: Lease, target: Target, operation: Operation, done: Operated, ended: Ended
) -> Card | None:
    """The version that was recorded; None where there is none to record."""
    trouble = run.facts.present.trouble
    if done.is_nothing and not (operation.is_event and ended.code == 0):
        end = "changed nothing" if ended.code == 0 else f"failed: {one_line(ended.errors[0].text, '', '', longest=200)}"
        lease.close(run.mask(f"{done.what} {end}"))
        return None
    if done.is_nothing or trouble is not None:
        lease.operated(f"{lease.env}: {done.what}", trouble_after(trouble, [done]) if trouble else None)
        return None
    return record_surgery(lease.facts, target, [done], run_id=run.id, seconds=run.seconds)
