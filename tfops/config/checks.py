"""Checks of tfops.yaml: `required_checks` before a plan may be applied, `verify` of what runs afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
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

KEYS_OF_USE = frozenset({"most", "tags", "addresses", "policy", "package", "severity", "skip", "args"})

# What each rule must be told.
RULES = {"max-deletes": "most", "keep-data": "", "required-tags": "tags", "protected": "addresses"}

# What each tool may be told.
TOOLS: Mapping[str, tuple[str, ...]] = {
    "checkov": ("policy", "skip", "args", "timeout"),
    "conftest": ("policy", "package", "args", "timeout"),
    "infracost": ("most", "args", "timeout"),
    "opa": ("policy", "package", "args", "timeout"),
    "rego": ("policy", "package", "timeout"),
    "tflint": ("severity", "skip", "args", "timeout"),
    "trivy": ("policy", "severity", "skip", "args", "timeout"),
}
_NEEDED = {"infracost": "most"} | RULES
_SEVERITIES = {"tflint": ("error", "warning", "notice"), "trivy": ("critical", "high", "medium", "low")}

_KEYS = (*sorted(KEYS_OF_USE), "command", "http", "status", "contains", "timeout", "retries", "every")
_TOOL_TIMEOUT_S = 120.0  # checkov takes ten seconds to start, trivy fetches its rules

_PACKAGE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_EXAMPLES = {
    "most": "for instance: most: 3",
    "tags": "for instance: tags: [team]",
    "addresses": 'for instance: addresses: ["aws_db_instance"]',
}


@dataclass(frozen=True, slots=True)
class PlanRule:
    """What a plan must keep to, without any tool: `use` is one of `RULES`, the rest what that one needs."""

    use: str
    most: int = 0
    tags: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyTool:
    """A program that judges a plan: `use` is one of `TOOLS`. Paths are relative to the top of the clone.

    `policy` is the folder of the user's own rules, `package` the one of Rego that holds them, `severity` the lowest
    that fails, `skip` are the ids of rules that don't count, `args` are handed to the program, `most` is a sum of money
    a month. What is empty is the tool's own default.
    """

    use: str
    policy: str = ""
    package: str = ""
    severity: str = ""
    skip: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    most: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold: a command that ends with 0, an address that answers as expected, a rule, or what a
    policy tool says.

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
    tool: PolicyTool | None = None


def fill_outputs(text: str, value_of: Callable[[str, str], str]) -> str:
    """`text` with each `{output:module.name}` replaced by `value_of(module, name)`."""
    return _PLACEHOLDER.sub(lambda match: value_of(match["module"], match["name"]), text)


def to_checks(blocks: Sequence[CheckBlock]) -> tuple[Check, ...]:
    return tuple(map(_to_check, blocks))


def _to_check(block: CheckBlock) -> Check:
    name = _name(block.name, block.use, block.http, block.command)
    if block.use:
        return _to_used(block, name)
    return Check(
        name=name,
        command=tuple(block.command),
        url=block.http,
        status=block.status,
        contains=block.contains,
        timeout_s=parse_seconds(block.timeout),
        retries=block.retries,
        every_s=parse_seconds(block.every),
    )


def _name(name: str, use: str, url: str, command: Sequence[str]) -> str:
    """How a check is called on the card and in the comment on a merge request."""
    return name or use or url or " ".join(command)


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
                yield from _complaints(document, (*where, key, index), check, takes_use=is_early)
                yield from _early_complaints(document, (*where, key, index), check) if is_early else ()
    promote = block.get("promote")
    asked = promote.get("checks") if isinstance(promote, dict) else None
    for index, check in enumerate(asked if isinstance(asked, list) else []):
        if isinstance(check, dict):
            yield from _complaints(document, (*where, "promote", "checks", index), check, takes_use=False)
    required = block.get("required_checks")
    yield from _twins(document, (*where, "required_checks"), required if isinstance(required, list) else [])


def _twins(document: Document, where: Path, checks: list[Any]) -> Iterator[Complaint]:
    """On the card, and in what failed, a name must say which one is meant."""
    seen: set[str] = set()
    for index, check in enumerate(checks):
        try:
            name = _name(*(check.get(key) or "" for key in ("name", "use", "http", "command")))
        except (AttributeError, TypeError):  # no check at all, which is told elsewhere
            continue
        if name and name in seen:
            key = ("name",) if check.get("name") else ()
            message, hint = f"two required checks are called {names.shown(name)}", "give each a name: {name: …, …}"
            yield document.complaint((*where, index, *key), message, hint)
        seen.add(name)


def _early_complaints(document: Document, where: Path, check: dict[str, Any]) -> Iterator[Complaint]:
    command = check.get("command")
    for text in (check.get("http"), *(command if isinstance(command, list) else [])):
        if isinstance(text, str) and _PLACEHOLDER.search(text):
            yield document.complaint(where, "there are no outputs yet: a required check comes before the apply")


def _complaints(document: Document, where: Path, check: dict[str, Any], *, takes_use: bool) -> Iterator[Complaint]:
    if "use" in check:
        yield from _use_complaints(document, where, check, is_allowed=takes_use)
        return
    for key in sorted(KEYS_OF_USE & check.keys()):
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


def _use_complaints(document: Document, where: Path, check: dict[str, Any], *, is_allowed: bool) -> Iterator[Complaint]:
    if not is_allowed:
        message = "rules and tools judge a plan: they stand in `required_checks`"
        yield document.complaint((*where, "use"), message)
        return
    yield from _key_complaints(document, where, check)
    yield from _duration_complaints(document, where, check)


def _number_complaints(document: Document, where: Path, check: dict[str, Any]) -> Iterator[Complaint]:
    yield from _duration_complaints(document, where, check)
    retries, status = check.get("retries", 0), check.get("status", 200)
    if isinstance(retries, int) and not 0 <= retries <= _MOST_RETRIES:
        yield document.complaint((*where, "retries"), f"`retries` must be between 0 and {_MOST_RETRIES}")
    if isinstance(status, int) and not 100 <= status <= 599:
        yield document.complaint((*where, "status"), "`status` must be between 100 and 599")


def _duration_complaints(document: Document, where: Path, check: dict[str, Any]) -> Iterator[Complaint]:
    for key in ("timeout", "every"):
        if isinstance(check.get(key), str) and not _is_duration(check[key], shortest=key == "timeout"):
            yield document.complaint((*where, key), f"`{key}` must be a duration up to 1h", RULE)


def _is_duration(text: str, *, shortest: bool) -> bool:
    try:
        return int(shortest) <= parse_seconds(text) <= _LONGEST_S
    except ValueError:
        return False


def _placeholder_complaints(document: Document, where: Path, texts: list[Any]) -> Iterator[Complaint]:
    for text in texts:
        if isinstance(text, str) and "{output:" in _PLACEHOLDER.sub("", text):
            yield document.complaint(where, "not an output: write `{output:MODULE.NAME}`")


def _to_used(block: CheckBlock, name: str) -> Check:
    """A check that has `use`."""
    use, most = block.use, block.most or 0
    if use in RULES:
        return Check(name, rule=PlanRule(use, most, tuple(block.tags), tuple(block.addresses)))
    tool = PolicyTool(use, block.policy, block.package, block.severity, tuple(block.skip), tuple(block.args), most)
    has_timeout = "timeout" in block.model_fields_set
    return Check(name, timeout_s=parse_seconds(block.timeout) if has_timeout else _TOOL_TIMEOUT_S, tool=tool)


def _key_complaints(document: Document, where: Path, check: dict[str, Any]) -> Iterator[Complaint]:
    """What is wrong with a check that has `use`, but for its `timeout`."""
    use = check["use"]
    known = [*RULES, *TOOLS]
    if not isinstance(use, str) or use not in known:
        hint = names.did_you_mean(use, known) if isinstance(use, str) else ""
        yield document.complaint((*where, "use"), "there is no such rule or tool", hint or f"one of {', '.join(known)}")
        return
    taken = TOOLS.get(use) or (RULES[use],)
    for key in _KEYS:
        if key in check and key not in taken:
            yield document.complaint((*where, key), f"`{key}` doesn't go with `use: {use}`")
    needed = _NEEDED.get(use)
    if needed and not check.get(needed) and check.get(needed) != 0:
        yield document.complaint(where, f"`use: {use}` needs `{needed}`", _EXAMPLES[needed])
    yield from _rule_complaints(document, where, check)
    if use in TOOLS:
        yield from _tool_complaints(document, where, check)


def _rule_complaints(document: Document, where: Path, check: dict[str, Any]) -> Iterator[Complaint]:
    if isinstance(check.get("most"), int) and check["most"] < 0:
        yield document.complaint((*where, "most"), "`most` must not be negative")
    needed = RULES.get(check["use"])
    for key, is_right in (("tags", str.strip), ("addresses", names.is_protect_pattern)):
        listed = check.get(key) if key == needed else None
        for index, text in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(text, str) and not is_right(text):
                yield document.complaint((*where, key, index), f"{names.shown(text)} fits nothing", _EXAMPLES[key])


def _tool_complaints(document: Document, where: Path, check: dict[str, Any]) -> Iterator[Complaint]:
    policy, package, severity = (check.get(key) for key in ("policy", "package", "severity"))
    if isinstance(policy, str) and not _is_inside(policy):
        hint = "for instance: policy: policies"
        yield document.complaint((*where, "policy"), "`policy` must be a folder of this repository", hint)
    if isinstance(package, str) and not _PACKAGE.fullmatch(package):
        yield document.complaint((*where, "package"), f"{names.shown(package)} can't name a package of Rego")
    known = _SEVERITIES.get(check["use"], ())
    if isinstance(severity, str) and known and severity not in known:
        yield document.complaint((*where, "severity"), f"`severity` must be one of {', '.join(known)}")


def _is_inside(policy: str) -> bool:
    path = PurePosixPath(policy)
    return policy != "" and not policy.startswith(("-", "/", "~")) and ".." not in path.parts
