"""`engine`: a command of the user's own for the engine, in the root of what runs."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfops.change import surgery
from tfops.change.environment import Place, find_place
from tfops.change.own_reach import engine_folders
from tfops.change.planning import supply
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.run import Run
from tfops.change.snapshot import read_snapshot
from tfops.change.stack import open_stack
from tfops.change.stack_plan import StackPlan
from tfops.change.state_guards import require_same_places
from tfops.change.surgery import Operation, operate
from tfops.change.surgery_target import looked_at
from tfops.change.target import Target
from tfops.change.ui import Ui
from tfops.engine.passing import Effect, PassedCommand, read_command
from tfops.engine.plan import masked_plan
from tfops.engine.runner import Ended
from tfops.errors import Locked, Refused, UsageError
from tfops.records.addresses import in_its_stack
from tfops.records.state import ABSENT_STATE
from tfops.resolve.state import require_present
from tfops.views.plan import PlanResult
from tfops.views.states import EngineResult, SurgeryResult


def engine(
    project: Project, words: Sequence[str], request: Request, ui: Ui, *, stack: str, here: Path
) -> EngineResult | SurgeryResult:
    """Pass a command on. One that reads takes no lock but the machine's; one that changes the state is surgery.

    `here` is where relative paths are meant from. Raises Refused (guard `engine-command`) for what isn't passed on.
    """
    command = read_command(words, request.env or "ENV")
    if command.file not in ("", "-"):
        command = command.with_file(str((here / command.file).absolute()))
    if command.effect is Effect.CHANGES_STATE:
        return change_state(project, command, request, ui, stack=stack)
    return read(project, command, request, ui, stack=stack)


def in_one_stack(addresses: Sequence[str], stack: str) -> tuple[str, list[str]]:
    """The stack that addresses are in, by name or by what stands before them, and the engine's own addresses.

    Raises UsageError for addresses of several stacks, and where only some say theirs.
    """
    found = [in_its_stack(address, stack) for address in addresses]
    named = {at for at, _ in found} | ({stack} if stack else set())
    if len(named) > 1:
        why = f"they are in {', '.join(at or 'none that is named' for at in sorted(named))}"
        raise UsageError("one stack's state at a time", why=why, hint="one command for each stack")
    return next(iter(named), ""), [own for _, own in found]


def change_state(project: Project, command: PassedCommand, request: Request, ui: Ui, *, stack: str) -> SurgeryResult:
    """Under the environment's lock, with a backup, recorded as a version."""

    def work(read: StackPlan) -> Ended:
        return read.stack.engine.passing().run(command)

    operation = Operation(
        what=command.text,
        stack=stack,
        work=work,
        moves={command.rest[-2]: command.rest[-1]} if command.name == "state mv" and len(command.rest) > 1 else {},
        replaces_state=command.name == "state push",
        needs_inputs=command.needs_inputs,
        is_event=command.name == "force-unlock",
    )
    return operate(project, operation, request, ui)


def read(project: Project, command: PassedCommand, request: Request, ui: Ui, *, stack: str) -> EngineResult:
    """What the engine says, in the root of what runs; of the commit that is checked out where nothing runs.

    While a change of this clone works in that root, it is looked at as that change has it.
    """
    place = find_place(project, request.env)
    if not request.offline:
        project.fetch_for_reading(place.rules, ui)
    with _alone(project, place, command, request, ui) as is_alone, _run(project, place, request, ui) as run:
        ready = _ready(run, looked_at(run.facts, request), stack, command, writes=is_alone)
        if command.effect is Effect.READS:
            ended = ready.stack.engine.passing().run(command)
            text = ended.stdout.read_text("utf-8", "replace")
            return EngineResult(
                place.env, ready.spec.name, command.text, ended.exit_code, text, ended.said_why,
                is_exact=command.is_for_programs,
            )  # fmt: skip
    # Whoever talks to an engine may take an hour: nobody is kept waiting for that.
    code = ready.stack.engine.passing().talk(command)
    return EngineResult(place.env, ready.spec.name, command.text, code, "", "")


def plan_import(project: Project, address: str, known: str, request: Request, ui: Ui, *, stack: str) -> PlanResult:
    """What taking in one thing would come to, and what the code would then change of it."""
    place = find_place(project, request.env)
    project.fetch_for_reading(place.rules, ui)
    alone = project.changing(place.env, "import", wait_s=request.wait_s)
    with alone, _run(project, place, request, ui) as run:
        target = looked_at(run.facts, request)
        command = PassedCommand("import", (address, known), Effect.READS)
        ready = _ready(run, target, stack, command, writes=True)
        if address in ready.before.inventory:
            what = f"the state of {place.env} has {address} already"
            raise Refused("taken", what, hint=f"let it out first: tfops state rm {place.env} '{address}'")
        try:
            saved = ready.stack.engine.plan_import({address: known})
        finally:
            ready.stack.engine.forget_bridge()
        ready.stack.hide_found(saved.secrets, (change.address for change in saved.plan.changes))
        latest = run.facts.latest
        return PlanResult(place.env, None, latest.version if latest else None, masked_plan(saved.plan, run.mask))


@contextlib.contextmanager
def _alone(project: Project, place: Place, command: PassedCommand, request: Request, ui: Ui) -> Iterator[bool]:
    """Whether this machine's lock is held. Raises Locked where it isn't, and there is nothing to look at yet."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(project.changing(place.env, f"engine {command.name}", wait_s=request.wait_s))
            is_alone = True
        except Locked as error:
            folders = engine_folders(project.workspace, place.rules, place.env)
            if not any((folder / ".terraform").is_dir() for folder in folders):
                raise
            ui.note(f"{error.what}: looked at as that has it")
            is_alone = False
        yield is_alone


@contextlib.contextmanager
def _run(project: Project, place: Place, request: Request, ui: Ui) -> Iterator[Run]:
    """In a folder of its own: what is or was done by others lies in the environment's."""
    with project.workspace.scratch() as folder, contextlib.ExitStack() as ending:
        yield Run(read_snapshot(project, place), folder, request, ui, ending=ending)


def _ready(run: Run, target: Target, asked: str, command: PassedCommand, *, writes: bool) -> StackPlan:
    """The stack's engine, initialized; with the values that its variables take, and what is secret known."""
    target = surgery.in_its_stack(target, asked)
    [name] = target.stacks.only
    specs = [spec for spec in target.specs() if spec.name == name or command.needs_inputs]
    require_same_places(run.facts, specs)
    reads = {}
    last = next((spec.recorded.engine_name for spec in specs if spec.recorded), "")
    for spec in specs:
        stack = open_stack(run, spec.content, spec.name, prefer=last, writes=writes)
        if writes:
            stack.engine.prepare()
        state, hidden = ABSENT_STATE, frozenset[str]()
        if command.needs_inputs or command.is_about_state:
            state, hidden = stack.engine.pull_state()
            require_present(run.facts.env, spec.recorded, state)
            stack.hide_found(hidden, state.inventory)
        reads[spec.name] = StackPlan(spec, stack, state, hidden)
    if command.needs_inputs:
        supply(reads[name], reads)
    return reads[name]
