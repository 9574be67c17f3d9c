"""A root module that does nothing but hand a stack's inputs to its modules' variables.

Terraform judges them there without `init`, providers or credentials: conversions, `optional()`
defaults, `validation` blocks. The list of installed modules, which `init` would write, is rendered too.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from tfops import exact
from tfops.config.calls import FunctionCall
from tfops.config.environment import StackConfig
from tfops.config.modules.module import Interface
from tfops.config.modules.terraform_type import Type, type_at
from tfops.config.values import EachValue, LocalReference, Reference, RunValue, Secret, StackReference
from tfops.dataclass import dataclass
from tfops.records.engine_events import Diagnostic
from tfops.records.rendered import MAIN_FILE
from tfops.render.escape import escape_literal
from tfops.render.places import named_input

INSTALLED_FILE = ".terraform/modules/modules.json"

# Values that nobody knows before an apply: of any type, and text.
_UNKNOWN = "${jsondecode(timestamp())}"
_UNKNOWN_TEXT = "${timestamp()}"

_VALUES = "values"

_GIVEN = re.compile(rf"Invalid value defined at {re.escape(MAIN_FILE)}:(\d+)")


Call = tuple[Interface, Mapping[str, Any]]
"""A module and the inputs that it is given."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The files to try, and which line of the main file is which input (module, input; input empty: the module)."""

    files: Mapping[str, str]
    places: Mapping[int, tuple[str, str]]

    def place(self, error: Diagnostic) -> tuple[str, str]:
        """(module, input) of what the engine complains about; the input is empty for a module's own files."""
        named = named_input(error.detail)
        if named and named in self.places.values():
            return named
        file, _, line = error.where.rpartition(":")
        given = _GIVEN.search(error.detail)  # of a sensitive variable the declaration is named first
        if file == MAIN_FILE or given:
            return self.places.get(int(given[1] if given else line), ("", ""))
        return file.partition("/")[0], ""


def render_trial(stack: StackConfig, interfaces: Mapping[str, Interface], *, shows_values: bool = True) -> Trial:
    """The trial of those modules of a stack whose interface is known."""
    calls = {name: (interface, stack.modules[name].inputs) for name, interface in interfaces.items()}
    return render_calls(calls, shows_values=shows_values)


def render_calls(calls: Mapping[str, Call], *, shows_values: bool) -> Trial:
    """The trial of calls by name. Without `shows_values` the engine has half as much to do."""
    interfaces = {name: interface for name, (interface, _) in calls.items()}
    lines, places = ["{", '"module": {'], dict[int, tuple[str, str]]()
    for number, (name, (interface, inputs)) in enumerate(calls.items()):
        places[len(lines) + 1] = (name, "")
        lines.append(f"{', ' if number else ''}{json.dumps(name)}: {{")
        lines.append(f'"source": {json.dumps(source_in(name))}')
        for key in inputs.keys() & interface.variables.keys():
            places[len(lines) + 1] = (name, key)
            lines.append(f", {json.dumps(key)}: {exact.dumps(expression(inputs[key], interface.variables[key].type))}")
        lines.append("}")
    shown = [f', "output": {json.dumps(_root_outputs(interfaces))}'] if shows_values and interfaces else []
    lines += ["}", *shown, "}"]
    files = {MAIN_FILE: "\n".join(lines) + "\n", INSTALLED_FILE: installed({name: name for name in interfaces})}
    for name, interface in interfaces.items():
        files |= {f"{name}/{file}": text for file, text in declared(interface).items()}
        if shows_values:
            files[f"{name}/tfops_{_VALUES}.tf.json"] = json.dumps({"output": {_VALUES: {"value": _shown(interface)}}})
    return Trial(files, places)


def declared(interface: Interface) -> Mapping[str, str]:
    """The files with a module's variables; of a module without any, one that is empty, or the engine would miss it."""
    return interface.declarations or {MAIN_FILE: "{}"}


def source_in(folder: str) -> str:
    return f"./{folder}"


def installed(folders: Mapping[str, str]) -> str:
    """The list of installed modules that `init` would write: `module` block to folder."""
    modules = [{"Key": "", "Source": "", "Dir": "."}]
    modules += [{"Key": name, "Source": source_in(folder), "Dir": folder} for name, folder in folders.items()]
    return json.dumps({"Modules": modules})


def _root_outputs(interfaces: Mapping[str, Interface]) -> dict[str, Any]:
    return {name: {"value": f"${{module.{name}.{_VALUES}}}"} for name in interfaces}


def _shown(interface: Interface) -> dict[str, str]:
    variables = interface.variables.values()
    return {
        variable.name: f"${{var.{variable.name}}}"
        for variable in variables
        if not (variable.sensitive or variable.ephemeral)
    }


def expression(value: Any, of: Type) -> Any:
    """A value of a type as an expression of the engine's JSON syntax; unknown where only an apply will tell."""
    if isinstance(value, Reference | StackReference | EachValue | LocalReference | FunctionCall):
        return _UNKNOWN
    if isinstance(value, RunValue):
        return _UNKNOWN_TEXT
    if isinstance(value, Secret):
        return _UNKNOWN if of.is_compound else _UNKNOWN_TEXT
    if isinstance(value, dict):
        return {escape_literal(key): expression(item, type_at(of, (key,))) for key, item in value.items()}
    if isinstance(value, list):
        return [expression(item, type_at(of, (index,))) for index, item in enumerate(value)]
    return escape_literal(value)
