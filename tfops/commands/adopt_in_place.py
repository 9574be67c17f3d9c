"""`adopt ENV` of an environment of modules whose states are where tfops.yaml says, and were made without those modules.

Another tool ran each module as a root. The states stay where they are: the first version does nothing but move what is
in them below the module that stands in the environment's file.
"""

import re
from collections.abc import Collection
from dataclasses import replace

from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.change.recordable import require_recordable
from tfops.change.request import Consent, Request
from tfops.change.run import Run
from tfops.change.snapshot import Snapshot, read_snapshot
from tfops.change.stack import open_stack
from tfops.change.story import change
from tfops.change.target import Target, apply_target
from tfops.change.task import Task
from tfops.change.ui import Ui
from tfops.commands.rehearsal import changes_listed
from tfops.errors import NotApproved, NotEmpty, Refused, UsageError
from tfops.ledger.versions import known_versions
from tfops.records.names import EnvName, StackName
from tfops.records.plan import Action, Plan
from tfops.records.state import StackState
from tfops.records.version import Kind
from tfops.resolve.bridge import Bridge, Move
from tfops.views.adopt import AdoptResult

_TOP = re.compile(r"module\.[^.\[]+|[^.\[]+\.[^.\[]+")


def adopt_in_place(project: Project, request: Request, ui: Ui) -> AdoptResult:
    """Record what is in the states as the first version. Raises Refused (guards `adopt`, `not-empty`, `exists`) with
    everything as it was before."""
    place = find_place(project, request.env)
    env = place.env
    target = apply_target(read_snapshot(project, place), request)
    stacks = target.environment.stacks
    if any(len(config.modules) != 1 for config in stacks.values()):
        raise UsageError(
            f"{env} has no `root` in tfops.yaml, and no folder is named",
            why="only a stack of one module can have the state of what was a root",
            hint=f"tfops adopt {env} FOLDER, or: {env}: {{branch: …, root: FOLDER}}",
        )
    if known_versions(project.repository, env).latest:
        raise Refused("exists", f"{env} has versions already", hint=f"look: tfops history {env}")
    modules = {stack: next(iter(config.modules)) for stack, config in stacks.items()}

    def aim(facts: Snapshot) -> Target:
        found = apply_target(facts, request)
        require_recordable(found, facts)
        bridges = {stack: _bridge(_state(found, stack, request, ui), module) for stack, module in modules.items()}
        way = replace(found.way, bridges=bridges)
        return replace(found, kind=Kind.ADOPT, way=way, reason=f"what is in its state becomes {env}")

    def accept(_: Target, plan: Plan, bare: Collection[StackName]) -> None:
        if bare:
            what = f"{env} has no state, or an empty one ({', '.join(bare)}): there is nothing to take over"
            raise Refused("adopt", what, hint=f"tfops apply {env}")
        _require_only_moves(env, plan)
        ui.show_plan(plan)
        if not request.consent.yes and not (ui.is_interactive and ui.confirm(f"Take what is there over as {env}?")):
            raise NotApproved(
                f"{env} was not taken over", why="that needs a yes", hint="add --yes: only addresses move"
            )

    agreed = replace(request, consent=Consent(yes=True, standing="adopt"))
    result = change(Task(project, place, "adopt", aim, agreed, ui, accept=accept))
    return AdoptResult(env, "its state", (), (), (), (), result.version, result.plan)


def _state(target: Target, stack: StackName, request: Request, ui: Ui) -> StackState:
    with target.facts.project.workspace.run(target.env) as folder:
        opened = open_stack(Run(target.facts, folder, request, ui), target.stacks.content, stack)
        opened.engine.prepare()
        return opened.engine.pull_state()[0]


def _bridge(state: StackState, module: str) -> Bridge:
    """What has to move below the module: resources of the root, and its modules as a whole."""
    sources = sorted({found[0] for address in state.inventory if (found := _TOP.match(address))})
    return Bridge(tuple(Move(source, f"module.{module}.{source}") for source in sources))


def _require_only_moves(env: EnvName, plan: Plan) -> None:
    wrong = [change for change in plan.work if change.action is not Action.MOVE]
    if wrong:
        raise NotEmpty(
            f"the first plan of {env} does more than move addresses: it isn't taken over",
            plan=replace(plan, changes=tuple(wrong)),
            why=changes_listed(wrong),
            hint="make the plan empty with the tool that made it first, or correct the inputs",
        )
