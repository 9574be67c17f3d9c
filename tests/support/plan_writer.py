"""Saved plans as an engine writes them, and as none does: for what no real engine can be brought to write."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from msgpack import ExtType, packb

UNKNOWN = ExtType(0, b"\0")
ENGINE_VERSION = "1.15.5"

Part = tuple[int, "int | str | bytes"]


def message(*parts: Part) -> bytes:
    """A protocol buffer of fields by number: numbers as varints, the rest by length."""
    return b"".join(map(_field, parts))


def _field(part: Part) -> bytes:
    place, value = part
    if isinstance(value, int):
        return varint(place << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(place << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    low = value & 0x7F
    return bytes([low]) if value < 0x80 else bytes([low | 0x80]) + varint(value >> 7)


def value(content: Any) -> bytes:
    """A value of a plan."""
    return message((1, packb(content)))


def typed(kind: Any, content: Any) -> list[Any]:
    """A value of any type, with its type."""
    return [json.dumps(kind).encode(), content]


def path(*steps: str | int | list[str | int]) -> bytes:
    """Attributes by name, elements by a key in a list."""
    return message(*((1, _step(step)) for step in steps))


def _step(step: str | int | list[str | int]) -> bytes:
    return message((2, value(step[0]))) if isinstance(step, list) else message((1, str(step)))


def change(
    action: int, *values: Any, before: Iterable[bytes] = (), after: Iterable[bytes] = (), more: Iterable[Part] = ()
) -> bytes:
    """A change with its values, and the paths that are sensitive in the old and the new one."""
    return message(
        *([(1, action)] if action else []),
        *((2, value(item)) for item in values),
        *((3, item) for item in before),
        *((4, item) for item in after),
        *more,
    )


def resource(address: str, content: bytes, *more: Part) -> Part:
    """A resource's change, as a field of a plan."""
    return 3, message((13, address), (9, content), *more)


def output(name: str, content: bytes, *more: Part) -> Part:
    """An output's change, as a field of a plan."""
    return 4, message((1, name), (2, content), *more)


def plan(*parts: Part, version: int = 3, engine_version: str = ENGINE_VERSION) -> bytes:
    """The file of a plan with these fields."""
    return archive({"tfplan": message((1, version), (14, engine_version), (25, 1), (26, 1), *parts)})


def archive(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return found.getvalue()
