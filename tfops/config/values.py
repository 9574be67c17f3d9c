"""The forms that a developer's value can have: a literal, a reference to a module or to another stack, a secret.

A form counts only when it is the whole value: `${module.network.vpc_id}`. Inside a longer string
the same characters are text.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]

_WORD = r"[A-Za-z_][A-Za-z0-9_-]*"
_PATH = rf"(?P<path>{_WORD}(\.{_WORD}|\[[0-9]+\])*)"
_MODULE_REFERENCE = re.compile(rf"\$\{{module\.(?P<module>{_WORD})\.{_PATH}\}}")
_STACK_REFERENCE = re.compile(rf"\$\{{stack\.(?P<stack>[A-Za-z0-9][A-Za-z0-9-]*)\.{_PATH}\}}")
_STEPS = re.compile(rf"(?P<first>{_WORD})(\.(?P<second>{_WORD}))?")
_LOOKS_LIKE_REFERENCE = re.compile(r"\$\{\s*(modules?|stacks?)\b[^}]*\}")
_SECRET = re.compile(r"(?P<scheme>[a-z][a-z0-9]*):(?P<name>.+)")
_ENVIRONMENT_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Reference:
    """Another module's output, in the same stack."""

    module: str
    path: str

    @property
    def expression(self) -> str:
        return f"module.{self.module}.{self.path}"


@dataclass(frozen=True, slots=True)
class StackOutput:
    """An output of a stack's module. Without `module`: of the one module there that has such an output."""

    stack: str
    module: str
    name: str


@dataclass(frozen=True, slots=True)
class StackReference:
    """Another stack's output, in the same environment."""

    stack: str
    path: str

    def output(self, modules: Container[str]) -> tuple[StackOutput, str]:
        """Which output is meant, and what follows inside of it; `modules` are those of the stack.

        A first word that names a module is that module; otherwise it is an output.
        """
        steps = _STEPS.match(self.path)
        assert steps is not None
        if steps["second"] and steps["first"] in modules:
            return StackOutput(self.stack, steps["first"], steps["second"]), self.path[steps.end() :]
        return StackOutput(self.stack, "", steps["first"]), self.path[steps.end("first") :]


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is kept. Never its value."""

    scheme: str
    name: str


Form = Reference | StackReference | Secret


def is_form(value: Any) -> bool:
    return isinstance(value, Form)


def parse_form(value: Any) -> Any:
    """`value` as a `Form` when it is one, else unchanged.

    Raises ValueError with the complaint when it looks like a form but isn't one.
    """
    if isinstance(value, str):
        return _parse_text(value)
    if isinstance(value, dict) and list(value) == ["from"] and isinstance(value["from"], str):
        return _parse_secret(value["from"])
    return value


def _parse_text(text: str) -> str | Reference | StackReference:
    match = _MODULE_REFERENCE.fullmatch(text)
    if match:
        return Reference(match["module"], match["path"])
    match = _STACK_REFERENCE.fullmatch(text)
    if match:
        return StackReference(match["stack"], match["path"])
    looks = _LOOKS_LIKE_REFERENCE.fullmatch(text)
    if looks and looks[1].startswith("stack"):
        raise ValueError("not a reference: write `${stack.NAME.OUTPUT}` or `${stack.NAME.MODULE.OUTPUT}`")
    if looks:
        raise ValueError("not a reference: write `${module.NAME.OUTPUT}`")
    return text


def _parse_secret(text: str) -> Secret:
    match = _SECRET.fullmatch(text)
    if match is None:
        raise ValueError("not a secret: write `{from: env:NAME}`")
    if match["scheme"] != "env":
        raise ValueError(f"secrets from `{match['scheme']}:` are not supported yet, only `env:`")
    if not _ENVIRONMENT_VARIABLE.fullmatch(match["name"]):
        raise ValueError("not the name of an environment variable")
    return Secret("env", match["name"])


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value inside `value` with its path, itself first. Doesn't descend into forms."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, (*path, index))
