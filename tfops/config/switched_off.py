"""`enabled: false` of a module or of a stack's file: it is left out, and what still refers to it is a mistake.

Its form is checked like any other's; its source and inputs are held against nothing: a module that can't be had is what
somebody may well want to switch off.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tfops.config.document import Document, Path
from tfops.config.parsing import parse
from tfops.config.schema import EnvironmentFile
from tfops.config.values import Form, Reference, StackReference, parse_form, walk
from tfops.dataclass import dataclass
from tfops.records.complaint import Complaint
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.switched_off import SwitchedOff

KEY = "enabled"


@dataclass(frozen=True, slots=True)
class Remaining:
    """The documents of the stacks that are on, without the modules that are off; what is wrong with what is off, and
    with what refers to it."""

    documents: Mapping[StackName, Document]
    off: tuple[SwitchedOff, ...]
    complaints: tuple[Complaint, ...]

    def without_doubles(self, complaints: Iterable[Complaint]) -> list[Complaint]:
        """Of other complaints those at other places: at these nothing else would help."""
        ours = {complaint.mark for complaint in self.complaints}
        return [complaint for complaint in complaints if complaint.mark not in ours]


def without_switched_off(documents: Mapping[StackName, Document], env: EnvName) -> Remaining:
    """What is on of an environment's stacks."""
    off = tuple(one for stack, document in documents.items() for one in _off_in(stack, document))
    if not off:
        return Remaining({stack: _kept(document, frozenset()) for stack, document in documents.items()}, (), ())
    wrong = [complaint for stack, document in documents.items() for complaint in _form_complaints(stack, document, off)]
    whole = {one.stack for one in off if not one.module}
    kept = {
        stack: _kept(document, frozenset(one.module for one in off if one.stack == stack))
        for stack, document in documents.items()
        if stack not in whole
    }
    wrong += _emptied(documents, kept, env, off)
    wrong += [complaint for stack, document in kept.items() for complaint in _uses(stack, document, off)]
    return Remaining(kept, off, tuple(wrong))


def _off_in(stack: StackName, document: Document) -> Iterator[SwitchedOff]:
    if not isinstance(document.data, dict):
        return
    if document.data.get(KEY) is False:
        yield SwitchedOff(stack, "", document.mark((KEY,)))
        return
    for name, block in _modules(document).items():
        if isinstance(block, dict) and block.get(KEY) is False:
            yield SwitchedOff(stack, name, document.mark(("modules", name, KEY)))


def _modules(document: Document) -> Mapping[str, Any]:
    modules = document.data.get("modules") if isinstance(document.data, dict) else None
    return modules if isinstance(modules, dict) else {}


def _kept(document: Document, off: frozenset[str]) -> Document:
    """Without what is off, and without the word: on is as if nobody had said it. What is no yes or no stays, to be
    complained about."""
    data = document.data
    if not isinstance(data, dict):
        return document
    data = {key: value for key, value in data.items() if not (key == KEY and value is True)}
    if _modules(document):
        data["modules"] = {name: _plain(block) for name, block in _modules(document).items() if name not in off}
    return replace(document, data=data)


def _plain(block: Any) -> Any:
    is_said = isinstance(block, dict) and block.get(KEY) is True
    return {key: value for key, value in block.items() if key != KEY} if is_said else block


def _form_complaints(stack: StackName, document: Document, off: Iterable[SwitchedOff]) -> Iterator[Complaint]:
    """What is wrong with the form of what is off, which nobody else looks at."""
    ours = [one.module for one in off if one.stack == stack]
    modules = {name: block for name, block in _modules(document).items() if name in ours}
    data = document.data if "" in ours else {"modules": modules}
    if ours and not document.complaints:
        yield from parse(EnvironmentFile, replace(document, data=data))[1]
    elif "" in ours:
        yield from document.complaints


def _emptied(
    documents: Mapping[StackName, Document],
    kept: Mapping[StackName, Document],
    env: EnvName,
    off: Iterable[SwitchedOff],
) -> Iterator[Complaint]:
    """An environment, or a stack, of which nothing is left."""
    destroy = f"to take all of it down: tfops destroy {env}"
    if not kept:
        what = "every stack is switched off: one must be on"
        what = what if len(documents) > 1 else f"this is all of {env}: only one of several stacks can be off"
        yield from (documents[one.stack].complaint_at(one.mark, what, destroy) for one in off if not one.module)
    for stack in dict.fromkeys(one.stack for one in off if one.module):
        if not _modules(kept[stack]):
            hint = destroy if stack == MAIN_STACK else f"to switch the stack off: `{KEY}: false` beside `modules:`"
            yield kept[stack].complaint(("modules",), "every module is switched off: one must be on", hint)


def _uses(stack: StackName, document: Document, off: Iterable[SwitchedOff]) -> Iterator[Complaint]:
    """Everything in a stack that is on which needs what is off."""
    known = {(one.stack, one.module): one for one in off}
    for path, wanted in [*_references(stack, document), *_addressed(stack, document)]:
        found = known.get((wanted[0], "")) or known.get(wanted)
        if found is not None:
            message = f"{found.text} is switched off: nothing can refer to it"
            yield document.complaint(path, message, f"switch it on, or take this out: {KEY}: true")


def _references(stack: StackName, document: Document) -> Iterator[tuple[Path, tuple[StackName, str]]]:
    """Where another module is named, and which; of another stack the first word may be the module."""
    for name, block in _modules(document).items():
        inputs = block.get("inputs") if isinstance(block, dict) else None
        for path, value in walk(inputs, ("modules", name, "inputs")):
            form = _form(value)
            if isinstance(form, Reference):
                yield path, (stack, form.module)
            elif isinstance(form, StackReference):
                yield path, (StackName(form.stack), form.path.partition(".")[0])


def _form(value: Any) -> Form | None:
    try:
        form = parse_form(value) if isinstance(value, str) and value.startswith("${") else None
    except ValueError:
        return None
    return form if isinstance(form, Form) else None


def _addressed(stack: StackName, document: Document) -> Iterator[tuple[Path, tuple[StackName, str]]]:
    """Where `imports` and `moved` lead to."""
    for key in ("imports", "moved"):
        blocks = document.data.get(key) if isinstance(document.data, dict) else None
        for place, block in enumerate(blocks if isinstance(blocks, list) else ()):
            to = block.get("to") if isinstance(block, dict) else None
            if isinstance(to, str) and to.startswith("module."):
                yield (key, place, "to"), (stack, to.split(".")[1].partition("[")[0])
