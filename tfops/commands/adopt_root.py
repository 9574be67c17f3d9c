"""`adopt ENV`: a root module of the repository becomes an environment where it is. No file moves, no address changes.

A state that stays where it is, in the backend that the code names, is only looked at. One that tfops.yaml wants
elsewhere, or that lies beside the code, is copied to its place, and what was there stays as it was. The first plan must
be empty: it is made on a copy before, but in tfops' own folder, where the copy goes again when it isn't.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from tfops.change.content import Content
from tfops.change.encryption import encrypts
from tfops.change.environment import Place, find_place
from tfops.change.own_root import holds_resources, state_beside, told_path
from tfops.change.project import Project
from tfops.change.recordable import require_recordable
from tfops.change.request import Consent, Request
from tfops.change.run import Run, running
from tfops.change.snapshot import Snapshot, read_snapshot
from tfops.change.stack import open_stack
from tfops.change.story import change
from tfops.change.target import Target, apply_target
from tfops.change.task import Task
from tfops.change.ui import Ui
from tfops.commands.adopt_in_place import adopt_in_place
from tfops.commands.legacy_state import OldState, read_old_state
from tfops.commands.moving_state import bring_state
from tfops.commands.rehearsal import changes_listed
from tfops.commands.state_copy import copy_states, kept_with_a_version, own_state_file
from tfops.config.backend import Backend
from tfops.config.legacy import backend_of
from tfops.config.modules.interface import module_texts
from tfops.engine.plan import masked_plan
from tfops.errors import NotApproved, NotEmpty, Refused
from tfops.ledger.versions import known_versions
from tfops.records.names import EnvName, StackName
from tfops.records.plan import Plan
from tfops.records.version import Kind
from tfops.resolve.merged_plan import merge_plans
from tfops.system.workspace import write_file
from tfops.views.adopt import AdoptResult
from tfops.views.words import plural

_COPIED = "The state is copied to its new place, where no version uses it yet; the one beside the code is as it was."


def adopt_root(project: Project, request: Request, ui: Ui) -> AdoptResult:
    """Take over what an environment's root made. Raises Refused (guards `adopt`, `not-empty`, `exists`, `state-exists`)
    with everything as it was before."""
    place = find_place(project, request.env)
    env = place.env
    target = apply_target(read_snapshot(project, place), request)
    roots = target.environment.own_roots
    if not roots:
        return adopt_in_place(project, request, ui)
    if known_versions(project.repository, env).latest:
        raise Refused("exists", f"{env} has versions already", hint=f"look: tfops history {env}")
    folders = ", ".join(root.path for root in roots)
    brought = _states_to_bring(project, target, request, ui)
    here = _own_files(target, brought)
    if brought and not here:
        _require_empty(env, _rehearsed(target, brought, request, ui))
        _ask(env, folders, request, ui)

    def aim(facts: Snapshot) -> Target:
        now = replace(apply_target(facts, request), kind=Kind.ADOPT, reason=f"{folders} becomes {env}")
        require_recordable(now, facts)
        copy_states(here, env)
        for stack, old in brought.items() if not here else ():
            _bring_state(now, stack, old, request, ui)
        return now

    def accept(target: Target, plan: Plan, bare: Collection[StackName]) -> None:
        if bare:
            what = f"{env} has no state, or an empty one: there is nothing to take over"
            raise Refused("adopt", what, hint=f"tfops apply {target.env}")
        _require_empty(env, plan)
        if here or not brought:
            _ask(env, folders, request, ui)

    # Without a yes: only a plan that is empty becomes a version.
    task = Task(project, place, "adopt", aim, replace(request, consent=Consent()), ui, accept=accept)
    with kept_with_a_version(project, env, _found_anyway(target, here)):
        result = change(task)
    return AdoptResult(env, folders, (), (), (), (), result.version, result.plan)


def _states_to_bring(project: Project, target: Target, request: Request, ui: Ui) -> dict[StackName, OldState]:
    """Those that aren't where the environment is to have them, as Terraform itself would find them."""
    found: dict[StackName, OldState] = {}
    rules, env = target.rules, target.env
    for stack, config in target.environment.stacks.items():
        backend = rules.backend_of(env, stack)
        if config.root is None or (backend.is_own and backend.kind != "local"):
            continue
        folder, workspace = project.repository.root / config.root.path, rules.workspace_of(env)
        if backend.kind == "local" and _is_here(target, stack, state_beside(project, config.root.path, workspace)):
            continue
        old = backend_of(module_texts(folder) if folder.is_dir() else {})
        found[stack] = read_old_state(project, folder, old, rules, request, workspace=workspace or "default")
        count = plural(len(found[stack].state.inventory), "resource")
        where = told_path(Path(found[stack].where), project) if old.kind == "local" else found[stack].where
        ui.note(f"{config.root.path}: {count}, serial {found[stack].state.serial}, state in {where}")
    return found


def _is_here(target: Target, stack: StackName, beside: Path | None) -> bool:
    """Whether a state was laid into tfops' own folder already, and none lies beside the code that may be newer."""
    path = own_state_file(target.facts.project, target.rules, target.env, stack)
    return holds_resources(path) and not (beside and holds_resources(beside))


def _own_files(target: Target, brought: Mapping[StackName, OldState]) -> dict[Path, str]:
    """The states by their files in tfops' own folder, where all of them go there: a plan on such a copy touches nothing
    that is anybody's. Empty where they go elsewhere, or the engine is to encrypt them."""
    rules, env = target.rules, target.env
    if encrypts(rules) or any(rules.backend_of(env, stack).kind != "local" for stack in brought):
        return {}
    project = target.facts.project
    return {own_state_file(project, rules, env, stack): old.text for stack, old in brought.items()}


def _found_anyway(target: Target, files: Mapping[Path, str]) -> dict[Path, str]:
    """The copies of states that lie beside the code, where whoever applies the environment is stopped by them. Another
    one stays: an environment without a state would be made a second time."""
    project, rules, env = target.facts.project, target.rules, target.env
    found: dict[Path, str] = {}
    for stack, config in target.environment.stacks.items():
        path = own_state_file(project, rules, env, stack)
        beside = state_beside(project, config.root.path, rules.workspace_of(env)) if config.root else None
        if path in files and beside and holds_resources(beside):
            found[path] = files[path]
    return found


def _ask(env: EnvName, folders: str, request: Request, ui: Ui) -> None:
    """Raises NotApproved."""
    if not request.consent.yes and not (ui.is_interactive and ui.confirm(f"Take {folders} over as {env}?")):
        raise NotApproved(f"{env} was not taken over", why="that needs a yes", hint="add --yes: the plan is empty")


def _rehearsed(target: Target, brought: Mapping[StackName, OldState], request: Request, ui: Ui) -> Plan:
    """The plan of each root on a copy of its state, which is gone afterwards."""
    env, project = target.env, target.facts.project
    stage = EnvName(f"{env}-adopt")
    content = _staged(target.stacks.content, env, stage)
    plans: dict[StackName, Plan] = {}
    try:
        facts = read_snapshot(project, Place(stage, "", f"the rehearsal of {env}", content.rules))
        with running(facts, request, ui) as run:
            ui.phase(f"rehearsing the first plan of {env}")
            for stack, old in brought.items():
                opened = open_stack(run, content, stack)
                opened.engine.prepare()
                write_file(run.folder / f"{stack}.tfstate", old.text)
                opened.engine.push_state(str(run.folder / f"{stack}.tfstate"), force=True)
                plans[stack] = masked_plan(opened.engine.plan().plan, run.mask)
            ui.phase("")
    finally:
        project.workspace.forget_environment(stage)
    return merge_plans(plans)


def _staged(content: Content, env: EnvName, stage: EnvName) -> Content:
    """The same code with its states in tfops' own folder, under another name."""
    rule = content.rules.environments[env]
    local = dict.fromkeys(rule.roots, Backend("local", is_own=True))
    rules = replace(content.rules, environments={stage: replace(rule, own_backends=local)})
    return replace(content, rules=rules, environment=replace(content.environment, name=stage), base=env)


def _require_empty(env: EnvName, found: Plan) -> None:
    if found.is_empty:
        return
    outputs = [f"outputs: {', '.join(found.changed_outputs)}"] if found.changed_outputs else []
    raise NotEmpty(
        f"the first plan of {env} isn't empty: it isn't taken over",
        plan=found,
        why="\n".join(filter(None, [changes_listed(found.work), *outputs])),
        hint="make `terraform plan` in that folder empty first, or give what -var and TF_VAR_ gave as `inputs:`",
    )


def _bring_state(target: Target, stack: StackName, old: OldState, request: Request, ui: Ui) -> None:
    """Copy a state to where the environment keeps it, unless a run before this one did. Never over another state."""
    with target.facts.project.workspace.run(target.env) as folder:
        opened = open_stack(Run(target.facts, folder, request, ui), target.stacks.content, stack)
        opened.engine.prepare()
        bring_state(opened, folder, old.state, old.text, said=_COPIED)
