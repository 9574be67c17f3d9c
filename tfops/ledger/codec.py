"""The border: records as JSON, and back.

Read by pydantic, by the types of the fields: what is missing and needed, or of another type, is refused; what a newer
tfops added is ignored. Written with every field, in their order. pydantic is imported for the first of them.
"""

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Record = TypeVar("Record")


_ADAPTERS: dict[type, "TypeAdapter[Any]"] = {}  # made when a kind of record is first met: a millisecond each


def _adapter(kind: type) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter  # noqa: PLC0415

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def prepare(*kinds: type) -> None:
    """Make now what is made when a kind of record is first met, for a process that is going to be forked."""
    for kind in kinds:
        _adapter(kind)


def encode(record: object) -> str:
    """As JSON, indented by two."""
    return _adapter(type(record)).dump_json(record, indent=2).decode()


def decode(kind: type[Record], text: str | bytes) -> Record:
    """The record in a JSON text. Raises ValueError, whose first line says what is wrong."""
    record: Record = _adapter(kind).validate_json(text)
    return record


def to_plain(record: object) -> Any:
    """As what `json.dumps` takes."""
    return _adapter(type(record)).dump_python(record, mode="json")


def from_plain(kind: type[Record], value: object) -> Record:
    """The record in what `json.loads` gave. Raises ValueError as `decode`."""
    record: Record = _adapter(kind).validate_python(value)
    return record
