"""Records that are exactly as this tfops writes them, as plain data: for who shows one, without pydantic.

To import it takes longer than everything else that a short command does. What isn't exactly so (an older tfops wrote
it, a newer one, or it is damaged) is left to `ledger/codec.py`, which fills it in, or says what is wrong.
"""

import enum
import json
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

_EXACT = (str, int, float, bool)


def plain_as_written(kind: type, text: str) -> dict[str, Any] | None:
    """What `to_plain` gives of the record in a JSON text; None where only the codec can say."""
    if "\\ud" in text.lower():  # half a character, which the codec refuses
        return None
    try:
        value: dict[str, Any] = json.loads(text, parse_constant=_refuse)
        return value if _is_so(kind, value) else None
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _is_so(kind: Any, value: Any) -> bool:
    """Whether a value is what is written for a type: every field, in its order, none in another form."""
    kind = getattr(kind, "__supertype__", kind)
    if kind is Any:
        return True
    if kind in _EXACT:
        return type(value) is kind
    if kind is datetime:
        return isinstance(value, str) and _written(datetime.fromisoformat(value)) == value
    if typing.get_origin(kind):
        return _is_made_of(kind, value)
    if issubclass(kind, enum.StrEnum):
        return isinstance(value, str) and value in list(kind)
    return _has_fields(kind, value)


def _is_made_of(kind: Any, value: Any) -> bool:
    """The same for `X | None`, for lists of any length, and for names with values."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return any(value is None if arg is types.NoneType else _is_so(arg, value) for arg in args)
    if origin is Mapping:
        return isinstance(value, dict) and all(_is_so(args[1], item) for item in value.values())
    return isinstance(value, list) and args[1:] == (...,) and all(_is_so(args[0], item) for item in value)


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _has_fields(kind: type, value: Any) -> bool:
    if hasattr(kind, "__get_pydantic_core_schema__"):  # it says itself how it is written
        return False
    hints = typing.get_type_hints(kind)
    if not isinstance(value, dict) or list(value) != list(hints):
        return False
    return all(_is_so(hint, value[name]) for name, hint in hints.items())
