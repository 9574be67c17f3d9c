"""A Terraform folder that is to be taken over: its files as a module, and its state, wherever it is kept."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.stack import locate
from tfops.commands.legacy_files import MARKER, gather
from tfops.commands.legacy_state import OldState, read_old_state
from tfops.config import names
from tfops.config.legacy import Draft, backend_of, draft_of, moved_sources
from tfops.config.project import ProjectConfig
from tfops.dataclass import dataclass
from tfops.engine.environment import base_environment
from tfops.engine.trial import judge
from tfops.errors import ProjectError, UsageError
from tfops.records.addresses import without_keys
from tfops.records.names import EnvName
from tfops.records.rendered import MAIN_FILE
from tfops.records.state import StackState
from tfops.resolve.bridge import Bridge, Move
from tfops.system.workspace import unpack


@dataclass(frozen=True, slots=True)
class Legacy:
    """The folder: its draft as a module, its state, and what must move."""

    folder: Path
    module: str
    draft: Draft
    old: OldState
    executable: frozenset[str] = frozenset()
    ignored_values: tuple[str, ...] = ()

    @property
    def state_text(self) -> str:
        return self.old.text

    @property
    def state(self) -> StackState:
        return self.old.state

    @property
    def bridge(self) -> Bridge:
        sources = moved_sources(json.loads(self.state_text))
        return Bridge(tuple(Move(source, f"module.{self.module}.{source}") for source in sources))


def read_legacy(project: Project, folder: Path, module: str | None, rules: ProjectConfig, request: Request) -> Legacy:
    """Read without changing anything. Raises Refused (guard `adopt`) where there is nothing to take over."""
    name = module or folder.resolve().name.replace(".", "-").replace(" ", "-").lower()
    if not names.is_module_name(name):
        raise UsageError(f"{names.shown(name)} can't name a module", why=names.MODULE_RULE, hint="--module NAME")
    if not folder.is_dir():
        raise ProjectError(f"there is no folder `{folder}`")
    is_tofu = locate(project, rules, request.engine).is_tofu
    found = gather(project, folder, name, is_tofu=is_tofu)
    old = read_old_state(project, folder, backend_of(found.files, is_tofu=is_tofu), rules, request)

    def evaluate(variables: Iterable[str], files: Mapping[str, str]) -> Mapping[str, Any]:
        return _evaluated(project, rules, request, variables, files)

    draft = draft_of(
        found.files | found.values,
        known=rules.providers,
        held=frozenset(map(without_keys, old.state.inventory)),
        evaluate=evaluate,
        is_tofu=is_tofu,
    )
    return Legacy(folder, name, draft, old, frozenset(found.executable), found.ignored_values)


def _evaluated(
    project: Project, rules: ProjectConfig, request: Request, variables: Iterable[str], files: Mapping[str, str]
) -> Mapping[str, Any]:
    """What a folder's files of values say, by the engine: they may hold operators, templates, loops."""
    root = {
        "variable": {name: {"type": "any", "default": None} for name in variables},
        "output": {"all": {"value": {name: f"${{var.{name}}}" for name in variables}}},
    }
    with project.workspace.scratch() as scratch:
        unpack(scratch, {**files, MAIN_FILE: json.dumps(root)})
        found = judge(
            locate(project, rules, request.engine), scratch, env=base_environment(rules.engine.env), wants_values=True
        )
    if found.errors:
        raise ValueError(found.errors[0].text)
    return found.values.get("all", {})


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
