"""A new project whose first apply works, without any account."""

from pathlib import Path

from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.commands.explain import schema
from tfops.commands.init_pipeline import write_pipeline
from tfops.commands.init_scan import RepositoryScan, survey
from tfops.commands.missing_files import write_missing
from tfops.commands.starter import LOCAL_BACKEND, SCHEMAS, starter_files
from tfops.config import names
from tfops.errors import ConfigError, ProjectError, Refused, UsageError
from tfops.system import environ
from tfops.system.git import GitRunner, NoRepository, find_clone
from tfops.system.pinned import PINNED_SETTINGS
from tfops.system.project_folders import folders_at
from tfops.system.repository import Repository
from tfops.system.workspace import explained_disk_errors
from tfops.views.init import InitResult

_BRANCH = "main"


def init(start: Path, name: str | None, ui: Ui, *, yes: bool = False, ci: str = "") -> InitResult:
    """Write what is missing. A new repository also gets its first commit; an existing one never does.

    `ci` is the forge whose pipeline is written too; in a project that exists, nothing but that. Asks one thing, on a
    terminal and without `yes`: whether to keep states in a bucket that it found in use.

    Raises UsageError for a name that can't be a folder and a project, ProjectError when a folder
    without a repository already holds something.
    """
    folder = start / name if name else start
    if ci and (folder / names.PROJECT_FILE).exists():
        return _pipeline_alone(folder, name, ci)
    project = name or folder.resolve().name.lower()
    if not names.is_environment_name(project):
        raise UsageError(
            f"{names.shown(project)} can't name a project", why=names.ENVIRONMENT_RULE, hint="tfops init NAME"
        )
    is_new = _prepare_repository(folder, name)
    found = survey(folder, _BRANCH)
    branch = found.branch
    if not names.is_branch_name(branch):
        raise Refused("branch-name", f"the branch {names.shown(branch)} can't be in tfops.yaml", why=names.BRANCH_RULE)
    folders = folders_at(folder)
    backend = _backend(found, ui, yes=yes)
    files = starter_files(project, branch, backend=backend, modules=found.modules, folders=folders)
    written, kept = write_missing(folder, files)
    written += _make_schemas(folder)
    to_do: tuple[str, ...] = ()
    if ci:
        made = write_pipeline(folder, ci)
        written, kept, to_do = [*written, *made.written], [*kept, *made.kept], made.to_do
    commit = _commit(folder, written) if is_new else ""
    if not is_new:
        ui.note(f"existing repository on branch {branch}: nothing was committed")
    roots = tuple(root.folder for root in found.roots)
    needs_values = f"{folders.environments}/dev.yaml" in written and bool(found.modules)
    return InitResult(name or ".", tuple(written), tuple(kept), commit, "dev", roots, needs_values, to_do)


def _pipeline_alone(folder: Path, name: str | None, ci: str) -> InitResult:
    _prepare_repository(folder, name)
    made = write_pipeline(folder, ci)
    return InitResult(name or ".", made.written, made.kept, "", made.environment, to_do=made.to_do)


def _backend(found: RepositoryScan, ui: Ui, *, yes: bool) -> str:
    """The lines below `backend:`. A bucket in use is taken when the user says so, else only mentioned."""
    root = found.bucket
    if root is None:
        return LOCAL_BACKEND
    settings = {key: root.settings[key] for key in ("bucket", "region") if key in root.settings} | {"lock": "native"}
    line = f"s3: {{{', '.join(f'{key}: {value}' for key, value in settings.items())}}}"
    question = f"Keep states in the bucket {names.shown(str(settings['bucket']))}, as `{root.folder}` does?"
    if not yes and ui.is_interactive and ui.confirm(question):
        return f"  {line}\n"
    return f"{LOCAL_BACKEND}  # `{root.folder}` keeps its state in a bucket. To do the same:\n  # {line}\n"


def _prepare_repository(folder: Path, name: str | None) -> bool:
    """True when the repository was made here. A folder inside another repository is refused."""
    with explained_disk_errors("create the project's folder"):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        root = find_clone(folder).root
    except NoRepository:
        if name and any(folder.iterdir()):
            raise ProjectError(
                f"`{folder}` is not empty", hint="choose another name, or run tfops init inside"
            ) from None
        GitRunner(folder).ask("init", "--quiet", f"--initial-branch={_BRANCH}")
        return True
    if root.resolve() != folder.resolve():
        raise ProjectError(
            f"`{folder}` lies inside the repository `{root}`",
            why="a project is a repository of its own",
            hint=f"run tfops init in {root}, or choose a folder outside",
        )
    return False


def _make_schemas(folder: Path) -> list[str]:
    """For editors; none where files that were there are wrong: `validate` says how, `schema` makes them later."""
    if (folder / SCHEMAS).exists():
        return []
    try:
        schema(Project.open(folder), folder, SCHEMAS)
    except ConfigError:
        return []
    return [f"{SCHEMAS}/"]


def _commit(folder: Path, written: list[str]) -> str:
    """The first commit; with a made-up identity only where Git knows none (a fresh machine).

    Raises ProjectError where Git makes none: its own words say why.
    """
    from git import GitCommandError, Repo  # noqa: PLC0415 - no other command works in a user's work tree by it

    knows_person = Repository(folder).committer is not None
    user, host = environ.user_and_host()
    identity = [] if knows_person else [f"user.name={user}", f"user.email={user}@{host}"]
    with environ.without_git_redirects(), Repo(folder) as repo:
        repo.git.set_persistent_git_options(c=[*PINNED_SETTINGS, *identity])
        try:
            repo.git.add("--", *written)
            repo.git.commit("--quiet", "--no-verify", "--message=Start the project")
        except GitCommandError as error:
            why = str(error.stderr).strip()
            raise ProjectError("Git could not commit the new files", why=why, hint="git commit") from error
        return str(repo.head.commit.hexsha)
