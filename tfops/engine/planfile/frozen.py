"""What a saved plan will act with: the code and the backend that are in its file, whatever lies around it by then."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfops.config.modules.module import module_files
from tfops.engine.planfile.archive import code_in, plan_in
from tfops.engine.planfile.unfamiliar import Budget, Unfamiliar
from tfops.engine.planfile.values import plain, read_value
from tfops.engine.planfile.wire import part, read_message, single, text

_BACKEND = 13
_BACKEND_LAYOUT = {1: text("kind"), 2: part("settings"), 3: text("workspace")}
_VALUE_LAYOUT = {1: part("msgpack")}
_TAKEN = ".terraform/terraform.tfstate"
_LISTED = "modules.json"


def departures(content: bytes, root: Path, *, workspace: str, is_tofu: bool) -> Iterator[str]:
    """What in a saved plan isn't as in an initialized root, in words. Raises Unfamiliar for what can't be read."""
    if backend_in(content) != _taken_backend(root, workspace):
        yield "it keeps its state elsewhere"
    yield from _other_code(content, root, is_tofu=is_tofu)


def backend_in(content: bytes) -> tuple[str, Any, str]:
    """The type of the backend that a saved plan acts on, its settings, and the workspace. Raises Unfamiliar."""
    budget = Budget()
    backend = read_message(single(plan_in(content), _BACKEND), _BACKEND_LAYOUT, budget)
    settings = read_message(backend["settings"] or b"", _VALUE_LAYOUT, budget)["msgpack"]
    return backend["kind"], plain(read_value(settings or b"", budget)), backend["workspace"]


def _taken_backend(root: Path, workspace: str) -> tuple[str, Any, str]:
    """As `init` took it."""
    try:
        taken = json.loads((root / _TAKEN).read_text(encoding="utf-8"))["backend"]
        return str(taken["type"]), taken["config"], workspace or "default"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unfamiliar("the root has no backend that can be read") from error


def _other_code(content: bytes, root: Path, *, is_tofu: bool) -> Iterator[str]:
    files = code_in(content)
    try:
        folders = {f"m-{entry['Key']}/": str(entry["Dir"]) for entry in json.loads(files.pop(_LISTED))}
    except (ValueError, KeyError, TypeError) as error:
        raise Unfamiliar("its list of modules is damaged") from error
    if any(not name.startswith(tuple(folders)) for name in files):
        yield "it has files of modules that it doesn't list"
    for start, folder in folders.items():
        path = root / folder
        there = {one.name for one in path.iterdir() if one.is_file()} if path.is_dir() else set[str]()
        within = {name.removeprefix(start): body for name, body in files.items() if name.startswith(start)}
        other = {name for name, body in within.items() if name not in there or (path / name).read_bytes() != body}
        for name in sorted(other | (set(module_files(there, is_tofu=is_tofu)) - within.keys())):
            yield f"its {folder}/{name} is another one" if folder != "." else f"its {name} is another one"
