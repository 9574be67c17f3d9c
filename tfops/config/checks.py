"""Checks of tfops.yaml: `required_checks` before a plan may be applied, `verify` of what runs afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tfops.config import names
from tfops.config.duration import RULE, parse_seconds
from tfops.config.values import Path
from tfops.dataclass import dataclass

if TYPE_CHECKING:
    from tfops.config.document import Document
    from tfops.config.schema import CheckBlock
    from tfops.records.complaint import Complaint

# A public output of a module, anywhere inside of a URL or of an argument.
_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_PLACEHOLDER = re.compile(rf"\{{output:(?P<module>(?:[a-z0-9-]+/)?{_NAME})\.(?P<name>{_NAME})\}}")
_URL_START = re.compile(r"https?://|\{output:")

_LONGEST_S = 3600.0
_MOST_RETRIES = 100


# What each rule needs to be told.
RULES = {"max-deletes": "most", "keep-data": "", "required-tags": "tags", "protected": "addresses"}
_RULE_KEYS = frozenset(filter(None, RULES.values()))
_NOT_FOR_RULES = ("command", "http", "status", "contains", "timeout", "retries", "every")


@dataclass(frozen=True, slots=True)
class PlanRule:
    """What a plan must keep to, without any tool: `use` is one of RULES, the rest what that one needs."""

    use: str
    most: int = 0
    tags: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold: a command that ends with 0, an address that answers as expected, or a rule.

    Tried `retries` times more after the first, `every_s` apart, each time for at most `timeout_s`.
    """

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    status: int = 200
    contains: str = ""
    timeout_s: float = 30.0
    retries: int = 0
    every_s: float = 5.0
    rule: PlanRule | None = None


def fill_outputs(text: str, value_of: Callable[[str, str], str]) -> str:
    """`text` with each `{output:module.name}` replaced by `value_of(module, name)`."""
    return _PLACEHOLDER.sub(lambda match: value_of(match["module"], match["name"]), text)


def to_checks(blocks: Sequence[CheckBlock]) -> tuple[Check, ...]:
    return tuple(map(_to_check, blocks))


def _to_check(block: CheckBlock) -> Check:
    return Check(
        name=block.name or block.use or block.http or " ".join(block.command),
        command=tuple(block.command),
        url=block.http,
        status=block.status,
        contains=block.contains,
        timeout_s=parse_seconds(block.timeout),
        retries=block.retries,
        every_s=parse_seconds(block.every),
        rule=PlanRule(block.use, block.most or 0, tuple(block.tags), tuple(block.addresses)) if block.use else None,
    )


def check_checks(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    """What the schema can't say about both kinds and `rollback`, of the project and of its environments."""
    yield from _block_complaints(document, (), data)
    environments = data.get("environments")
    for name, block in environments.items() if isinstance(environments, dict) else ():
        if not isinstance(block, dict):
            continue
        where: Path = ("environments", name)
        yield from _block_complaints(document, where, block)
        checks = data.get("verify") if block.get("verify") is None else block["verify"]
        if block.get("rollback") == "auto" and not checks:
            message = "`rollback: auto` needs checks that can fail"
            yield document.complaint((*where, "rollback"), message, "add: verify: [{…}]")


def _block_complaints(document: Document, where: Path, block: dict[str, Any]) -> Iterator[Complaint]:
    for key in ("required_checks", "verify"):
        checks = block.get(key)
        for index, check in enumerate(checks if isinstance(checks, list) else []):
            if isinstance(check, dict):
                is_early = key == "required_checks"
                yield from _complaints(document, (*where, key, index), check, takes_rules=is_early)
                yield from _early_complaints(document, (*where, key, index), check) if is_early else ()


def _early_complaints(document: Document, where: Path, check: dict[str, Any]) -> Iterator[Complaint]:
    command = check.get("command")
    for text in (check.get("http"), *(command if isinstance(command, list) else [])):
        if isinstance(text, str) and _PLACEHOLDER.search(text):
            yield document.complaint(where, "there are no outputs yet: a required check comes before the apply")


def _rule_complaints(document: Document, where: Path, check: dict[str, Any]) -> Iterator[Complaint]:
    use = check["use"]
    if not isinstance(use, str) or use not in RULES:
        hint = names.did_you_mean(use, list(RULES)) if isinstance(use, str) else ""
        yield document.complaint((*where, "use"), "there is no such rule", hint or f"one of {', '.join(RULES)}")
        return
    for key in (*_RULE_KEYS, *_NOT_FOR_RULES):
        if key in check and key != RULES[use]:
            yield document.complaint((*where, key), f"`{key}` doesn't go with `use: {use}`")
    needed = RULES[use]
    if needed and not check.get(needed) and check.get(needed) != 0:
        yield document.complaint(where, f"`use: {use}` needs `{needed}`", _EXAMPLES[needed])
    if isinstance(check.get("most"), int) and check["most"] < 0:
        yield document.complaint((*where, "most"), "`most` must not be negative")


_EXAMPLES = {
    "most": "for instance: most: 3",
    "tags": "for instance: tags: [team]",
    "addresses": 'for instance: addresses: ["aws_db_instance"]',
}


def _complaints(document: Document, where: Path, check: dict[str, Any], *, takes_rules: bool) -> Iterator[Complaint]:
    if "use" in check and takes_rules:
        yield from _rule_complaints(document, where, check)
        return
    if "use" in check:
        yield document.complaint((*where, "use"), "a rule judges a plan: it stands in `required_checks`")
        return
    for key in sorted(_RULE_KEYS & check.keys()):
        yield document.complaint((*where, key), f"`{key}` goes with `use`")
    command, url = check.get("command"), check.get("http")
    if bool(command) == bool(url):
        hint = 'for instance: {http: "https://…"} or {command: ["scripts/smoke.sh"]}'
        yield document.complaint(where, "a check has a `command` or an `http` address, one of the two", hint)
    if isinstance(url, str) and url and not _URL_START.match(url):
        yield document.complaint((*where, "http"), "an address begins with https:// or http://")
    for key in ("status", "contains") if command else ():
        if key in check:
            yield document.complaint((*where, key), f"`{key}` goes with `http`, not with `command`")
    yield from _number_complaints(document, where, check)
    yield from _placeholder_complaints(document, where, [url, *(command if isinstance(command, list) else [])])


def _number_complaints(document: Document, where: Path, check: dict[str, Any]) -> Iterator[Complaint]:
    for key in ("timeout", "every"):
        if isinstance(check.get(key), str) and not _is_duration(check[key], shortest=key == "timeout"):
            yield document.complaint((*where, key), f"`{key}` must be a duration up to 1h", RULE)
    retries, status = check.get("retries", 0), check.get("status", 200)
    if isinstance(retries, int) and not 0 <= retries <= _MOST_RETRIES:
        yield document.complaint((*where, "retries"), f"`retries` must be between 0 and {_MOST_RETRIES}")
    if isinstance(status, int) and not 100 <= status <= 599:
        yield document.complaint((*where, "status"), "`status` must be between 100 and 599")


def _is_duration(text: str, *, shortest: bool) -> bool:
    try:
        return int(shortest) <= parse_seconds(text) <= _LONGEST_S
    except ValueError:
        return False


def _placeholder_complaints(document: Document, where: Path, texts: list[Any]) -> Iterator[Complaint]:
    for text in texts:
        if isinstance(text, str) and "{output:" in _PLACEHOLDER.sub("", text):
            yield document.complaint(where, "not an output: write `{output:MODULE.NAME}`")
