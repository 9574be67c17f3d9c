"""`imports:` and `moved:` of an environment's file: what the rendered root takes in, and what stands elsewhere now."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tfops.config.document import Document
from tfops.config.names import did_you_mean, shown
from tfops.dataclass import dataclass
from tfops.records.complaint import Complaint

if TYPE_CHECKING:
    from tfops.config.schema import EnvironmentFile

_KEY = r"""(?:\[(?:[0-9]+|"(?:[^"\\$%]|\\["\\])*")\])?"""
_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_MODULE = re.compile(rf"module\.(?P<name>{_NAME}){_KEY}(?:\.module\.{_NAME}{_KEY})*")
_RESOURCE = re.compile(rf"{_MODULE.pattern}\.{_NAME}\.{_NAME}{_KEY}")
_RESOURCE_FORM = "write it as the plan does: module.NAME.TYPE.NAME"


@dataclass(frozen=True, slots=True)
class Import:
    """A real thing that is taken in at an address, by the id that its provider knows it by."""

    to: str
    id: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What stood at one address stands at another from now on: a resource, or a module."""

    source: str
    to: str


def imports_of(file: "EnvironmentFile") -> tuple[Import, ...]:
    """As they stand in a file that was checked."""
    return tuple(Import(block.to, block.id) for block in file.imports)


def moves_of(file: "EnvironmentFile") -> tuple[Moved, ...]:
    """As they stand in a file that was checked."""
    return tuple(Moved(block.source, block.to) for block in file.moved)


def block_complaints(document: Document, modules: Sequence[str]) -> Iterator[Complaint]:
    """What a schema can't say of `imports` and `moved`. `modules` are the names of the file's own."""
    data = document.data
    yield from _import_complaints(document, data.get("imports"), modules)
    yield from _moved_complaints(document, data.get("moved"), modules)


def _import_complaints(document: Document, blocks: Any, modules: Sequence[str]) -> Iterator[Complaint]:
    seen: set[str] = set()
    for place, block in _blocks(blocks):
        to = block.get("to")
        if not isinstance(to, str):
            continue
        where = ("imports", place, "to")
        match = _RESOURCE.fullmatch(to)
        if match is None:
            yield document.complaint(where, f"{shown(to)} is no address of a resource", _RESOURCE_FORM)
        elif match["name"] not in modules:
            yield _unknown(document, where, match["name"], modules)
        elif to in seen:
            yield document.complaint(where, f"`{to}` is imported twice")
        seen.add(to)
        if block.get("id") == "":
            yield document.complaint(("imports", place, "id"), "an id is never empty")


def _moved_complaints(document: Document, blocks: Any, modules: Sequence[str]) -> Iterator[Complaint]:
    for place, block in _blocks(blocks):
        source, to = block.get("from"), block.get("to")
        if not (isinstance(source, str) and isinstance(to, str)):
            continue
        forms = {key: _form(address) for key, address in (("from", source), ("to", to))}
        wrong = [key for key, form in forms.items() if not form]
        for key in wrong:
            text = f"{shown(block[key])} is no address of a module or a resource"
            elsewhere = "from another stack: tfops state mv ENV STACK/ADDRESS STACK/ADDRESS"
            hint = elsewhere if "/" in block[key] else "module.NAME, or module.NAME.TYPE.NAME"
            yield document.complaint(("moved", place, key), text, hint)
        if wrong:
            continue
        if forms["from"] != forms["to"]:
            yield document.complaint(("moved", place, "to"), f"`{source}` is a {forms['from']}, `{to}` is none")
        elif source == to:
            yield document.complaint(("moved", place, "to"), f"`{to}` stays where it is")
        elif (name := _module_of(to)) not in modules:
            yield _unknown(document, ("moved", place, "to"), name, modules)


def _blocks(blocks: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    for place, block in enumerate(blocks if isinstance(blocks, list) else ()):
        if isinstance(block, dict):
            yield place, block


def _form(address: str) -> str:
    if _MODULE.fullmatch(address):
        return "module"
    return "resource" if _RESOURCE.fullmatch(address) else ""


def _module_of(address: str) -> str:
    match = _MODULE.match(address)
    return match["name"] if match else ""


def _unknown(document: Document, where: tuple[str | int, ...], name: str, modules: Sequence[str]) -> Complaint:
    return document.complaint(where, f"there is no module `{name}` in this environment", did_you_mean(name, modules))
