"""`defaults:` of tfops.yaml: inputs that every module of a source gets, unless an environment says otherwise."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfops.config.document import Document, Path
from tfops.config.values import is_whole


def default_inputs(rules: Document) -> dict[str, frozenset[str]]:
    """The names of the inputs that have a default, by module source."""
    defaults = _mapping(rules.data, "defaults")
    return {source: frozenset(given) for source, given in defaults.items() if isinstance(given, dict)}


def lay_over_defaults(document: Document, rules: Document) -> None:
    """Fill in what the modules of a document leave out. The marks of what comes in point to tfops.yaml."""
    defaults = _mapping(rules.data, "defaults")
    modules = _mapping(document.data, "modules") if defaults else {}
    document.lines |= rules.lines if modules else {}
    for name, block in modules.items():
        source = block.get("source") if isinstance(block, dict) else None
        if not isinstance(source, str):
            continue
        given = defaults.get(source)
        if isinstance(given, dict) and isinstance(block.setdefault("inputs", {}), dict):
            _fill(document, ("modules", name, "inputs"), given, rules, ("defaults", source))


def _mapping(data: Any, key: str) -> Mapping[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _fill(document: Document, path: Path, given: Mapping[str, Any], rules: Document, origin: Path) -> None:
    """Mappings merge, everything else stays as the document has it: the same as `extends`, from below."""
    inside = _at(document.data, path)
    for key, value in given.items():
        here, there = (*path, key), (*origin, key)
        if key not in inside:
            inside[key] = copy.deepcopy(value)
            document.marks |= {(*here, *rest): rules.marks[(*there, *rest)] for rest in _paths(value)}
        elif (
            isinstance(inside[key], dict) and isinstance(value, dict) and not (is_whole(inside[key]) or is_whole(value))
        ):
            _fill(document, here, value, rules, there)


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    items: Sequence[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, item in items:
        yield from _paths(item, (*path, key))
