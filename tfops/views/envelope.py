"""The JSON that `--output json` prints: one envelope for every command, on failure too.

{"schema": 1, "command": "apply", "ok": true, "exit_code": 0, "result": {…}}
{"schema": 1, "command": "apply", "ok": false, "exit_code": 11, "error": {…}}
"""

import dataclasses
import enum
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tfops import exact
from tfops.errors import CheckFailed, ConfigError, HookFailed, NotAsReviewed, NotEmpty, Refused, TfopsError
from tfops.records.version import Version

SCHEMA = 1
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def success(command: str, result: object, *, exit_code: int = 0, mask: Callable[[str], str] = str) -> str:
    """`mask` hides what is secret in the values; the form stays, whatever a secret looks like."""
    return _text({"command": command, "ok": True, "exit_code": exit_code, "result": to_json(result, mask)})


def failure(command: str, error: TfopsError) -> str:
    details: dict[str, Any] = {
        "name": error.name,
        "what": error.what,
        "why": error.why,
        "state": error.state,
        "hint": error.hint,
    }
    if error.tries:
        details["tries"] = to_json(error.tries)
    if isinstance(error, Refused):
        details["guard"] = error.guard
    if isinstance(error, NotEmpty):
        details["plan"] = to_json(error.plan)
    if isinstance(error, NotAsReviewed):
        details |= {"digest": error.digest, "since": to_json(error.since)}
    if isinstance(error, ConfigError):
        details["complaints"] = to_json(error.complaints)
    if isinstance(error, CheckFailed):
        details["checks"] = to_json(error.checks)
    if isinstance(error, HookFailed):
        details["hooks"] = to_json(error.hooks)
    return _text({"command": command, "ok": False, "exit_code": error.exit_code, "error": details})


def _text(body: Mapping[str, Any]) -> str:
    return exact.dumps({"schema": SCHEMA, **body}, indent=2, ensure_ascii=False)


def to_json(value: Any, mask: Callable[[str], str] = str) -> Any:
    """Dataclasses as objects, versions as `v3`, times in ISO 8601, everything else as it is."""
    if isinstance(value, Version):
        return str(value)
    if dataclasses.is_dataclass(value):
        return _fields(value, mask)
    if isinstance(value, Mapping):
        return {_key(str(key), mask): _hidden_number(to_json(item, mask), mask) for key, item in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return [to_json(item, mask) for item in value]
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return mask(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _fields(value: Any, mask: Callable[[str], str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        if field.metadata.get("shown", True):
            item = to_json(getattr(value, field.name), mask)
            found |= item if field.metadata.get("inline") else {field.name: item}
    return found


def _key(key: str, mask: Callable[[str], str]) -> str:
    """A name is code; what isn't one may be a value, or an address with one in it."""
    return key if _NAME.fullmatch(key) else mask(key)


def _hidden_number(value: Any, mask: Callable[[str], str]) -> Any:
    """A number of an output that is nothing but a secret becomes text; one that only holds its digits stays."""
    if not exact.is_number(value):
        return value
    text = mask(exact.number_text(value))
    return text if not any(map(str.isdigit, text)) else value
