"""`locals:` of an environment's file: values with a name, which its modules and providers refer to."""

import graphlib
from collections.abc import Iterator

from tfops.config.document import Document
from tfops.config.names import did_you_mean, is_input_name, shown
from tfops.config.values import (
    EachValue,
    FormError,
    LocalReference,
    Path,
    Secret,
    flat,
    form_complaints,
    parse_form,
    walk,
)
from tfops.records.complaint import Complaint


def local_complaints(document: Document) -> Iterator[Complaint]:
    """What is wrong with them, and every reference to one that isn't there."""
    data = document.data if isinstance(document.data, dict) else {}
    values, modules = data.get("locals"), data.get("modules")
    known = list(values) if isinstance(values, dict) else []
    names = list(modules) if isinstance(modules, dict) else []
    for name in known:
        if not is_input_name(name):
            yield document.complaint(("locals", name), f"{shown(name)} can't name a value", "letters, digits, `_`, `-`")
    for path, value in walk(values, ("locals",)) if known else ():
        yield from form_complaints(document, path, value, known=names)
        yield from _misplaced(document, path, value)
    places = [*_of_modules(modules), *walk(data.get("providers"), ("providers",)), *walk(values, ("locals",))]
    for path, value in places:
        for name in _named(value):
            if name not in known:
                hint = did_you_mean(name, known) or f"locals: {{{name}: …}}"
                yield document.complaint(path, f"there is no local `{name}` in this file", hint)
    yield from _circle_complaints(document, values, known)


def _misplaced(document: Document, path: Path, value: object) -> Iterator[Complaint]:
    for form in _forms(value):
        if isinstance(form, Secret):
            yield document.complaint(path, "a secret has no other name", "write it where it is used")
        if isinstance(form, EachValue):
            yield document.complaint(path, f"`${{{form.expression}}}` is known inside of a call's `inputs` alone")


def _circle_complaints(document: Document, values: object, known: list[str]) -> Iterator[Complaint]:
    needs: dict[str, set[str]] = {name: set() for name in known}
    for path, value in walk(values, ()) if known else ():
        if path:
            needs[str(path[0])] |= {*_named(value)} & needs.keys()
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        circle: list[str] = error.args[1][::-1]
        shown_circle = " -> ".join(circle)
        yield document.complaint(("locals", circle[0]), f"these values wait for each other: {shown_circle}")


def _named(value: object) -> Iterator[str]:
    """The locals that a value refers to."""
    return (form.name for form in _forms(value) if isinstance(form, LocalReference))


def _of_modules(modules: object) -> Iterator[tuple[Path, object]]:
    for name, block in modules.items() if isinstance(modules, dict) else ():
        for key in ("inputs", "for_each", "count") if isinstance(block, dict) else ():
            yield from walk(block.get(key), ("modules", name, key))


def _forms(value: object) -> Iterator[object]:
    try:
        yield from flat(parse_form(value))
    except FormError:
        return
