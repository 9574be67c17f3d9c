"""What tells two plans apart: a digest over what will be done, and one for each thing that it is done to.

Sensitive values count as such, never by their content.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from tfops import exact
from tfops.records.plan import Print

SENSITIVE = "(sensitive)"


def digest_of_plan(
    changes: Iterable[Mapping[str, Any]], outputs: tuple[str, ...], actions: list[dict[str, Any]]
) -> str:
    """The sha256 over the raw changes that do something, the outputs that change, and the actions."""
    normalized = [_normalized(item) for item in changes]
    normalized.sort(key=lambda item: (str(item["address"]), str(item.get("deposed", ""))))
    parts = [normalized, outputs, actions] if actions else [normalized, outputs]  # as it was before there were actions
    return _sha256(parts)


def prints_of_plan(
    changes: Iterable[Mapping[str, Any]], outputs: tuple[str, ...], actions: list[dict[str, Any]]
) -> dict[str, Print]:
    """By address, what is done and with which values; all outputs are one, their values aren't part of a plan."""
    found = {}
    for item in map(_normalized, changes):
        what = {key: item.get(key) for key in ("address", "previous", "actions", "deposed")}
        name = item["address"] + (f" (deposed object {item['deposed']})" if item.get("deposed") else "")
        found[name] = Print(_sha256(what), _sha256(item))
    for item in actions:
        what, name = {key: item.get(key) for key in ("address", "trigger")}, item["address"]
        before = found.get(name, Print("", ""))  # an action may be run by several resources
        found[name] = Print(_sha256([before.what, what]), _sha256([before.whole, item]))
    if outputs:
        found["outputs"] = Print(_sha256(outputs), _sha256(outputs))
    return found


def _normalized(item: Mapping[str, Any]) -> dict[str, Any]:
    change = item["change"]
    return {
        "address": item["address"],
        "previous": item.get("previous_address", ""),
        "actions": change["actions"],
        "after": without_secrets(change.get("after"), change.get("after_sensitive")),
        "unknown": change.get("after_unknown"),
        **({"deposed": item["deposed"]} if item.get("deposed") else {}),
    }


def without_secrets(value: Any, sensitive: Any) -> Any:
    """A value whose sensitive parts say no more than that."""
    if sensitive is True:
        return SENSITIVE
    if isinstance(value, dict) and isinstance(sensitive, dict):
        return {key: without_secrets(item, sensitive.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(sensitive, list):
        marks = [*sensitive, *([None] * len(value))]
        return [without_secrets(item, mark) for item, mark in zip(value, marks, strict=False)]
    return value


def _sha256(parts: Any) -> str:
    return hashlib.sha256(exact.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
