"""`adopt`: a Terraform folder becomes an environment, and nothing of what it made is touched.

The first run writes the files and rehearses the first plan on a copy of the state; it takes the files
away again when that plan would do anything. Once they are committed, the second run rehearses again, copies the
state to its new place and records the first version, whose plan only moves addresses.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tfops.change.environment import Place, find_place
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
from tfops.commands.legacy import Legacy, leave_marker, read_legacy
from tfops.commands.moving_state import bring_state
from tfops.commands.rehearsal import rehearse
from tfops.config import names
from tfops.config.edit import with_environment, with_providers
from tfops.config.environment import load_rules, lock_file_path
from tfops.config.legacy import environment_text
from tfops.config.names import PROJECT_FILE
from tfops.config.project import ProjectConfig
from tfops.errors import NotApproved, Refused, UsageError
from tfops.ledger.versions import known_versions
from tfops.records.names import MAIN_STACK, EnvName
from tfops.records.plan import Plan
from tfops.records.rendered import LOCK_FILE
from tfops.records.version import Kind
from tfops.system import failpoint, signals
from tfops.system.trees import GitTree
from tfops.system.workspace import in_work_tree, replace_text, write_new_files
from tfops.views.adopt import AdoptResult
from tfops.views.words import plural

_COPIED = (
    "The state is copied to its new place, where no version uses it yet; the folder and its state are as they were."
)


def adopt(
    project: Project, folder: Path, request: Request, ui: Ui, *, module: str | None = None, branch: str | None = None
) -> AdoptResult:
    """Write the environment's files, or when they are committed: take over the state and record the first version.

    Raises Refused (guards `adopt`, `not-empty`, `exists`, `state-exists`) with everything as it was before.
    """
    env = request.env or ""
    if not names.is_environment_name(env):
        raise UsageError(f"{names.shown(env)} can't name an environment", why=names.ENVIRONMENT_RULE)
    name, root = EnvName(env), project.repository.root
    tree = project.tree(worktree=False)
    rules, folders = load_rules(tree), tree.folders
    if known_versions(project.repository, name).latest:
        raise Refused(
            "exists", f"{name} has versions already", hint="choose another name, or look: tfops history " + name
        )
    legacy = read_legacy(project, folder, module, rules, request)
    count = plural(len(legacy.state.inventory), "resource")
    ui.note(f"{folder}: {count}, serial {legacy.state.serial}, state in {legacy.old.where}")
    for values in legacy.ignored_values:
        ui.warn(
            f"Git ignores `{values}`; what it says of variables that aren't sensitive stands in "
            f"{folders.environments}/{name}.yaml"
        )
    if tree.read(f"{folders.environments}/{name}.yaml") is not None:
        return _finish(project, name, legacy, request, ui)
    new = _new_files(tree, legacy, name)
    taken = [path for path in new if in_work_tree(root, path).exists()]
    if taken:
        raise Refused(
            "exists", f"`{taken[0]}` is there already", hint="commit it, or choose another name: --module NAME"
        )
    before = (root / PROJECT_FILE).read_bytes().decode("utf-8")
    after = _project_text(project, rules, legacy, text=before, env=name, branch=branch)
    project_file = in_work_tree(root, PROJECT_FILE)
    try:
        write_new_files(root, new, {f"{folders.modules}/{legacy.module}/{path}" for path in legacy.executable})
        replace_text(project_file, after)
        failpoint.reach("files-written")
        snapshot = project.tree(worktree=True)
        place = Place(name, "", f"environment {name}", load_rules(snapshot))
        plan = rehearse(project, legacy, place, snapshot, request=request, ui=ui)
        failpoint.reach("rehearsed")
        ui.show_plan(plan)
    except BaseException:
        with signals.deferred():
            _undo(root, new, before)
        raise
    signals.tell_if_interrupted(f"The files of {name} were written first: look at them, and commit them.")
    changed = (PROJECT_FILE,) if after != before else ()
    return AdoptResult(
        name, str(folder), tuple(new), changed, legacy.draft.secrets, legacy.draft.kept_providers, None, plan
    )


def _new_files(tree: GitTree, legacy: Legacy, env: EnvName) -> dict[str, str]:
    folders = tree.folders
    files = {f"{folders.modules}/{legacy.module}/{name}": text for name, text in legacy.draft.files.items()}
    files[f"{folders.environments}/{env}.yaml"] = environment_text(env, legacy.module, legacy.draft.inputs)
    lock = legacy.folder / LOCK_FILE
    return files | ({lock_file_path(tree, env): lock.read_text(encoding="utf-8")} if lock.is_file() else {})


def _project_text(
    project: Project, rules: ProjectConfig, legacy: Legacy, *, text: str, env: EnvName, branch: str | None
) -> str:
    """tfops.yaml with the environment's line and the folder's providers, where they are missing."""
    try:
        if env not in rules.environments:
            text = with_environment(text, env, {"branch": _branch(project, rules, branch)})
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
    replace_text(root / PROJECT_FILE, project_text)


def _finish(project: Project, env: EnvName, legacy: Legacy, request: Request, ui: Ui) -> AdoptResult:
    """The files are committed: rehearse again, copy the state, move the addresses, record the version."""
    place = find_place(project, env)
    target = apply_target(read_snapshot(project, place), request)
    content = target.stacks.content
    plan = rehearse(project, legacy, replace(place, rules=content.rules), content.tree, request=request, ui=ui)
    if not request.consent.yes:
        _ask(plan, legacy, env, ui)

    def aim(facts: Snapshot) -> Target:
        found = apply_target(facts, request)
        way = replace(found.way, bridges={MAIN_STACK: legacy.bridge})
        found = replace(found, kind=Kind.ADOPT, way=way, reason=f"{legacy.folder} becomes {env}")
        _bring_state(found, legacy, request, ui)
        return found

    agreed = replace(request, consent=Consent(yes=True, standing="adopt"))
    try:
        result = change(Task(project, place, "adopt", aim, agreed, ui))
    finally:
        if known_versions(project.repository, env).latest:  # an interrupt comes out when the version is recorded
            leave_marker(legacy, env)
    kept = legacy.draft.kept_providers
    return AdoptResult(env, str(legacy.folder), (), (), legacy.draft.secrets, kept, result.version, result.plan)


def _ask(plan: Plan, legacy: Legacy, env: EnvName, ui: Ui) -> None:
    ui.show_plan(plan)
    if not (ui.is_interactive and ui.confirm(f"Take {legacy.folder} over as {env}?")):
        hint = "look at the plan above, then add --yes"
        raise NotApproved(f"{env} was not taken over", why="that needs a yes", hint=hint)


def _bring_state(target: Target, legacy: Legacy, request: Request, ui: Ui) -> None:
    """Copy the state to where the environment keeps it, unless a run before this one did. Never over another state."""
    require_recordable(target, target.facts)
    with target.facts.project.workspace.run(target.env) as folder:
        stack = open_stack(Run(target.facts, folder, request, ui), target.stacks.content)
        stack.engine.prepare()
        bring_state(stack, folder, legacy.state, legacy.state_text, said=_COPIED)
