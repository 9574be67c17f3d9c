"""What the variables of modules are known to be without an engine: literals of inputs, of calls, of defaults."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfops.config.modules.hcl import Block, Expression, read_blocks
from tfops.config.modules.interface import module_texts
from tfops.config.modules.module import is_override, module_files
from tfops.config.values import is_form, walk

_VARIABLE = re.compile(r"(?P<negated>!\s*)?var\.(?P<name>[A-Za-z_][\w-]*)")
_FALSE, _TRUE = (False, "false", "0"), (True, "true", "1")


class ModuleValues:
    """Asked for one variable at a time; files are read when the first one is asked for.

    `folders` maps a module's path in dots to its files, `inputs` are those of the root's calls, by module.
    """

    def __init__(
        self, folders: Mapping[str, Path], inputs: Mapping[str, Mapping[str, Any]], *, is_tofu: bool = False
    ) -> None:
        self._folders, self._inputs, self._is_tofu = folders, inputs, is_tofu
        self._blocks: dict[str, list[Block] | None] = {}
        self._known: dict[str, dict[str, Any]] = {}

    def is_false(self, written: str, path: str) -> bool:
        """Whether `var.keep` or `!var.keep`, written in a module, is known to be false."""
        found = _VARIABLE.fullmatch(_bare(written))
        if found is None:
            return False
        value = self._of(path).get(found["name"])
        return isinstance(value, bool | str) and value in (_TRUE if found["negated"] else _FALSE)

    def _of(self, path: str) -> dict[str, Any]:
        """The variables of a module whose values are known."""
        if path not in self._known:
            self._known[path] = {}  # a loop of calls ends here
            blocks = self._read(path)
            values: dict[str, Any] = {}
            for block in blocks or ():
                if block.kind == "variable" and len(block.labels) == 1 and "default" in block.attributes:
                    self._put(values, block.labels[0], *_literal(block.attributes["default"]))
            given = self._given(path)
            if blocks is None or given is None:
                return self._known[path]
            for name, (is_known, value) in given.items():
                self._put(values, name, is_known, value)
            self._known[path] = values
        return self._known[path]

    @staticmethod
    def _put(values: dict[str, Any], name: str, is_known: bool, value: Any) -> None:
        if is_known:
            values[name] = value
        else:
            values.pop(name, None)

    def _given(self, path: str) -> dict[str, tuple[bool, Any]] | None:
        """What the call of a module says, each value with whether it is known; None where the call can't be seen."""
        above, _, name = path.rpartition(".")
        if not above:
            inputs = self._inputs.get(name)
            if inputs is None:
                return None
            return {key: (not any(is_form(part) for _, part in walk(value)), value) for key, value in inputs.items()}
        calls = [block for block in self._read(above) or () if block.kind == "module" and block.labels == (name,)]
        if not calls:
            return None
        return {key: self._passed(one, above) for call in calls for key, one in call.attributes.items()}

    def _passed(self, expression: Expression, above: str) -> tuple[bool, Any]:
        variable = _VARIABLE.fullmatch(_bare(expression.text))
        if variable is None or variable["negated"]:
            return _literal(expression)
        known = self._of(above)
        return variable["name"] in known, known.get(variable["name"])

    def _read(self, path: str) -> list[Block] | None:
        """The blocks of a module, those of override files last; None where a file can't be read."""
        if path not in self._blocks:
            folder = self._folders.get(path)
            texts = module_texts(folder) if folder is not None and folder.is_dir() else {}
            names = sorted(module_files(texts, is_tofu=self._is_tofu), key=lambda name: (is_override(name), name))
            try:
                found = [block for name in names for block in read_blocks(texts[name], is_json=name.endswith(".json"))]
            except ValueError:
                found = None
            self._blocks[path] = found if texts else None
        return self._blocks[path]


def _bare(written: str) -> str:
    """Without what JSON syntax puts around an expression."""
    text = written.strip().removeprefix('"').removesuffix('"')
    return text[2:-1].strip() if text.startswith("${") and text.endswith("}") else text


def _literal(expression: Expression) -> tuple[bool, Any]:
    """Whether the value is known, and the value. A text of JSON may be a template."""
    try:
        value = expression.literal()
    except ValueError:
        return False, None
    return not (isinstance(value, str) and "${" in value), value
