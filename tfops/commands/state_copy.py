"""A state that is copied into tfops' own folder, and taken away again where the environment isn't taken over."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from tfops.change.project import Project
from tfops.config.project import ProjectConfig
from tfops.engine.state import parse_state
from tfops.errors import Refused
from tfops.ledger.versions import versions_of
from tfops.records.names import EnvName, StackName
from tfops.system import failpoint
from tfops.system.workspace import write_file


def own_state_file(project: Project, rules: ProjectConfig, env: EnvName, stack: StackName) -> Path:
    """Where a state lies in tfops' own folder. As `render.backend` names the places."""
    return state_file(project, env, stack, rules.workspace_of(env))


def state_file(project: Project, env: EnvName, stack: StackName, workspace: str) -> Path:
    """The same where no rules say it yet."""
    name = f"{stack}.workspaces/{workspace}/terraform.tfstate" if workspace else f"{stack}.tfstate"
    return project.workspace.state(env) / name


def copy_states(files: Mapping[Path, str], env: EnvName) -> None:
    """Write them, or again. Raises Refused (guard `state-exists`): never over another state, nor over a newer
    one."""
    for path, text in files.items():
        there, wanted = parse_state(path.read_text(encoding="utf-8") if path.is_file() else ""), parse_state(text)
        is_ours = there.lineage == wanted.lineage and there.serial <= wanted.serial
        if there.inventory and not is_ours:
            raise Refused(
                "state-exists",
                f"{env} has a state already, and it is another one",
                why=f"its lineage is {there.lineage}, that of the state to take over is {wanted.lineage}",
                hint=f"look at it: {path}",
            )
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_file(path, text)
    if files:
        failpoint.reach("state-brought")


@contextlib.contextmanager
def kept_with_a_version(project: Project, env: EnvName, files: Mapping[Path, str]) -> Iterator[None]:
    """Take the copies away where the block raises and no version has come to be. What somebody changed is left."""
    try:
        yield
    except BaseException:
        if not versions_of(project.repository, env).latest:
            for path, text in files.items():
                with contextlib.suppress(OSError, ValueError):
                    if path.read_text(encoding="utf-8") == text:
                        path.unlink()
        raise
