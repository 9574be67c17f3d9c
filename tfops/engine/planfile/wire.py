"""Protocol buffers: bytes to fields by name, with layouts that say what each number is.

The encoding: https://protobuf.dev/programming-guides/encoding/. Only numbers and length-delimited fields exist in
saved plans.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

from tfops.engine.planfile.unfamiliar import Budget, Unfamiliar

_VARINT, _DELIMITED = 0, 2
_LONGEST_VARINT = 10


class Kind(Enum):
    """What a field holds. Of what is `PASSED` only the presence is known: nothing that tfops says depends on it."""

    NUMBER = "number"
    TEXT = "text"
    BYTES = "bytes"
    PASSED = "passed"


class Field(NamedTuple):
    """A field of a message; `is_many` where it may stand there several times."""

    name: str
    kind: Kind
    is_many: bool = False


Layout = Mapping[int, Field]


def number(name: str) -> Field:
    """A number, or a flag as 0 and 1; 0 where it is absent."""
    return Field(name, Kind.NUMBER)


def text(name: str) -> Field:
    """A text, empty where it is absent."""
    return Field(name, Kind.TEXT)


def part(name: str) -> Field:
    """An inner message or value as bytes, None where it is absent."""
    return Field(name, Kind.BYTES)


def parts(name: str) -> Field:
    """Inner messages or values as a list of bytes."""
    return Field(name, Kind.BYTES, is_many=True)


def passed(name: str) -> Field:
    """A field that may be there, and that nothing is made of."""
    return Field(name, Kind.PASSED, is_many=True)


_ABSENT: Mapping[Kind, Any] = {Kind.NUMBER: 0, Kind.TEXT: "", Kind.BYTES: None}


def read_message(data: bytes, layout: Layout, budget: Budget) -> dict[str, Any]:
    """A message's fields by name, all of the layout's. Raises Unfamiliar for any other number or kind."""
    found: dict[str, Any] = {
        field.name: [] if field.is_many else _ABSENT[field.kind]
        for field in layout.values()
        if field.kind is not Kind.PASSED
    }
    seen = set[int]()
    for place, raw in _fields(data):
        budget.spend()
        field = layout.get(place)
        if field is None:
            raise Unfamiliar(f"a field {place} beside {', '.join(known.name for known in layout.values())}")
        if place in seen and not field.is_many:
            raise Unfamiliar(f"the field {field.name} twice")
        seen.add(place)
        if field.kind is Kind.PASSED:
            continue
        value = _value(raw, field)
        if field.is_many:
            found[field.name].append(value)
        else:
            found[field.name] = value
    return found


def single(data: bytes, place: int) -> bytes:
    """The one message or text at a field of whatever message. Raises Unfamiliar."""
    found = [raw for number, raw in _fields(data) if number == place]
    if len(found) != 1 or not isinstance(found[0], bytes):
        raise Unfamiliar(f"no field {place}, or several")
    return found[0]


def _value(raw: int | bytes, field: Field) -> Any:
    if isinstance(raw, int) is not (field.kind is Kind.NUMBER):
        raise Unfamiliar(f"the field {field.name} in another form")
    if not isinstance(raw, bytes) or field.kind is Kind.BYTES:
        return raw
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Unfamiliar(f"the field {field.name} is no text") from error


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
        elif key & 7 == _DELIMITED:
            length, at = _varint(data, at)
            if at + length > len(data):
                raise Unfamiliar("a field beyond the end")
            yield key >> 3, data[at : at + length]
            at += length
        else:
            raise Unfamiliar(f"a field of the wire type {key & 7}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, at + shift + 1
    raise Unfamiliar("a number beyond the end")
