"""What an exported module offers and calls, read once per content and remembered beside the export."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tfops.config.module import local_calls, may_have_local_calls, may_have_outputs, public_outputs
from tfops.errors import Refused
from tfops.system.workspace import read_json, write_file

MODULES = "modules"


def public_outputs_of(exported: Path, module: str) -> frozenset[str]:
    """Outputs of a module that may be shown. `exported` is the folder that holds `modules/`."""
    return frozenset(_facts(exported, module).outputs)


def require_inner_sources(exported: Path, modules: Iterable[str]) -> None:
    """Follow relative module calls from `modules`. Raises Refused when one leaves `modules/`."""
    todo, seen = list(modules), set[str]()
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        for name, source in _facts(exported, module).calls:
            inner = os.path.normpath(PurePosixPath(module, source))
            if inner.startswith(("..", "/")):
                raise Refused(
                    "outside-repository",
                    f"`{MODULES}/{module}` calls a module outside of `{MODULES}/`: module {name!r} = {source!r}",
                    hint=f"move it into `{MODULES}/`, or use a Git or registry source",
                )
            todo.append(inner)


@dataclass(frozen=True, slots=True)
class _Facts:
    outputs: list[str]
    calls: list[tuple[str, str]]


def _facts(exported: Path, module: str) -> _Facts:
    cache = exported / f"interface-{hashlib.sha256(module.encode()).hexdigest()[:16]}.json"
    known = read_json(cache)
    if isinstance(known, dict):
        return _Facts(known["outputs"], [(name, source) for name, source in known["calls"]])
    outputs: set[str] = set()
    calls: list[tuple[str, str]] = []
    for text, is_json in _texts(exported / MODULES / module):
        try:
            outputs |= public_outputs(text, is_json=is_json) if may_have_outputs(text) else set()
            found = local_calls(text, is_json=is_json) if may_have_local_calls(text) else []
        except ValueError:
            continue  # the engine reads the same file next and says what is wrong with it
        calls += [(call.name, call.source) for call in found]
    write_file(cache, json.dumps({"outputs": sorted(outputs), "calls": calls}))
    return _Facts(sorted(outputs), calls)


def _texts(folder: Path) -> Iterator[tuple[str, bool]]:
    for path in sorted(folder.glob("*.tf")) + sorted(folder.glob("*.tf.json")):
        if path.is_file():
            yield path.read_text(encoding="utf-8", errors="replace"), path.name.endswith(".json")
