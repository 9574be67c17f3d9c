"""The backend of a rendered root: where a stack's state is kept, in Terraform's words."""

from typing import Any

from tfops.config.backend import Backend
from tfops.config.project import ProjectConfig
from tfops.errors import Refused
from tfops.records.names import EnvName, StackName
from tfops.render.escape import escape_literal
from tfops.render.words import filled

# From roots/<env>/<stack>/ to the folder that holds roots/ and state/.
_TO_TOP = "../../.."


def backend_settings(project: ProjectConfig, env: EnvName, stack: StackName) -> dict[str, Any]:
    """The settings with placeholders filled; the local backend gets its path beside the roots.

    Terraform takes no expressions in a backend block, but still reads `${` there: escaped like the rest.
    Raises Refused (guard `root-backend`) where a root names one that can't be used.
    """
    backend = project.backend_of(env, stack)
    if backend.problem:
        raise Refused(
            "root-backend",
            f"the backend `{backend.kind}` of {env} can't be used",
            why=backend.problem,
            hint="move the state to another backend first"
            if backend.kind == "cloud"
            else "name the backend in tfops.yaml: it then counts instead   (tfops docs roots)",
        )
    if backend.kind == "local":
        top = f"{_TO_TOP}/state/{env}/{stack}"
        workspaces = {"workspace_dir": f"{top}.workspaces"} if project.workspace_of(env) else {}
        return {"path": f"{top}.tfstate", **workspaces}
    if backend.is_own:
        own: dict[str, Any] = escape_literal(dict(backend.settings))
        return own
    settings: dict[str, Any] = escape_literal(filled(dict(backend.settings), project, env, stack))
    return settings


def backend_replica(project: ProjectConfig, env: EnvName, stack: StackName) -> dict[str, str]:
    """Where S3 copies the states to, and as what role; empty for a bucket without a copy."""
    replica: dict[str, str] = filled(dict(project.backend_of(env).replica), project, env, stack)
    return replica


def describe_backend(backend: Backend) -> str:
    """The backend in a word or two, for the card and for people; no value that could be secret."""
    names = [name for name in ("bucket", "container", "organization") if name in backend.settings]
    return " ".join([backend.kind, *(str(backend.settings[name]) for name in names)])
