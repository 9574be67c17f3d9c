"""`allow:` and `deny_modules:` of tfops.yaml: what developers may choose, checked at their line."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tfops.config import names
from tfops.config.source import SourceError, parse_source
from tfops.config.values import Path, is_form, parse_form
from tfops.dataclass import dataclass
from tfops.exact import Number, number_text
from tfops.records.complaint import Complaint, Mark

if TYPE_CHECKING:
    from tfops.config.document import Document

_MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Limit:
    """Values (or patterns with `*`) that an input may have; `source` is empty for the modules of all sources."""

    source: str
    input: str
    values: tuple[str, ...]
    message: str
    mark: Mark

    def allows(self, value: Any) -> bool:
        return value is None or any(fits(pattern, as_text(value)) for pattern in self.values)


def as_text(value: Any) -> str:
    """A value the way that Terraform turns it into text: `80` and `"80"` are the same choice."""
    if isinstance(value, bool):
        return str(value).lower()
    return number_text(value) if isinstance(value, Number) else str(value)


def fits(pattern: str, text: str) -> bool:
    """`*` stands for anything, everything else for itself."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def limit_complaints(document: "Document", rules: "Document") -> Iterator[Complaint]:
    """Every source and every input of a document that tfops.yaml doesn't let through."""
    limits, denials = list(_limits(rules)), list(_denials(rules))
    modules = document.data.get("modules") if isinstance(document.data, dict) and (limits or denials) else None
    for name, block in modules.items() if isinstance(modules, dict) else ():
        source = block.get("source") if isinstance(block, dict) else None
        if not isinstance(source, str):
            continue
        for pattern, message, mark in denials:
            if fits(pattern, source):
                what = message or f"modules from {names.shown(source)} are not allowed"
                yield document.complaint(("modules", name, "source"), what, f"the rule: {mark}")
        inputs = block.get("inputs")
        for limit in limits if isinstance(inputs, dict) else ():
            if limit.input in inputs and limit.source in ("", source):
                yield from _input_complaints(document, ("modules", name, "inputs"), inputs[limit.input], limit)


def _input_complaints(document: "Document", where: Path, value: Any, limit: Limit) -> Iterator[Complaint]:
    """Every value inside of an input counts by itself: a list's items, a mapping's values."""
    for path, item in _leaves(value, (*where, limit.input)):
        if _is_hidden(item):
            what = f"`{limit.input}` is limited: its value must be written out"
        elif limit.allows(item):
            continue
        else:
            what = limit.message or f"`{limit.input}` may not be {names.shown(as_text(item))}"
        yield document.complaint(path, what, f"allowed: {_shown(limit.values)} ({limit.mark})")


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    inside: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict) and not _is_hidden(value):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    else:
        yield path, value
    for key, item in inside:
        yield from _leaves(item, (*path, key))


def _is_hidden(value: Any) -> bool:
    """Whether only the engine will know the value: a reference or a secret would get around every limit."""
    try:
        return is_form(parse_form(value))
    except ValueError:
        return False


def _shown(values: Sequence[str]) -> str:
    more = f" and {len(values) - _MOST_SHOWN} more" if len(values) > _MOST_SHOWN else ""
    return ", ".join(f"`{value}`" for value in values[:_MOST_SHOWN]) + more


def _limits(rules: "Document") -> Iterator[Limit]:
    for key, block in _mapping(rules.data, "allow").items():
        source, _, name = key.rpartition(".")
        values = block.get("values") if isinstance(block, dict) else block
        message = block.get("message", "") if isinstance(block, dict) else ""
        if isinstance(values, list) and isinstance(message, str):
            yield Limit(source, name, tuple(map(as_text, values)), message, rules.mark(("allow", key)))


def _denials(rules: "Document") -> Iterator[tuple[str, str, Mark]]:
    denied = rules.data.get("deny_modules") if isinstance(rules.data, dict) else None
    for index, block in enumerate(denied if isinstance(denied, list) else []):
        source, message = (block.get(key, "") if isinstance(block, dict) else "" for key in ("source", "message"))
        if isinstance(source, str) and source and isinstance(message, str):
            yield source, message, rules.mark(("deny_modules", index))


def _mapping(data: Any, key: str) -> Mapping[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def check_input_rules(document: "Document", local_modules: Sequence[str]) -> Iterator[Complaint]:
    """What the schema can't say about `defaults`, `allow` and `deny_modules`."""
    for source in _mapping(document.data, "defaults"):
        yield from _source_complaints(document, ("defaults", source), source, local_modules)
    for key, block in _mapping(document.data, "allow").items():
        source, _, name = key.rpartition(".")
        if not names.is_input_name(name):
            hint = "INPUT, or SOURCE.INPUT for the modules of one source"
            yield document.complaint(("allow", key), f"{names.shown(key)} names no input", hint)
        elif source:
            yield from _source_complaints(document, ("allow", key), source, local_modules)
        values = block.get("values") if isinstance(block, dict) else block
        if isinstance(values, list) and not (values and all(isinstance(item, str | Number) for item in values)):
            hint = 'for instance: [t3.small, "t3.*"], or {values: […], message: …}'
            yield document.complaint(("allow", key), f"`{key}` needs a list of values", hint)


def _source_complaints(document: "Document", where: Path, source: str, local: Sequence[str]) -> Iterator[Complaint]:
    try:
        parse_source(source, None, local)
    except SourceError as error:
        yield document.complaint(where, str(error), error.hint)
