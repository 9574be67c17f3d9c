"""The state of a Terraform folder: the very one that Terraform itself would use there, or a refusal by name."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tfops import exact
from tfops.change.encryption import require_encryption
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.stack import locate
from tfops.config.legacy import OldBackend
from tfops.config.project import ProjectConfig
from tfops.dataclass import dataclass
from tfops.engine.encryption import is_encrypted
from tfops.engine.environment import base_environment, state_encryption
from tfops.engine.foreign import pull_foreign_state, pull_sealed_state
from tfops.engine.stack import ERRORED_STATE
from tfops.engine.state import parse_state
from tfops.errors import EngineFailed, Refused
from tfops.records.state import StackState
from tfops.system import environ
from tfops.system.workspace import read_json, write_file

_DEFAULT = "default"
_INIT = "init   in that folder, as it is always done there"
_SEALED = "sealed.tfstate"


@dataclass(frozen=True, slots=True)
class OldState:
    """What was found; `where` says in words from where."""

    text: str
    state: StackState
    where: str


@dataclass(frozen=True, slots=True)
class InitializedFolder:
    """What `init` and `workspace select` wrote down in a folder, or a variable says instead.

    https://developer.hashicorp.com/terraform/cli/config/environment-variables
    """

    path: Path
    data: Path
    workspace: str
    recorded: Mapping[str, Any]


def read_old_state(
    project: Project, folder: Path, backend: OldBackend, rules: ProjectConfig, request: Request, *, workspace: str = ""
) -> OldState:
    """Read without changing anything; `workspace` instead of the one that is selected there.

    Raises Refused (guard `adopt`) where it isn't certain which state is meant.
    """

    def program() -> str:
        return locate(project, rules, request.engine).name

    _refuse_other_states(folder, program)
    at = look_at_folder(folder)
    at = replace(at, workspace=workspace) if workspace else at
    _require_initialized(at, backend, program)
    settings = at.recorded.get("config") or {}
    is_local = backend.kind == "local"
    pulled = "" if is_local and not backend.text else _pull(project, at, backend, rules, request)
    if is_local:
        path = _local_path(at, settings)
        if (path.parent / f".{path.name}.lock.info").exists():
            raise Refused("adopt", f"someone is changing `{folder}` now: its state is locked", hint="wait for them")
        text, where = path.read_text(encoding="utf-8") if path.is_file() else "", str(path)
    else:
        text, where = pulled, f"the backend {backend.kind}" + _named(at.workspace)
    if is_encrypted(text):
        text = _decrypted(project, text, where, rules, request)
    state = parse_state(text)
    if state.is_absent or not state.inventory:
        others = sorted(path.parent.name for path in (folder / "terraform.tfstate.d").glob("*/terraform.tfstate"))
        raise Refused(
            "adopt",
            f"`{folder}` has no state, or an empty one: there is nothing to take over",
            why=f"looked at {where}",
            hint=f"{program()} workspace select {others[0]}   in that folder" if others else _as_a_module(folder),
        )
    return OldState(text, state, where)


def _decrypted(project: Project, text: str, where: str, rules: ProjectConfig, request: Request) -> str:
    """With the keys of TF_ENCRYPTION; those that stand in the folder's own files count for nothing elsewhere."""
    found = locate(project, rules, request.engine)
    if not (found.is_tofu and state_encryption()):
        raise Refused(
            "adopt",
            f"the state in `{where}` is encrypted",
            hint="give its keys in TF_ENCRYPTION, and use --engine tofu; or take the encryption off first",
        )
    env = base_environment(rules.engine.env) | state_encryption()
    with project.workspace.scratch() as scratch:
        write_file(scratch / "backend.tf.json", exact.dumps({"terraform": {"backend": {"local": {"path": _SEALED}}}}))
        write_file(scratch / _SEALED, text)
        return pull_sealed_state(found, scratch, env=env)


def _as_a_module(folder: Path) -> str:
    return f"use it as a module: move it to modules/{folder.name}"


def _named(workspace: str) -> str:
    return "" if workspace == _DEFAULT else f", workspace {workspace}"


def _refuse_other_states(folder: Path, program: Callable[[], str]) -> None:
    """What was told on a command line or never saved is another state than any file names."""
    told = sorted(
        name for name, value in environ.everything().items() if name.startswith("TF_CLI_ARGS") and "-state" in value
    )
    if told:
        raise Refused("adopt", f"{told[0]} names another state for every run", hint=f"unset {told[0]}")
    if (folder / ERRORED_STATE).exists():
        raise Refused(
            "adopt",
            f"`{folder / ERRORED_STATE}` was never saved: it is newer than the state",
            hint=f"{program()} state push {ERRORED_STATE}   in that folder, then delete it",
        )


def look_at_folder(folder: Path) -> InitializedFolder:
    data = folder / (environ.variable("TF_DATA_DIR") or ".terraform")
    selected = data / "environment"
    workspace = selected.read_text(encoding="utf-8").strip() if selected.is_file() else ""
    record = read_json(data / "terraform.tfstate")
    recorded = record.get("backend") if isinstance(record, dict) else None
    return InitializedFolder(
        folder,
        data,
        environ.variable("TF_WORKSPACE") or workspace or _DEFAULT,
        recorded if isinstance(recorded, dict) else {},
    )


def _require_initialized(at: InitializedFolder, backend: OldBackend, program: Callable[[], str]) -> None:
    """Only `init` knows what was given on its command line, and Terraform uses what it wrote down."""
    recorded = str(at.recorded.get("type") or "")
    if bool(backend.text) == bool(recorded) and recorded in ("", backend.kind):
        return
    if not recorded:
        what = f"`{at.path}` isn't initialized: its files don't say alone where its state is"
        why = f"backend {backend.kind!r}: -backend-config may have said more"
    else:
        what = f"`{at.path}` was initialized with the backend {recorded}, and its files say another now"
        why = f"they say: {backend.kind if backend.text else 'none'}"
    raise Refused("adopt", what, why=why, hint=f"{program()} {_INIT}")


def _local_path(at: InitializedFolder, settings: Mapping[str, Any]) -> Path:
    if at.workspace == _DEFAULT:
        return at.path / str(settings.get("path") or "terraform.tfstate")
    return at.path / str(settings.get("workspace_dir") or "terraform.tfstate.d") / at.workspace / "terraform.tfstate"


def _pull(project: Project, at: InitializedFolder, backend: OldBackend, rules: ProjectConfig, request: Request) -> str:
    """What the engine gets with the folder's backend and what init wrote down; it refuses when the two don't fit."""
    with project.workspace.scratch() as scratch:
        write_file(scratch / ("backend.tf.json" if backend.text.startswith("{") else "backend.tf"), backend.text)
        (scratch / ".terraform").mkdir()
        write_file(
            scratch / ".terraform/terraform.tfstate", (at.data / "terraform.tfstate").read_text(encoding="utf-8")
        )
        if at.workspace != _DEFAULT:
            write_file(scratch / ".terraform/environment", at.workspace)
        found = locate(project, rules, request.engine)
        require_encryption(found, rules)
        try:
            return pull_foreign_state(found, scratch, env=base_environment(rules.engine.env) | state_encryption())
        except EngineFailed as error:
            if "nitializ" not in error.why and "onfiguration changed" not in error.why:
                raise
            raise Refused(
                "adopt",
                f"the backend of `{at.path}` isn't the one any more that it was initialized with",
                why=error.why,
                hint=f"{found.name} {_INIT}",
            ) from error
