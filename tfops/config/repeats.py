"""`for_each`, `count` and `depends_on` of a module's call: what is wrong with them, and with references to its outputs.

A call with one of the first two is made as often as it says, under keys: `${module.site["eu"].id}`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tfops.config.calls import FunctionCall
from tfops.config.document import Document, Path
from tfops.config.names import did_you_mean, shown
from tfops.config.values import (
    EachValue,
    FormError,
    LocalReference,
    Reference,
    Secret,
    StackReference,
    flat,
    form_complaints,
    meant,
    parse_form,
    walk,
)
from tfops.records.complaint import Complaint

_KINDS = ("for_each", "count")


def repeat_complaints(document: Document) -> Iterator[Complaint]:
    """Of a whole file: the calls, what stands in their inputs, and in provider blocks."""
    modules = _mapping(document.data, "modules")
    for name, block in modules.items():
        if isinstance(block, dict):
            yield from _call_complaints(document, name, block, list(modules))
            for path, form in _forms(block.get("inputs"), ("modules", name, "inputs")):
                yield from _use_complaints(document, path, form, block, modules)
    for path, form in _forms(_mapping(document.data, "providers"), ("providers",)):
        yield from _use_complaints(document, path, form, {}, modules)


def _call_complaints(document: Document, name: str, block: Mapping[str, Any], known: list[str]) -> Iterator[Complaint]:
    where: Path = ("modules", name)
    if "for_each" in block and "count" in block:
        yield document.complaint((*where, "count"), "`for_each` and `count` both say how often: take one of them out")
    if "for_each" in block:
        yield from _for_each_complaints(document, (*where, "for_each"), block["for_each"], known)
    if "count" in block:
        yield from _count_complaints(document, (*where, "count"), block["count"], known)
    needs = block.get("depends_on")
    for index, needed in enumerate(needs if isinstance(needs, list) else ()):
        spot = (*where, "depends_on", index)
        if needed == name:
            yield document.complaint(spot, f"`{name}` can't depend on itself")
        elif isinstance(needed, str) and needed not in known:
            hint = "the name alone" if needed.startswith("module.") else did_you_mean(needed, known)
            yield document.complaint(spot, f"there is no module {shown(needed)} in this environment", hint)


def _for_each_complaints(document: Document, where: Path, value: Any, known: list[str]) -> Iterator[Complaint]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            if not isinstance(item, str):
                hint = 'in quotes: ["1", "2"]; or a mapping of keys to values'
                yield document.complaint((*where, index), "a key must be text", hint)
            elif item in value[:index]:
                yield document.complaint((*where, index), f"the key {shown(item)} is there twice")
    elif not isinstance(value, dict) and not _is_reference(value):
        hint = "for_each: {eu: {size: 1}, us: {size: 2}}, or [eu, us]"
        yield document.complaint(where, "`for_each` is a mapping, a list of texts, or a reference", hint)
    for path, item in walk(value, where):
        yield from form_complaints(document, path, item, known=known)
        if isinstance(_form(item), Secret):
            yield document.complaint(path, "a secret can't decide what there is: addresses would show it")
        for form in (one for one in flat(_form(item)) if isinstance(one, EachValue)):
            yield document.complaint(path, f"`${{{form.expression}}}` is known inside of the call's `inputs` alone")


def _count_complaints(document: Document, where: Path, value: Any, known: list[str]) -> Iterator[Complaint]:
    is_number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not (is_number or _is_reference(value)):
        yield document.complaint(where, "`count` is a whole number from 0, or a reference", "for instance: count: 2")
    yield from form_complaints(document, where, value, known=known)


def _use_complaints(
    document: Document, path: Path, form: Any, block: Mapping[str, Any], modules: Mapping[str, Any]
) -> Iterator[Complaint]:
    if isinstance(form, EachValue) and form.kind not in block:
        hint = f"as text: `$${{{form.expression}}}`"
        yield document.complaint(path, f"`${{{form.expression}}}` is for a module with `{form.kind}`", hint)
    if isinstance(form, Reference) and isinstance(modules.get(form.module), dict):
        yield from _reference_complaints(document, path, form, modules[form.module])


def _reference_complaints(
    document: Document, path: Path, form: Reference, block: Mapping[str, Any]
) -> Iterator[Complaint]:
    kind = next((kind for kind in _KINDS if kind in block), "")
    said = f"`${{{form.expression}}}`"
    wanted = {"for_each": '["KEY"]', "count": "[0]", "": ""}[kind]
    fitting = {"for_each": form.key.startswith('["'), "count": form.key[:2] not in ('["', ""), "": not form.key}[kind]
    if not fitting:
        what = f"module `{form.module}` has {f'`{kind}`' if kind else 'neither `for_each` nor `count`'}"
        hint = f"write `${{module.{form.module}{wanted}.{form.path}}}`"
        yield document.complaint(path, f"{said}: {what}", hint)
        return
    keys = _keys(block.get(kind)) if kind else None
    if keys is not None and form.key != "[*]" and form.key not in keys:
        hint = did_you_mean(form.key, keys) or "it is made no time at all"
        yield document.complaint(path, f"{said}: module `{form.module}` isn't made for {form.key}", hint)


def _keys(value: Any) -> frozenset[str] | None:
    """The keys as references write them; None where only the engine will know them."""
    if isinstance(value, int) and not isinstance(value, bool):
        return frozenset(f"[{index}]" for index in range(min(value, _MOST_COUNTED)))
    if isinstance(value, list | dict):
        return frozenset(f'["{meant(key)}"]' for key in value if isinstance(key, str))
    return None


_MOST_COUNTED = 10_000


def _forms(values: Any, where: Path) -> Iterator[tuple[Path, Any]]:
    for path, value in walk(values, where) if isinstance(values, dict) else ():
        if isinstance(value, str):
            yield from ((path, form) for form in flat(_form(value)))


def _form(value: Any) -> Any:
    try:
        return parse_form(value)
    except FormError:
        return None


def _is_reference(value: Any) -> bool:
    forms = Reference | StackReference | LocalReference | FunctionCall
    return isinstance(value, str) and isinstance(_form(value), forms)


def _mapping(data: Any, key: str) -> Mapping[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
