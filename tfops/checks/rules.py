"""Rules in Rego as conftest's users know them: `deny`, `violation` and `warn`, each with a message or more."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tfops.checks.base import NotUnderstood, severity_of, text_of
from tfops.records.check import CheckFinding

DEFAULT_PACKAGE, DEFAULT_FOLDER = "main", "policies"

_RULE = re.compile(r"(deny|violation|warn)(_[A-Za-z0-9]+)*")


def findings_in(package: object, name: str) -> Iterator[CheckFinding]:
    """What the rules of an evaluated package say. Raises NotUnderstood where it has none of them."""
    rules = {key: value for key, value in package.items() if _RULE.fullmatch(key)} if isinstance(package, dict) else {}
    if not rules:
        raise NotUnderstood(f"there is no rule `deny`, `violation` or `warn` in package {name}")
    for rule, value in rules.items():
        for item in _items(value, rule):
            yield finding(item, rule, fails=not rule.startswith("warn"))


def finding(item: Mapping[str, Any], rule: str, *, fails: bool) -> CheckFinding:
    """Of an object with `msg`; `severity`, `id`, `address` or `resource`, and `url` are taken where they are there."""
    address = text_of(item.get("address")) or text_of(item.get("resource"))
    severity = severity_of(item["severity"]) if "severity" in item else "error" if fails else "warning"
    name = text_of(item.get("id")) or rule
    return CheckFinding(severity, name, address, text_of(item["msg"]), text_of(item.get("url")), fails)


def _items(value: object, rule: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, bool):
        yield from [{"msg": f"`{rule}` is true"}] if value else []
    elif isinstance(value, list):
        yield from (_item(part, rule) for part in value)
    elif isinstance(value, dict) and all(part is True for part in value.values()):
        # The old form `deny[msg] { … }` is a set for OPA, and an object with the messages as keys for regopy.
        yield from (_item(_spelt(key), rule) for key in value)
    else:
        yield _item(value, rule)


def _spelt(key: str) -> object:
    """A key that was an object: regopy writes it as JSON."""
    try:
        return json.loads(key) if key.startswith("{") else key
    except ValueError:
        return key


def _item(value: object, rule: str) -> dict[str, Any]:
    if isinstance(value, str):
        return {"msg": value}
    if isinstance(value, dict) and isinstance(value.get("msg"), str):
        return value
    raise NotUnderstood(f"`{rule}` gives neither a text nor an object with `msg`")
