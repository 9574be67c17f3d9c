"""The variables of a unit's code: of a folder of the commit, or of what an address leads to."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tfops.change.project import Project
from tfops.commands.peer_units import Unit
from tfops.config.modules.interface import module_texts
from tfops.config.modules.module import Variable, read_interface
from tfops.config.own_backend import root_texts
from tfops.engine.environment import base_environment
from tfops.engine.locate import Engine
from tfops.records.rendered import MAIN_FILE
from tfops.system import process
from tfops.system.trees import GitTree
from tfops.system.workspace import read_json, write_file

_CALL = "it"


def variables_of(
    project: Project, tree: GitTree, units: Sequence[Unit], engine: Engine
) -> tuple[dict[str, Mapping[str, Variable]], list[Unit]]:
    """By the path of each unit; and those whose code can't be had."""
    found: dict[str, Mapping[str, Variable]] = {}
    unknown: list[Unit] = []
    fetched: dict[tuple[str, str], Mapping[str, Variable] | None] = {}
    for unit in units:
        if unit.is_local:
            texts = root_texts(tree, unit.source)
            found[unit.path] = read_interface(texts, is_tofu=engine.is_tofu).variables
            continue
        key = unit.source, unit.version
        if key not in fetched:
            fetched[key] = _fetched(project, engine, *key)
        variables = fetched[key]
        if variables is None:
            unknown.append(unit)
        else:
            found[unit.path] = variables
    return found, unknown


def _fetched(project: Project, engine: Engine, source: str, version: str) -> Mapping[str, Variable] | None:
    """By an `init` of nothing but the call; None where it fails."""
    call = {"source": source} | ({"version": version} if version else {})
    with project.workspace.scratch() as scratch:
        write_file(scratch / MAIN_FILE, json.dumps({"module": {_CALL: call}}))
        argv = [engine.executable, "get", "-no-color"]
        if process.run(argv, env=base_environment(()), cwd=scratch).code != 0:
            return None
        listed = (read_json(scratch / ".terraform/modules/modules.json") or {}).get("Modules") or []
        folder = next((scratch / str(one["Dir"]) for one in listed if one.get("Key") == _CALL), None)
        return _read(folder, engine) if folder else None


def _read(folder: Path, engine: Engine) -> Mapping[str, Variable]:
    return read_interface(module_texts(folder), is_tofu=engine.is_tofu).variables
