"""The values of a saved plan: msgpack to what `show -json` would say.

The encoding: https://github.com/msgpack/msgpack/blob/master/spec.md, with what Terraform adds to it
(https://github.com/zclconf/go-cty/blob/main/docs/marshal.md): an extension is a value that isn't known yet, a pair that
begins with bytes is a value with its type, and a number that no float holds is a text.
"""

import math
import struct
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from tfops import exact
from tfops.engine.planfile.unfamiliar import DEEPEST, Budget, Unfamiliar


class Unknown:
    """A value that only the apply makes known."""


UNKNOWN: Final = Unknown()


class Typed(NamedTuple):
    """A value that brings its type along, where the schema says any."""

    type: Any
    value: Any


_EXTENSIONS = frozenset({0, 12})  # unknown, unknown with what is known of it
_LITERALS: Mapping[int, Any] = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS: Mapping[int, str] = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i",
    0xD3: ">q",
}  # fmt: skip
_LENGTHS: Mapping[int, str] = {
    0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xC7: ">B", 0xC8: ">H", 0xC9: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I",
    0xDC: ">H", 0xDD: ">I", 0xDE: ">H", 0xDF: ">I",
}  # fmt: skip
_KINDS: Mapping[int, str] = {
    0xC4: "bytes", 0xC5: "bytes", 0xC6: "bytes", 0xD9: "text", 0xDA: "text", 0xDB: "text", 0xDC: "list", 0xDD: "list",
    0xDE: "map", 0xDF: "map", 0xC7: "extension", 0xC8: "extension", 0xC9: "extension", 0xD4: "extension",
    0xD5: "extension", 0xD6: "extension", 0xD7: "extension", 0xD8: "extension",
}  # fmt: skip
_SHORT_EXTENSIONS: Mapping[int, int] = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}


def read_value(data: bytes, budget: Budget) -> Any:
    """What a msgpack value holds, with UNKNOWN and Typed in it. Raises Unfamiliar."""
    reader = _Reader(data, budget)
    value = reader.inner(DEEPEST)
    if reader.at != len(data):
        raise Unfamiliar("more than one value")
    return value


def plain(value: Any) -> Any:
    """The value without the types in it."""
    if isinstance(value, Typed):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


class _Reader:
    def __init__(self, data: bytes, budget: Budget) -> None:
        self.at = 0
        self._data = data
        self._budget = budget

    def inner(self, depth: int) -> Any:
        """The next value, no more than `depth` deep."""
        value = self._value(depth)
        if isinstance(value, bytes):
            raise Unfamiliar("bytes that are no type")
        return value

    def _value(self, depth: int) -> Any:
        self._budget.spend()
        if depth < 0:
            raise Unfamiliar(f"a value more than {DEEPEST} deep")
        first = self._take(1)[0]
        if first < 0x80:
            return first
        if first < 0xC0:
            return self._short(first, depth)
        if first >= 0xE0:
            return first - 0x100
        return self._long(first, depth)

    def _short(self, first: int, depth: int) -> Any:
        if first < 0x90:
            return self._map(first & 0x0F, depth)
        return self._list(first & 0x0F, depth) if first < 0xA0 else self._text(first & 0x1F)

    def _long(self, first: int, depth: int) -> Any:
        if first in _LITERALS:
            return _LITERALS[first]
        if first in _NUMBERS:
            return _number(self._number(_NUMBERS[first]))
        length = self._number(_LENGTHS[first]) if first in _LENGTHS else 0
        found: Any
        match _KINDS.get(first):
            case "text":
                found = self._text(length)
            case "bytes":
                found = self._take(length)
            case "list":
                found = self._list(length, depth)
            case "map":
                found = self._map(length, depth)
            case "extension":
                found = self._unknown(_SHORT_EXTENSIONS.get(first, length))
            case _:
                raise Unfamiliar(f"a value that begins with {first:#x}")
        return found

    def _unknown(self, length: int) -> Unknown:
        kind = self._take(1)[0]
        if kind not in _EXTENSIONS:
            raise Unfamiliar(f"a value of the kind {kind}")
        self._take(length)
        return UNKNOWN

    def _list(self, length: int, depth: int) -> Any:
        found = [self._value(depth - 1) for _ in range(length)]
        if not any(isinstance(item, bytes) for item in found):
            return found
        if len(found) != 2 or not isinstance(found[0], bytes) or isinstance(found[1], bytes):
            raise Unfamiliar("bytes that are no type")
        kind = _type(found[0])
        return Typed(kind, _of_type(found[1], kind))

    def _map(self, length: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(length):
            key = self._value(0)
            if not isinstance(key, str) or key in found:
                raise Unfamiliar("a map's key that is no text, or stands there twice")
            found[key] = self.inner(depth - 1)
        return found

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode()
        except UnicodeDecodeError as error:
            raise Unfamiliar("a text that is none") from error

    def _number(self, layout: str) -> Any:
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _take(self, length: int) -> bytes:
        taken = self._data[self.at : self.at + length]
        if len(taken) != length:
            raise Unfamiliar("a value beyond the end")
        self.at += length
        return taken


def _type(data: bytes) -> Any:
    try:
        return exact.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise Unfamiliar("a type that is none") from error


def _of_type(value: Any, kind: Any) -> Any:
    """The value with its numbers as numbers, wherever the type says that they are."""
    if isinstance(value, str):
        return _number_in(value) if kind == "number" else value
    if isinstance(value, list):
        return [_of_type(item, inner) for item, inner in zip(value, _types_of_list(kind, len(value)), strict=True)]
    if isinstance(value, dict):
        return {key: _of_type(item, _type_of_member(kind, key)) for key, item in value.items()}
    return value


def _types_of_list(kind: Any, length: int) -> list[Any]:
    match kind:
        case ["list" | "set", inner]:
            return [inner] * length
        case ["tuple", [*inners]] if len(inners) == length:
            return inners
    raise Unfamiliar("a list of another type")


def _type_of_member(kind: Any, key: str) -> Any:
    match kind:
        case ["map", inner]:
            return inner
        case ["object", {**members}] if key in members:
            return members[key]
    raise Unfamiliar("an object of another type")


def _number_in(value: str) -> exact.Number:
    try:
        found = exact.loads(value)
    except ValueError as error:
        raise Unfamiliar("a number that is none") from error
    if not isinstance(found, exact.Number) or isinstance(found, bool):
        raise Unfamiliar("a number that is none")
    return found


def _number(value: float) -> exact.Number:
    """As JSON tells it, and `exact` reads it: with all digits and no exponent, a fraction only where there is one."""
    if not math.isfinite(value):
        raise Unfamiliar("a number without an end")
    if isinstance(value, int):
        return value
    return _number_in(format(Decimal(repr(value)), "f"))
