"""A Terraform folder that is to be taken over: its files as a module, and its state, wherever it is kept."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfops.config import names
from tfops.config.legacy import Draft, draft_of, moved_sources
from tfops.config.modules.interface import MODULES
from tfops.config.project import ProjectConfig
from tfops.engine.environment import base_environment
from tfops.engine.foreign import pull_foreign_state
from tfops.engine.state import parse_state
from tfops.errors import ProjectError, Refused, UsageError
from tfops.flows.ground.project import Project
from tfops.flows.ground.stack import EngineOptions, locate
from tfops.model import LOCK_FILE, EnvName, StackState
from tfops.resolve.bridge import Bridge, Move
from tfops.system.workspace import explained_disk_errors, write_file

MARKER = "ADOPTED-BY-TFOPS.txt"

_SKIPPED = (".terraform", ".git", "terraform.tfstate.d")


@dataclass(frozen=True, slots=True)
class Legacy:
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


def read_legacy(
    project: Project, folder: Path, module: str | None, rules: ProjectConfig, engine: EngineOptions
) -> Legacy:
    """Read without changing anything. Raises Refused (guard `adopt`) where there is nothing to take over."""
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
    return Legacy(folder, name, draft, text, state)


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


def leave_marker(legacy: Legacy, env: EnvName) -> None:
    """For whoever comes to the folder and would apply in it."""
    text = (
        f"This folder was taken over by tfops as environment `{env}`.\n"
        "Its state lives on there; the one here is as it was.\n"
        "Don't apply here any more: both would change the same things.\n"
    )
    try:
        (legacy.folder / MARKER).write_text(text, encoding="utf-8")
    except OSError:
        return  # a folder that can't be written to can't be applied in by mistake either
