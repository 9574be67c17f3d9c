"""What the variables and locals of modules are known to be without an engine: from inputs, calls, and defaults."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tfops.config.modules.evaluate import Undecided, evaluate, to_bool
from tfops.config.modules.hcl import Block, Expression, JsonExpression, read_blocks
from tfops.config.modules.module import is_override, module_files
from tfops.config.values import is_form, is_literal, walk
from tfops.exact import is_number

# The texts of a module's files by name, asked by its path in dots (`app`, `app.inner`); empty where there is none.
ReadModule = Callable[[str], Mapping[str, str]]

# The common forms, told without a parser.
_CONSTANT = re.compile(r"true|false")
_VARIABLE = re.compile(r"(?P<negated>!\s*)?(?P<symbol>var|local)\.(?P<name>[A-Za-z_][\w-]*)")
_TEMPLATE = re.compile(r"[$%]\{")


class ModuleValues:
    """Asked for one expression at a time; files are read when the first one needs them.

    `inputs` are those of the root's calls, by module; under the empty name those of a root that is somebody's own.
    """

    def __init__(self, read: ReadModule, inputs: Mapping[str, Mapping[str, Any]], *, is_tofu: bool = False) -> None:
        self._texts_of, self._inputs, self._is_tofu = read, inputs, is_tofu
        self._blocks: dict[str, list[Block] | None] = {}
        self._variables: dict[str, dict[str, Any]] = {}
        self._locals: dict[tuple[str, str], Any] = {}

    def decide(self, expression: Expression, path: str) -> bool | None:
        """What a condition that stands in a module comes to; None where inputs, calls and defaults don't say."""
        written = expression.text.strip()
        if _CONSTANT.fullmatch(written):
            return written == "true"
        try:
            return to_bool(self._value(expression, path))
        except ValueError:  # Undecided, or nothing that can be read
            return None

    def _value(self, expression: Expression, path: str) -> Any:
        """Raises ValueError where it isn't certain."""
        if isinstance(expression, JsonExpression):
            if not any(isinstance(part, str) and _TEMPLATE.search(part) for _, part in walk(expression.value)):
                return expression.value
            if not isinstance(expression.value, str) or expression.text == expression.value:
                raise Undecided("a template inside of a value")
        simple = _VARIABLE.fullmatch(expression.text.strip())
        if simple is None:
            return evaluate(expression.node(), lambda symbol, name: self._symbol(symbol, name, path))
        value = self._symbol(simple["symbol"], simple["name"], path)
        return not to_bool(value) if simple["negated"] else value

    def _symbol(self, symbol: str, name: str, path: str) -> Any:
        if symbol == "local":
            return self._local(name, path)
        known = self._of(path)
        if name not in known:
            raise Undecided(f"var.{name} isn't known")
        return known[name]

    def _local(self, name: str, path: str) -> Any:
        if (path, name) not in self._locals:
            self._locals[path, name] = Undecided(f"local.{name} needs itself")  # a loop ends here
            written = [block.attributes[name] for block in self._of_kind(path, "locals") if name in block.attributes]
            try:
                if not written:
                    raise Undecided(f"there is no local.{name}")
                self._locals[path, name] = self._value(written[-1], path)
            except ValueError as error:
                self._locals[path, name] = Undecided(str(error))
        found = self._locals[path, name]
        if isinstance(found, Undecided):
            raise found
        return found

    def _of(self, path: str) -> dict[str, Any]:
        """The variables of a module whose values are known."""
        if path not in self._variables:
            self._variables[path] = {}  # a loop of calls ends here
            given = self._given(path)
            if given is None or self._read(path) is None:
                return {}
            declared = [block for block in self._of_kind(path, "variable") if len(block.labels) == 1]
            types = {block.labels[0]: block.attributes["type"] for block in declared if "type" in block.attributes}
            defaults = {block.labels[0]: block.attributes.get("default") for block in declared}
            values = self._known({name: one for name, one in defaults.items() if one is not None}, path)
            known = {name: value for name, value in values.items() if name not in given} | self._certain(given)
            typed = {name: _typed(value, types.get(name)) for name, value in known.items()}
            self._variables[path] = self._certain(typed)
        return self._variables[path]

    @staticmethod
    def _certain(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if not isinstance(value, Undecided)}

    def _given(self, path: str) -> dict[str, Any] | None:
        """What the call of a module says, by name; None where the call can't be seen."""
        above, _, name = path.rpartition(".")
        if not above and (not path or "" not in self._inputs):
            inputs = self._inputs.get(name)
            if inputs is None:
                return None
            return {key: _written(value) for key, value in inputs.items()}
        calls = [block for block in self._of_kind(above, "module") if block.labels == (name,)]
        if not calls:
            return None
        return self._known({key: one for call in calls for key, one in call.attributes.items()}, above)

    def _known(self, expressions: Mapping[str, Expression], path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, expression in expressions.items():
            try:
                found[name] = self._value(expression, path)
            except ValueError as error:
                found[name] = Undecided(str(error))
        return found

    def _of_kind(self, path: str, kind: str) -> list[Block]:
        return [block for block in self._read(path) or () if block.kind == kind]

    def _read(self, path: str) -> list[Block] | None:
        """The blocks of a module, those of override files last; None where a file can't be read, or none is there."""
        if path not in self._blocks:
            texts = self._texts_of(path)
            names = sorted(module_files(texts, is_tofu=self._is_tofu), key=lambda name: (is_override(name), name))
            try:
                found = [block for name in names for block in read_blocks(texts[name], is_json=name.endswith(".json"))]
            except ValueError:
                found = None
            self._blocks[path] = found if names else None
        return self._blocks[path]


def _written(value: Any) -> Any:
    """An input as it is written, unless it is a secret or a reference, or has one inside."""
    if is_literal(value):
        return value["literal"]
    if any(is_form(part) for _, part in walk(value)):
        return Undecided("a secret or a reference")
    return value


def _typed(value: Any, declared: Expression | None) -> Any:
    """The value as the engine converts it to a simple type that the variable declares."""
    kind = declared.text.strip().strip('"') if declared else ""
    if value is None or kind not in ("bool", "number", "string"):
        return value
    if kind == "bool":
        try:
            return to_bool(value)
        except Undecided as error:
            return error
    if kind == "string" and isinstance(value, bool):
        return "true" if value else "false"
    fits = isinstance(value, str) if kind == "string" else is_number(value)
    return value if fits else Undecided(f"converted to a {kind}")
