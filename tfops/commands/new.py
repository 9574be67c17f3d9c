"""`new environment` and `new module`: files that a developer goes on from. Nothing is committed."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tfops.change.modules import interfaces_of
from tfops.change.project import Project
from tfops.commands.starter import module_files
from tfops.config import names
from tfops.config.edit import with_environment
from tfops.config.environment import load_rules
from tfops.config.example import example_yaml
from tfops.config.modules.interface import Interfaces
from tfops.config.names import PROJECT_FILE
from tfops.config.project import ProjectConfig
from tfops.config.stacks import stack_files
from tfops.errors import Refused, UsageError
from tfops.records.names import MAIN_STACK, EnvName
from tfops.resolve.branches import require_environment
from tfops.system import signals
from tfops.system.trees import Tree
from tfops.system.workspace import in_work_tree, replace_text, write_new_files
from tfops.views.init import NewResult


def new_environment(project: Project, name: str, *, like: str | None, branch: str | None) -> NewResult:
    """Write an environment's file and its line in tfops.yaml, bound to `branch` (its name when left out).

    Raises UsageError for a name or branch that can't be, Refused (guard `exists`) when something has the name.
    """
    if not names.is_environment_name(name):
        raise UsageError(f"{names.shown(name)} can't name an environment", why=names.ENVIRONMENT_RULE)
    pattern = branch or name
    if not names.is_branch_pattern(pattern):
        raise UsageError(f"{names.shown(pattern)} can't be a branch pattern", why=names.BRANCH_RULE)
    tree = project.tree(worktree=True)
    rules = load_rules(tree)
    require_new_name(name, taken_environments(tree, rules))
    if like:
        require_files(rules, EnvName(like), name, pattern)
        files = _like(tree, rules.files_of(require_environment(like, rules)), EnvName(name))
    else:
        files = {f"{tree.folders.environments}/{name}.yaml": _skeleton(interfaces_of(project, tree), name)}
    try:
        changed = with_environment(tree.read(PROJECT_FILE) or "", name, {"branch": pattern})
    except ValueError as error:
        raise Refused(
            "unusual-form",
            f"`{PROJECT_FILE}` can't be changed without risk: {error}",
            hint=f"add below `environments:` by hand: {name}: {{branch: {pattern}}}",
        ) from error
    root = project.repository.root
    project_file = in_work_tree(root, PROJECT_FILE)
    with signals.deferred("The files were written first."):
        write_new_files(root, files)
        replace_text(project_file, changed)
    return NewResult("environment", name, tuple(files), (PROJECT_FILE,), pattern)


def taken_environments(tree: Tree, rules: ProjectConfig) -> dict[str, str]:
    """Names that can't be given to an environment, each with what has it."""
    folder = tree.folders.environments
    taken = {file.removesuffix(".yaml"): f"{folder}/{file}" for file in tree.names(folder)}
    return taken | {env: f"environment {env} of {PROJECT_FILE}" for env in rules.environments}


def require_new_name(name: str, taken: Mapping[str, str]) -> None:
    """Raises Refused (guard `exists`); names that differ in case alone are one on some disks."""
    for known, what in taken.items():
        if known.casefold() == name.casefold():
            raise Refused("exists", f"{what} is there already", hint="choose another name")


def require_files(rules: ProjectConfig, like: EnvName, name: str, pattern: str) -> None:
    """Raises Refused (guard `own-root`) where the model is a root module: whether two can share its folder, and by
    which workspace or backend their states are told apart, only people know."""
    rule = rules.environments.get(like)
    if rule and rule.roots:
        raise Refused(
            "own-root",
            f"{like} is a root module of the repository: there are no files that {name} could be like",
            hint=f"add below `environments:` by hand: {name}: {{branch: {pattern}, root: FOLDER}}   (tfops docs roots)",
        )


def _like(tree: Tree, model: EnvName, env: EnvName) -> dict[str, str]:
    """A file that inherits nothing is inherited from; one that does is thin, and copied to inherit the same."""
    (paths, _), folder = stack_files(tree, model), tree.folders.environments
    return {
        f"{folder}/{env}.yaml" if stack == MAIN_STACK else f"{folder}/{env}/{stack}.yaml": _heir(tree, path, env)
        for stack, path in paths.items()
    }


def _heir(tree: Tree, path: str, env: EnvName) -> str:
    text = tree.read(path) or ""
    if any(line.startswith("extends:") for line in text.splitlines()):
        return text
    parent = path.removeprefix(f"{tree.folders.environments}/")
    return f"# What is different in `{env}`; everything else is as in {parent}.\nextends: {parent}\n"


def _skeleton(interfaces: Interfaces, env: str) -> str:
    """Every module with the inputs that it needs."""
    found = ((name, interfaces.local(name)) for name in interfaces.names())
    blocks = [example_yaml(name, interface).partition("\n")[2] for name, interface in found if interface]
    return f"# What development wishes for `{env}`: modules and their inputs.\nmodules:\n" + "".join(blocks)


def new_module(project: Project, name: str) -> NewResult:
    """Write a module's skeleton. Raises UsageError for a name that can't be, Refused when something has the name."""
    if not names.is_module_name(name) or not names.is_local_source(name):
        raise UsageError(f"{names.shown(name)} can't name a module", why=names.MODULE_RULE)
    root, folder = project.repository.root, project.repository.folders_here.modules
    require_new_name(name, {known: f"{folder}/{known}" for known in _entries(root / folder)})
    files = {f"{folder}/{name}/{file}": text for file, text in module_files(name).items()}
    write_new_files(root, files)
    return NewResult("module", name, tuple(files), (), "")


def _entries(folder: Path) -> Iterable[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []
