"""The JSON that `--output json` prints: one envelope for every command, on failure too.

{"schema": 1, "command": "apply", "ok": true, "exit_code": 0, "result": {…}}
{"schema": 1, "command": "apply", "ok": false, "exit_code": 11, "error": {…}}
"""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tfops import exact
from tfops.errors import ConfigError, Refused, TfopsError
from tfops.model import Version

SCHEMA = 1


def success(command: str, result: object, *, exit_code: int = 0) -> str:
    return _text({"command": command, "ok": True, "exit_code": exit_code, "result": to_json(result)})


def failure(command: str, error: TfopsError) -> str:
    details: dict[str, Any] = {
        "name": error.name,
        "what": error.what,
        "why": error.why,
        "state": error.state,
        "hint": error.hint,
    }
    if isinstance(error, Refused):
        details["guard"] = error.guard
    if isinstance(error, ConfigError):
        details["complaints"] = to_json(error.complaints)
    return _text({"command": command, "ok": False, "exit_code": error.exit_code, "error": details})


def _text(body: Mapping[str, Any]) -> str:
    return exact.dumps({"schema": SCHEMA, **body}, indent=2, ensure_ascii=False)


def to_json(value: Any) -> Any:
    """Dataclasses as objects, versions as `v3`, times in ISO 8601, everything else as it is."""
    if isinstance(value, Version):
        return str(value)
    if dataclasses.is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return [to_json(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
