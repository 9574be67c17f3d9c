"""What engines wrote into a run's folder, as lines for people.

Only messages of the engine's own stream are taken: other output may be a state or a plan, which hold secrets.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tfops.engine.runner import TRIES
from tfops.engine.text import safe_text
from tfops.records.run_log import LogLine

_TOLD = frozenset({"init", "plan", "apply", TRIES})
_QUOTING = frozenset({"diagnostic", "provision_progress", "action_progress"})
_MOST_LINES = 5_000
_FIRST_LINES = 1_000


def transcript(folder: Path, stack: str, mask: Callable[[str], str], *, is_known: bool) -> list[LogLine]:
    """What the stack's engines said, in the order in which they ran; none of them may still be at work.

    Where it isn't known what the state holds (`is_known`), nothing is told that may quote it: what a provider or a
    program said, and the details of an error.
    """
    found: list[LogLine] = []
    for path in sorted(folder.glob("*.out")):
        command = path.stem.partition("-")[2]
        if command not in _TOLD:
            continue
        for line in path.read_text("utf-8", "replace").splitlines():
            found += _of_message(line, stack, command, mask, is_known=is_known)
        said = path.with_suffix(".err")
        if is_known and said.is_file():
            errors = mask(said.read_text("utf-8", "replace")).splitlines()
            found += [LogLine(stack, command, None, safe_text(one)) for one in errors if one.strip()]
    return found


def shortened(lines: Sequence[LogLine]) -> tuple[tuple[LogLine, ...], int]:
    """The first lines and the last ones, where there are too many, and how many are left out between them."""
    over = len(lines) - _MOST_LINES
    if over <= 0:
        return tuple(lines), 0
    return (*lines[:_FIRST_LINES], *lines[_FIRST_LINES + over :]), over


def _of_message(
    line: str, stack: str, command: str, mask: Callable[[str], str], *, is_known: bool
) -> Iterator[LogLine]:
    try:
        message: Any = json.loads(line)
    except ValueError:
        return
    if not isinstance(message, dict) or not isinstance(message.get("@message"), str):
        return
    at = _time_of(message.get("@timestamp"))
    if is_known or message.get("type") not in _QUOTING:
        yield from (LogLine(stack, command, at, text) for text in _texts(message["@message"], mask))
    found = message.get("diagnostic")
    if isinstance(found, dict):
        if not is_known:
            yield LogLine(stack, command, at, safe_text(mask(str(found.get("summary", "")))))
            return
        where = found.get("range") or {}
        if isinstance(where, dict) and where.get("filename"):
            line_number = (where.get("start") or {}).get("line", 0)
            yield LogLine(stack, command, at, safe_text(mask(f"  on {where['filename']} line {line_number}")))
        yield from (LogLine(stack, command, at, f"  {text}") for text in _texts(str(found.get("detail", "")), mask))


def _texts(text: str, mask: Callable[[str], str]) -> Iterator[str]:
    """Masked before it is taken apart: a secret may have several lines."""
    yield from (safe_text(part) for part in mask(text).splitlines() if part.strip())


def _time_of(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
