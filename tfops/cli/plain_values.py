"""What is typed becomes a value without pydantic, where it needs none: a word, a switch, one of a few words.

typer makes a validator of pydantic for every parameter of a command, given or not: more than a third of what a short
command costs. Whatever isn't as plain as that still goes that way. A typer that does this otherwise is left alone.
"""

import enum
from pathlib import Path
from typing import Any, get_args, get_origin

_SLOT = "_runtime_param"


def take_plain_values(command: Any) -> None:
    """For all parameters of a command, and of its commands; those that typer adds when it is asked, too."""
    every = command.get_params

    def get_params(ctx: Any) -> Any:
        params = every(ctx)
        for param in params:
            if getattr(param, _SLOT, ...) is None and hasattr(param, "type_descriptor"):
                setattr(param, _SLOT, _Plain(param.type_descriptor))
        return params

    command.get_params = get_params
    for inner in getattr(command, "commands", {}).values():
        take_plain_values(inner)


class _Plain:
    """Stands for typer's own coercion, which is made when it is needed."""

    def __init__(self, descriptor: Any) -> None:
        self._descriptor = descriptor

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        is_many = param.multiple or param.nargs == -1
        if value is None:
            return () if is_many else None
        found = _plain(value, self._descriptor)
        if found is not None:
            return found
        from typer._coercion import build_runtime_param

        return build_runtime_param(self._descriptor).coerce(value, param=param, ctx=ctx)


def _plain(value: Any, descriptor: Any) -> Any:
    """None for what only typer can say."""
    kind, info = descriptor.annotation, descriptor.parameter_info
    if info.parser is not None:
        return None
    if get_origin(kind) is list and get_args(kind) == (str,) and isinstance(value, list | tuple):
        words = list(map(_word, value))
        return None if None in words else words
    if kind is str:
        return _word(value)
    if kind in (bool, Path) and isinstance(value, kind) and not info.resolve_path and not info.exists:
        return value
    return _choice(value, kind) if isinstance(kind, type) and issubclass(kind, enum.StrEnum) else None


def _word(value: Any) -> str | None:
    """None for what isn't text: a word may hold any bytes."""
    if not isinstance(value, str) or isinstance(value, enum.Enum):
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value


def _choice(value: Any, kind: type[enum.StrEnum]) -> enum.StrEnum | None:
    try:
        return kind(value)
    except ValueError:
        return None
