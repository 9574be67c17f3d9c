"""The first plan of an environment that takes a folder over, on a copy of its state: it may only move addresses."""

from collections.abc import Sequence
from dataclasses import replace

from tfops.change.content import Content
from tfops.change.encryption import encrypts
from tfops.change.environment import Place
from tfops.change.modules import input_check
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.run import running
from tfops.change.run_values import known_values
from tfops.change.snapshot import read_snapshot
from tfops.change.stack import open_stack, require_stack
from tfops.change.ui import Ui
from tfops.commands.legacy import Legacy
from tfops.config.backend import Backend
from tfops.config.environment import EnvironmentConfig, load_environment, read_provider_lock
from tfops.errors import Refused
from tfops.records.names import MAIN_STACK, EnvName
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.system.trees import GitTree
from tfops.system.workspace import write_file

_MOST_SHOWN = 10
_COPY = "adopted.tfstate"


def rehearse(project: Project, legacy: Legacy, place: Place, tree: GitTree, *, request: Request, ui: Ui) -> Plan:
    """The plan; the copy is gone afterwards. Raises Refused (guard `not-empty`) unless it only moves addresses."""
    env, rules = place.env, place.rules
    stage = EnvName(f"{env}-adopt")
    environment = load_environment(tree, rules, env, input_check(project, tree))
    staged = replace(rules, backend=Backend(), environments={stage: replace(rules.environments[env], backend={})})
    content = Content(staged, replace(environment, name=stage), tree, read_provider_lock(tree, env), base=env)
    content = replace(content, known=known_values(rules, env, project.repository.head, place.branch))
    _require_called(environment, env, legacy)
    try:
        sealed = encrypts(rules)
        if not sealed:
            write_file(project.workspace.state(stage) / f"{MAIN_STACK}.tfstate", legacy.state_text)
        facts = read_snapshot(project, Place(stage, "", f"the rehearsal of {env}", staged))
        with running(facts, request, ui) as run:
            stack = open_stack(run, content)
            ui.phase(f"rehearsing the first plan of {env}")
            stack.engine.prepare()
            if sealed:  # the engine refuses to read one in clear, and the copy shouldn't lie there so
                write_file(run.folder / _COPY, legacy.state_text)
                stack.engine.push_state(str(run.folder / _COPY), force=True)
            plan = stack.engine.plan_bridged(legacy.bridge.blocks()).plan
            ui.phase("")
    finally:
        project.workspace.forget_environment(stage)
    _require_only_moves(env, plan)
    return plan


def _require_called(environment: EnvironmentConfig, env: EnvName, legacy: Legacy) -> None:
    modules = require_stack(environment, MAIN_STACK).modules
    if legacy.module not in modules:
        hint = f"--module {next(iter(modules))}"
        raise Refused("adopt", f"the file of {env} has no module `{legacy.module}`", hint=hint)


def changes_listed(changes: Sequence[ResourceChange]) -> str:
    """A line for each, with what of it changes; not of all where there are many."""
    lines = [
        f"{change.action} {change.address}" + (f" ({', '.join(item.path for item in change.attributes[:3])})")
        for change in changes[:_MOST_SHOWN]
    ]
    more = [f"… and {len(changes) - _MOST_SHOWN} more"] if len(changes) > _MOST_SHOWN else []
    return "\n".join(lines + more)


def _require_only_moves(env: EnvName, plan: Plan) -> None:
    wrong = [change for change in plan.work if change.action is not Action.MOVE]
    if not wrong:
        return
    raise Refused(
        "not-empty",
        f"the first plan of {env} isn't empty: the folder isn't taken over",
        why=changes_listed(wrong),
        state="Nothing was changed; the files that were written are gone again.",
        hint="make `terraform plan` in that folder empty first; then run this again",
    )
