"""`adopt`: a Terraform folder becomes an environment, and nothing of what it made is touched.

The first run writes the files and rehearses the first plan on a copy of the state; it takes the files
away again when that plan would do anything. Once they are committed, the second run rehearses again, copies the
state to its new place and records the first version, whose plan only moves addresses.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tfops.config import names
from tfops.config.backend import Backend
from tfops.config.edit import with_environment, with_providers
from tfops.config.environment import EnvironmentConfig, load_environment, load_rules, lock_file_path
from tfops.config.inherit import FOLDER
from tfops.config.legacy import Draft, draft_of, environment_text, moved_sources
from tfops.config.modules.interface import MODULES
from tfops.config.project import PROJECT_FILE, ProjectConfig
from tfops.engine.environment import base_environment
from tfops.engine.foreign import pull_foreign_state
from tfops.engine.state import parse_state
from tfops.errors import NotApproved, ProjectError, Refused, UsageError
from tfops.flows.change import ChangeOptions
from tfops.flows.changes import change
from tfops.flows.consent import ConsentOptions
from tfops.flows.project import Project
from tfops.flows.stack import Content, EngineOptions, locate, open_stack, require_stack
from tfops.flows.target import Place, Target, apply_target, find_place
from tfops.flows.ui import Ui
from tfops.ledger.versions import versions_of
from tfops.model import LOCK_FILE, MAIN_STACK, Action, EnvName, Kind, Plan, StackState
from tfops.resolve.bridge import Bridge, Move
from tfops.results import AdoptResult
from tfops.system.trees import GitTree
from tfops.system.workspace import explained_disk_errors, write_file, write_new_files

MARKER = "ADOPTED-BY-TFOPS.txt"

_SKIPPED = (".terraform", ".git", "terraform.tfstate.d")
_MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class _Legacy:
    """The folder: its draft as a module, its state, and what must move."""

    folder: Path
    module: str
    draft: Draft
    state_text: str
    state: StackState

    @property
    def bridge(self) -> Bridge:
        sources = moved_sources(json.loads(self.state_text))
        return Bridge(tuple(Move(source, f"module.{self.module}.{source}") for source in sources))


def adopt(
    project: Project, env: str, folder: Path, *, module: str | None, branch: str | None, options: ChangeOptions, ui: Ui
) -> AdoptResult:
    """Write the environment's files, or when they are committed: take over the state and record the first version.

    Raises Refused (guards `adopt`, `not-empty`, `exists`, `state-exists`) with everything as it was before.
    """
    if not names.is_environment_name(env):
        raise UsageError(f"{names.shown(env)} can't name an environment", why=names.ENVIRONMENT_RULE)
    name, root = EnvName(env), project.repository.root
    tree = GitTree.of_commit(project.repository, project.repository.head)
    rules = load_rules(tree)
    if versions_of(project.repository, name).latest:
        raise Refused(
            "exists", f"{name} has versions already", hint="choose another name, or look: tfops history " + name
        )
    legacy = _read(project, folder, module, rules, options.engine)
    ui.note(f"{folder}: {len(legacy.state.inventory)} resources, serial {legacy.state.serial}")
    if tree.read(f"{FOLDER}/{name}.yaml") is not None:
        return _finish(project, name, legacy, options=options, ui=ui)
    new = _new_files(legacy, name)
    taken = [path for path in new if (root / path).exists()]
    if taken:
        raise Refused(
            "exists", f"`{taken[0]}` is there already", hint="commit it, or choose another name: --module NAME"
        )
    before = (root / PROJECT_FILE).read_bytes().decode("utf-8")
    after = _project_text(project, rules, legacy, text=before, env=name, branch=branch)
    try:
        write_new_files(root, new)
        (root / PROJECT_FILE).write_text(after, encoding="utf-8", newline="")
        snapshot = GitTree.of_work_tree(project.repository)
        plan = _rehearse(
            project, legacy, env=name, tree=snapshot, rules=load_rules(snapshot), engine=options.engine, ui=ui
        )
    except BaseException:
        _undo(root, new, before)
        raise
    ui.show_plan(plan)
    changed = (PROJECT_FILE,) if after != before else ()
    return AdoptResult(
        name, str(folder), tuple(new), changed, legacy.draft.secrets, legacy.draft.kept_providers, None, plan
    )


def _read(project: Project, folder: Path, module: str | None, rules: ProjectConfig, engine: EngineOptions) -> _Legacy:
    name = module or folder.resolve().name.replace(".", "-").replace(" ", "-").lower()
    if not names.is_module_name(name):
        raise UsageError(f"{names.shown(name)} can't name a module", why=names.MODULE_RULE, hint="--module NAME")
    if not folder.is_dir():
        raise ProjectError(f"there is no folder `{folder}`")
    files = dict(_texts(folder))
    draft = draft_of(files, known=rules.providers)
    text = _state_text(project, folder, draft, rules, engine)
    state = parse_state(text)
    if state.is_absent or not state.inventory:
        raise Refused(
            "adopt",
            f"`{folder}` has no state, or an empty one: there is nothing to take over",
            hint=f"use it as a module: move it to {MODULES}/{name}",
        )
    return _Legacy(folder, name, draft, text, state)


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file that the module needs, by its path. State and what `init` makes are left out."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if inside.parts[0] in _SKIPPED or ".tfstate" in path.name or path.name in (MARKER, LOCK_FILE):
            continue
        if path.is_symlink():
            raise Refused("adopt", f"`{path}` is a link", hint="put what it points to in its place")
        if path.is_file():
            with explained_disk_errors(f"read {path}"):
                try:
                    yield inside.as_posix(), path.read_text(encoding="utf-8")
                except UnicodeDecodeError as error:
                    raise Refused("adopt", f"`{path}` is not text", hint="keep it outside of the folder") from error


def _state_text(project: Project, folder: Path, draft: Draft, rules: ProjectConfig, engine: EngineOptions) -> str:
    workspace = folder / ".terraform/environment"
    selected = workspace.read_text(encoding="utf-8").strip() if workspace.is_file() else "default"
    if draft.backend.kind == "local":
        settings = draft.backend.settings
        path = folder / str(settings.get("path") or "terraform.tfstate")
        if selected != "default":
            path = folder / str(settings.get("workspace_dir") or "terraform.tfstate.d") / selected / "terraform.tfstate"
        if (path.parent / f".{path.name}.lock.info").exists():
            raise Refused("adopt", f"someone is changing `{folder}` now: its state is locked", hint="wait for them")
        return path.read_text(encoding="utf-8") if path.is_file() else ""
    with project.workspace.scratch() as scratch:
        name = "backend.tf.json" if draft.backend.text.startswith("{") else "backend.tf"
        write_file(scratch / name, draft.backend.text)
        for told in ("terraform.tfstate", "environment"):
            if (folder / ".terraform" / told).is_file():
                (scratch / ".terraform").mkdir(exist_ok=True)
                shutil.copy(folder / ".terraform" / told, scratch / ".terraform" / told)
        found = locate(project, rules, engine.engine)
        return pull_foreign_state(found, scratch, env=base_environment(rules.engine.env))


def _new_files(legacy: _Legacy, env: EnvName) -> dict[str, str]:
    files = {f"{MODULES}/{legacy.module}/{name}": text for name, text in legacy.draft.files.items()}
    files[f"{FOLDER}/{env}.yaml"] = environment_text(env, legacy.module, legacy.draft.inputs)
    lock = legacy.folder / LOCK_FILE
    return files | ({lock_file_path(env): lock.read_text(encoding="utf-8")} if lock.is_file() else {})


def _project_text(
    project: Project, rules: ProjectConfig, legacy: _Legacy, *, text: str, env: EnvName, branch: str | None
) -> str:
    """tfops.yaml with the environment's line and the folder's providers, where they are missing."""
    try:
        if env not in rules.environments:
            text = with_environment(text, env, _branch(project, rules, branch))
        return with_providers(text, {
            name: block for name, block in legacy.draft.providers.items() if name not in rules.providers
        })  # fmt: skip
    except ValueError as error:
        raise Refused(
            "unusual-form",
            f"`{PROJECT_FILE}` can't be changed without risk: {error}",
            hint=f"add `{env}` below `environments:` and its `providers:` by hand, then run this again",
        ) from error


def _branch(project: Project, rules: ProjectConfig, branch: str | None) -> str:
    wanted = branch or project.repository.branch
    taken = [env for env, rule in rules.environments.items() if rule.branch == wanted]
    if not wanted or not names.is_branch_pattern(wanted) or (taken and not branch):
        raise UsageError(
            "which branch is this environment's?",
            why=f"`{wanted}` is the branch of {taken[0]}" if taken else "",
            hint="--branch NAME",
        )
    return wanted


def _undo(root: Path, new: Mapping[str, str], project_text: str) -> None:
    for path in new:
        (root / path).unlink(missing_ok=True)
        folder = (root / path).parent
        while folder != root and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent
    (root / PROJECT_FILE).write_text(project_text, encoding="utf-8", newline="")


def _rehearse(
    project: Project,
    legacy: _Legacy,
    *,
    env: EnvName,
    tree: GitTree,
    rules: ProjectConfig,
    engine: EngineOptions,
    ui: Ui,
) -> Plan:
    """The first plan, on a copy of the state that is gone afterwards. Raises Refused unless it only moves addresses."""
    stage = EnvName(f"{env}-adopt")
    environment = load_environment(tree, rules, env, project.input_check(tree))
    staged = replace(rules, backend=Backend(), environments={stage: replace(rules.environments[env], backend={})})
    content = Content(staged, replace(environment, name=stage), tree, tree.read(lock_file_path(env)))
    _require_called(environment, env, legacy)
    try:
        write_file(project.workspace.state(stage) / f"{MAIN_STACK}.tfstate", legacy.state_text)
        with project.workspace.run(stage) as folder:
            stack = open_stack(project, content, folder=folder, options=engine, ui=ui)
            ui.phase(f"rehearsing the first plan of {env}")
            stack.engine.prepare()
            plan = stack.engine.plan_bridged(legacy.bridge.blocks()).plan
            ui.phase("")
    finally:
        project.workspace.forget_environment(stage)
    _require_only_moves(env, plan)
    return plan


def _require_called(environment: EnvironmentConfig, env: EnvName, legacy: _Legacy) -> None:
    modules = require_stack(environment, MAIN_STACK).modules
    if legacy.module not in modules:
        hint = f"--module {next(iter(modules))}"
        raise Refused("adopt", f"`{FOLDER}/{env}.yaml` has no module `{legacy.module}`", hint=hint)


def _require_only_moves(env: EnvName, plan: Plan) -> None:
    wrong = [change for change in plan.work if change.action is not Action.MOVE]
    if not wrong:
        return
    lines = [
        f"{change.action} {change.address}" + (f" ({', '.join(item.path for item in change.attributes[:3])})")
        for change in wrong[:_MOST_SHOWN]
    ]
    more = [f"… and {len(wrong) - _MOST_SHOWN} more"] if len(wrong) > _MOST_SHOWN else []
    raise Refused(
        "not-empty",
        f"the first plan of {env} isn't empty: the folder isn't taken over",
        why="\n".join(lines + more),
        state="Nothing was changed; the files that were written are gone again.",
        hint="make `terraform plan` in that folder empty first; then run this again",
    )


def _finish(project: Project, env: EnvName, legacy: _Legacy, *, options: ChangeOptions, ui: Ui) -> AdoptResult:
    """The files are committed: rehearse again, copy the state, move the addresses, record the version."""
    place = find_place(project, env)
    target = apply_target(project, place, allowed=options.allowed)
    plan = _rehearse(project, legacy, env=env, tree=target.tree, rules=target.rules, engine=options.engine, ui=ui)
    if not options.consent.yes:
        _ask(plan, legacy, env, ui)
    agreed = replace(options, consent=ConsentOptions(yes=True, standing="adopt"))

    def find() -> Target:
        found = apply_target(project, place, allowed=options.allowed)
        reason, bridges = f"{legacy.folder} becomes {env}", {MAIN_STACK: legacy.bridge}
        found = replace(found, kind=Kind.ADOPT, bridges=bridges, reason=reason)
        _bring_state(project, found, legacy, options=options.engine, ui=ui)
        return found

    result = change(project, place, find, what="adopt", options=agreed, ui=ui)
    _leave_marker(legacy, place)
    kept = legacy.draft.kept_providers
    return AdoptResult(env, str(legacy.folder), (), (), legacy.draft.secrets, kept, result.version, result.plan)


def _ask(plan: Plan, legacy: _Legacy, env: EnvName, ui: Ui) -> None:
    ui.show_plan(plan)
    if not (ui.is_interactive and ui.confirm(f"Take {legacy.folder} over as {env}?")):
        hint = "look at the plan above, then add --yes"
        raise NotApproved(f"{env} was not taken over", why="that needs a yes", hint=hint)


def _bring_state(project: Project, target: Target, legacy: _Legacy, *, options: EngineOptions, ui: Ui) -> None:
    """Copy the state to where the environment keeps it, unless a run before this one did. Never over another state."""
    with project.workspace.run(target.env) as folder:
        stack = open_stack(project, target.content, folder=folder, options=options, ui=ui)
        stack.engine.prepare()
        there, _ = stack.engine.pull_state()
        if there.lineage == legacy.state.lineage and there.serial >= legacy.state.serial:
            return
        if not there.is_absent and there.inventory:
            raise Refused(
                "state-exists",
                f"{target.env} has a state already, and it is another one",
                why=f"its lineage is {there.lineage}, the folder's is {legacy.state.lineage}",
                hint="look at `backend` in tfops.yaml: the place must be empty",
            )
        copy = folder / "adopted.tfstate"
        write_file(copy, legacy.state_text)
        stack.engine.push_state(str(copy))


def _leave_marker(legacy: _Legacy, place: Place) -> None:
    text = (
        f"This folder was taken over by tfops as environment `{place.env}`.\n"
        "Its state lives on there; the one here is as it was.\n"
        "Don't apply here any more: both would change the same things.\n"
    )
    try:
        (legacy.folder / MARKER).write_text(text, encoding="utf-8")
    except OSError:
        return  # a folder that can't be written to can't be applied in by mistake either
