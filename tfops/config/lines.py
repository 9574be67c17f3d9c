"""Merged configuration as YAML again, line by line, each with the place that its value came from."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tfops import exact
from tfops.config.document import Document, Path, Written, read_document
from tfops.config.names import PROJECT_FILE
from tfops.exact import is_number
from tfops.records.config_line import ConfigLine

_LONGEST_INLINE = 48
_SAFE = re.compile(r"[^\s#\[\]{},&*!|>'\"%@`-][^\n#{}\[\],]*")


def config_lines(document: Document) -> tuple[ConfigLine, ...]:
    """Every value on a line of its own; short lists and mappings without anything nested share one."""
    return tuple(_lines(document, document.data, (), 0))


def _lines(document: Document, value: Any, path: Path, depth: int) -> Iterator[ConfigLine]:
    for step, item in value.items() if isinstance(value, dict) else enumerate(value):
        key = "-" if isinstance(step, int) else f"{scalar_text(step)}:"
        here, inline = (*path, step), _inline(item)
        mark = document.mark(here)
        origin = ConfigLine(
            text="  " * depth + (key if inline is None else f"{key} {inline}"),
            path=here,
            value=None if inline is None else item,
            mark=None if inline is None else mark,
            is_default=mark.path == PROJECT_FILE != document.path,
        )
        yield origin
        if inline is None:
            yield from _lines(document, item, here, depth + 1)


def _inline(value: Any) -> str | None:
    """The value on the key's line, None when it needs lines of its own."""
    if not isinstance(value, dict | list):
        return scalar_text(value)
    inside = list(value.values()) if isinstance(value, dict) else value
    is_secret = isinstance(value, dict) and list(value) == ["from"]
    if inside and (
        any(isinstance(item, dict | list) for item in inside) or (isinstance(value, dict) and not is_secret)
    ):
        return None
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar_text(key)}: {scalar_text(item)}" for key, item in value.items()) + "}"
    text = f"[{', '.join(map(scalar_text, value))}]"
    return text if len(text) <= _LONGEST_INLINE else None


def _number(value: Any) -> str:
    """As it is written in its file; one that no file wrote, as JSON."""
    return repr(value) if isinstance(value, Written) else exact.dumps(value)


def scalar_text(value: Any) -> str:
    """A scalar so that YAML reads it back, in quotes only where it must."""
    if not isinstance(value, str):
        return _number(value) if is_number(value) else json.dumps(value)
    is_plain = _SAFE.fullmatch(value) and read_document("", f"x: {value}").data == {"x": value}
    return value if is_plain else json.dumps(value, ensure_ascii=False)
