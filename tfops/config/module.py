"""What a module's files say about themselves: its outputs, and where its own modules come from."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_OUTPUT = re.compile(r"^\s*output\s", re.MULTILINE)
_CLIMBING_SOURCE = re.compile(r"source\s*=\s*\"(\.\.?)?/|\"source\"\s*:\s*\"(\.\.?)?/")


@dataclass(frozen=True, slots=True)
class LocalCall:
    """A `module` block with a relative source."""

    name: str
    source: str


def may_have_outputs(text: str) -> bool:
    """A cheap look, so that only few files are parsed."""
    return _OUTPUT.search(text) is not None or '"output"' in text


def may_have_local_calls(text: str) -> bool:
    return _CLIMBING_SOURCE.search(text) is not None


def public_outputs(text: str, *, is_json: bool) -> set[str]:
    """Names of the outputs that are not declared sensitive or ephemeral. Raises ValueError."""
    return {
        name
        for name, block in _blocks(text, "output", is_json=is_json)
        if block.get("sensitive", False) is False and block.get("ephemeral", False) is False
    }


def local_calls(text: str, *, is_json: bool) -> list[LocalCall]:
    """The module's calls of other modules by relative path. Raises ValueError."""
    calls = [(name, str(block.get("source", ""))) for name, block in _blocks(text, "module", is_json=is_json)]
    return [LocalCall(name, source) for name, source in calls if source.startswith((".", "/"))]


def _blocks(text: str, kind: str, *, is_json: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in as_list(parse_file(text, is_json=is_json).get(kind)):
        for name, block in entry.items():
            for body in as_list(block):
                if isinstance(body, dict):
                    yield name, body


def as_list(value: Any) -> list[Any]:
    """One block or several: HCL and JSON syntax write both."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def parse_file(text: str, *, is_json: bool) -> dict[str, Any]:
    """The blocks of a `*.tf` or `*.tf.json` file by kind. Raises ValueError."""
    if is_json:
        found = json.loads(text)
        return found if isinstance(found, dict) else {}
    import hcl2  # noqa: PLC0415 - costs 0.1 s, and most commands never need it
    from hcl2.utils import SerializationOptions  # noqa: PLC0415

    options = SerializationOptions(strip_string_quotes=True, preserve_heredocs=False)
    try:
        parsed: dict[str, Any] = hcl2.loads(text, serialization_options=options)
    except Exception as error:
        raise ValueError(f"not valid HCL: {str(error).splitlines()[0]}") from error
    return parsed
