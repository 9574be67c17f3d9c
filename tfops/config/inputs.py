"""A developer's inputs against the variables of the modules: every mistake with its place and what to do."""

from collections.abc import Callable, Container, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tfops.config import mistakes
from tfops.config.document import Document, Path
from tfops.config.modules.fitting import fits
from tfops.config.modules.flow import Needs, find_circle
from tfops.config.modules.json_schema import type_schema, with_forms
from tfops.config.modules.module import Interface, Variable
from tfops.config.modules.terraform_type import short_type
from tfops.config.names import did_you_mean
from tfops.config.source import LocalSource, RemoteSource
from tfops.config.values import Form, Reference, flat, meant, parse_form, walk
from tfops.records.complaint import Complaint
from tfops.records.names import EnvName, StackName

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

Find = Callable[[EnvName, StackName, str, LocalSource | RemoteSource], Interface | None]
"""A module of a stack, by its name there and its source; None when it can't be seen from here."""

FindNeeds = Callable[[EnvName, StackName, str, LocalSource | RemoteSource], Needs]
"""What the outputs of such a module need; it takes a while, and is asked only where modules refer to each other."""


class InputCheck:
    """Checks the inputs of any number of environments against the modules of one commit.

    What was found right once isn't looked at again: environments are much alike. `unseen` gathers the
    modules whose variables couldn't be checked.
    """

    def __init__(self, find: Find, needs: FindNeeds = lambda *_: {}) -> None:
        self.find = find
        self._needs = needs
        self._checkers: dict[int, _ModuleChecker] = {}
        self.unseen: list[tuple[EnvName, str, str]] = []

    def complaints(
        self,
        document: Document,
        place: tuple[EnvName, StackName],
        sources: Mapping[str, LocalSource | RemoteSource],
        *,
        given: Container[str] = (),
    ) -> Iterator[Complaint]:
        """What is wrong with the inputs of `sources`' modules in a document. What is no mapping is left to others.

        `given` are variables that files of values set, and the document need not.
        """
        checkers = {name: self._checker(*place, name, source) for name, source in sources.items()}
        for name, checker in checkers.items():
            inputs = document.data["modules"][name].get("inputs", {})
            if not isinstance(inputs, dict):
                continue
            where: Path = ("modules", name)
            if checker is not None:
                yield from checker.complaints(document, where, inputs, given)
            yield from _reference_complaints(document, (*where, "inputs"), inputs, checkers)
        if sources:
            for key in ("providers", "locals"):
                yield from _reference_complaints(document, (key,), document.data.get(key) or {}, checkers)
            yield from _circle_complaints(document, lambda name: self._needs(*place, name, sources[name]))

    def outputs(
        self, env: EnvName, stack: StackName, name: str, source: LocalSource | RemoteSource
    ) -> frozenset[str] | None:
        """The names of a module's outputs, None when it can't be seen from here."""
        interface = self.find(env, stack, name, source)
        return frozenset(interface.outputs) if interface is not None and interface.is_whole else None

    def value_complaints(
        self, document: Document, place: tuple[EnvName, StackName], name: str, source: LocalSource | RemoteSource
    ) -> Iterator[Complaint]:
        """What is wrong with the values alone: a file of values may say less than a module needs, and more."""
        checker = self._checker(*place, name, source)
        if checker is not None:
            yield from checker.given_complaints(document, ("modules", name), document.data["modules"][name]["inputs"])

    def _checker(
        self, env: EnvName, stack: StackName, name: str, source: LocalSource | RemoteSource
    ) -> "_ModuleChecker | None":
        interface = self.find(env, stack, name, source)
        if interface is None or not interface.is_whole:
            self.unseen.append((env, name, source.text))
            return None
        known = self._checkers.get(id(interface))
        if known is None:
            known = self._checkers[id(interface)] = _ModuleChecker(interface)
        return known


class _ModuleChecker:
    """One module's variables with their schemas, and the values that were found right."""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface
        self._right: set[tuple[str, str]] = set()
        self._validators: dict[tuple[str, bool], Draft202012Validator] = {}
        self._required = [variable for variable in interface.variables.values() if not variable.has_default]

    def complaints(
        self, document: Document, where: Path, inputs: Mapping[str, Any], given: Container[str]
    ) -> Iterator[Complaint]:
        variables = self.interface.variables
        unknown = [key for key in inputs if key not in variables]
        for key in unknown:
            hint = did_you_mean(key, variables.keys() - inputs.keys())
            yield document.complaint((*where, "inputs", key), f"module `{where[-1]}` has no input `{key}`", hint)
        for key in inputs.keys() & variables.keys():
            yield from self._value_complaints(document, (*where, "inputs", key), inputs[key], variables[key])
        for variable in self._required:
            is_given = variable.name in inputs or variable.name in given
            if not is_given and not mistakes.is_close(variable.name, unknown):
                yield document.complaint(where, f"`{where[-1]}` needs the input `{variable.name}`", _about(variable))

    def given_complaints(self, document: Document, where: Path, inputs: Mapping[str, Any]) -> Iterator[Complaint]:
        """Of the values that are there, of variables that are."""
        for key in inputs.keys() & self.interface.variables.keys():
            variable = self.interface.variables[key]
            yield from self._value_complaints(document, (*where, "inputs", key), {"literal": inputs[key]}, variable)

    def _value_complaints(self, document: Document, path: Path, value: Any, variable: Variable) -> Iterator[Complaint]:
        key = (variable.name, repr(value))
        if key in self._right:
            return
        found = list(self._mistakes(value, variable))
        if not found:
            self._right.add(key)
        for mistake in found:
            yield document.complaint((*path, *mistake.path), mistake.message, mistake.hint)

    def _mistakes(self, value: Any, variable: Variable) -> Iterator[mistakes.Mistake]:
        if variable.const and _has_forms(value):
            what = f"`{variable.name}` is a constant of the module: it takes no reference and no secret"
            yield mistakes.Mistake((), what, _about(variable))
        has_forms, value = _has_forms(value), meant(value)
        if value is None and not variable.nullable and not variable.has_default:
            yield mistakes.Mistake((), f"`{variable.name}` must not be null", _about(variable))
        if not fits(variable.type, value, has_forms=has_forms):
            errors = self._validator(variable, has_forms=has_forms).iter_errors(value)
            yield from mistakes.explain(variable, errors)
        yield from mistakes.changed_texts(variable, value)

    def _validator(self, variable: Variable, *, has_forms: bool) -> "Draft202012Validator":
        key = (variable.name, has_forms)
        if key not in self._validators:
            from jsonschema import Draft202012Validator  # noqa: PLC0415 - costs 0.1 s

            schema = type_schema(variable.type)
            self._validators[key] = Draft202012Validator(with_forms(schema) if has_forms else schema)
        return self._validators[key]


def _about(variable: Variable) -> str:
    first = variable.description.split("\n", maxsplit=1)[0]
    return f"{variable.name}: {short_type(variable.type)}" + (f"   # {first}" if first else "")


def _has_forms(value: Any) -> bool:
    return any(_form(item) is not None for _, item in walk(value))


def _form(value: Any) -> Form | None:
    """The reference or secret that a value is; None for a literal, and for what looks like a form but isn't one."""
    if not isinstance(value, str | dict):
        return None
    try:
        form = parse_form(value)
    except ValueError:
        return None
    return form if isinstance(form, Form) else None


def _reference_complaints(
    document: Document, where: Path, inputs: Mapping[str, Any], checkers: Mapping[str, _ModuleChecker | None]
) -> Iterator[Complaint]:
    for path, value in walk(inputs, where):
        for form in _references(value):
            checker = checkers.get(form.module)
            outputs = checker.interface.outputs if checker else None
            if outputs is not None and form.output not in outputs:
                hint = did_you_mean(form.output, outputs) or "it has no outputs"
                yield document.complaint(path, f"module `{form.module}` has no output `{form.output}`", hint)


def _references(value: Any) -> Iterator[Reference]:
    """Those to modules, also such as a call is given."""
    form = _form(value) if isinstance(value, str) and value.startswith("${") else None
    yield from (one for one in flat(form) if isinstance(one, Reference))


def _circle_complaints(document: Document, needs: Callable[[str], Needs]) -> Iterator[Complaint]:
    references: dict[tuple[str, str], list[tuple[Path, Reference]]] = {}
    for name, block in document.data["modules"].items():
        inputs = block.get("inputs") if isinstance(block, dict) else None
        for path, value in walk(inputs, ("modules", name, "inputs")):
            for form in _references(value):
                references.setdefault((name, str(path[3])), []).append((path, form))
    circle = find_circle(references, needs)
    if circle is not None:
        path, values = circle
        shown = " -> ".join(
            f"{module}.{name}" if kind == "input" else f"${{module.{module}.{name}}}" for module, kind, name in values
        )
        yield document.complaint(
            path, f"these values wait for each other: {shown}", "give one of them a value of its own"
        )
