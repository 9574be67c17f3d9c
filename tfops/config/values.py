"""The three forms that a developer's value can have: a literal, a reference, a secret.

A form counts only when it is the whole value: `${module.network.vpc_id}`. Inside a longer string
the same characters are text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]

_MODULE_REFERENCE = re.compile(
    r"\$\{module\.(?P<module>[A-Za-z_][A-Za-z0-9_-]*)\.(?P<path>[A-Za-z_][A-Za-z0-9_-]*"
    r"(\.[A-Za-z_][A-Za-z0-9_-]*|\[[0-9]+\])*)\}"
)
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
class Secret:
    """Where a secret is kept. Never its value."""

    scheme: str
    name: str


def is_form(value: Any) -> bool:
    return isinstance(value, Reference | Secret)


def parse_form(value: Any) -> Any:
    """`value` as Reference or Secret when it is one, else unchanged.

    Raises ValueError with the complaint when it looks like a form but isn't one.
    """
    if isinstance(value, str):
        return _parse_text(value)
    if isinstance(value, dict) and list(value) == ["from"] and isinstance(value["from"], str):
        return _parse_secret(value["from"])
    return value


def _parse_text(text: str) -> str | Reference:
    match = _MODULE_REFERENCE.fullmatch(text)
    if match:
        return Reference(match["module"], match["path"])
    if text.startswith("${stack.") and text.endswith("}"):
        raise ValueError("references to other stacks (`${stack.…}`) are not supported yet")
    if _LOOKS_LIKE_REFERENCE.fullmatch(text):
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
