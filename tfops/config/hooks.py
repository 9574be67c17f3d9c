"""`hooks` of tfops.yaml: programs of the project's own that run around a change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tfops.config import names
from tfops.config.duration import RULE, parse_seconds
from tfops.config.values import Path
from tfops.dataclass import dataclass
from tfops.records.hook import HookPoint

if TYPE_CHECKING:
    from tfops.config.document import Document
    from tfops.config.work_schema import HookBlock, HooksBlock
    from tfops.records.complaint import Complaint

# What may run hooks, as `if: {commands: …}` and TFOPS_COMMAND have it.
COMMANDS = ("plan", "apply", "rollback", "destroy", "promote", "drill", "adopt", "refresh")

_LONGEST_S = 3600.0
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\*?")


@dataclass(frozen=True, slots=True)
class Hook:
    """A program and when it runs: at a point, for `commands` and `exit_codes` (empty: for any).

    `variables` are those of our environment that it may see besides what every program needs: names or `PREFIX_*`. One
    that doesn't stop (`stops`) only warns where it fails. It is killed after `timeout_s`.
    """

    at: HookPoint
    name: str
    command: tuple[str, ...]
    commands: tuple[str, ...] = ()
    exit_codes: tuple[int, ...] = ()
    variables: tuple[str, ...] = ()
    timeout_s: float = 60.0
    stops: bool = True

    def fits(self, at: HookPoint, command: str, code: int) -> bool:
        is_meant = not self.exit_codes or code in self.exit_codes
        return self.at is at and is_meant and (not self.commands or command in self.commands)


def to_hooks(env: str, project: HooksBlock, own: HooksBlock | None) -> tuple[Hook, ...]:
    """An environment's, point by point in the order as written. What it says of a point replaces the project's."""
    found: list[Hook] = []
    for point in HookPoint:
        blocks = getattr(own, point) if own else None
        blocks = getattr(project, point) if blocks is None else blocks
        found += [_to_hook(point, block) for block in blocks or () if _is_for(env, block)]
    return tuple(found)


def _is_for(env: str, block: HookBlock) -> bool:
    patterns = block.only.environments if block.only else []
    return not patterns or any(fnmatchcase(env, pattern) for pattern in patterns)


def _to_hook(point: HookPoint, block: HookBlock) -> Hook:
    return Hook(
        at=point,
        name=block.name or " ".join(block.command),
        command=tuple(block.command),
        commands=tuple(block.only.commands) if block.only else (),
        exit_codes=tuple(block.only.exit_codes) if block.only else (),
        variables=tuple(block.env),
        timeout_s=parse_seconds(block.timeout),
        stops=block.on_failure == "fail",
    )


def check_hooks(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    """What the schema can't say of `hooks`, of the project and of its environments."""
    yield from _complaints(document, ("hooks",), data.get("hooks"))
    environments = data.get("environments")
    for name, block in environments.items() if isinstance(environments, dict) else ():
        if isinstance(block, dict):
            yield from _complaints(document, ("environments", name, "hooks"), block.get("hooks"))


def _complaints(document: Document, where: Path, hooks: Any) -> Iterator[Complaint]:
    for point, blocks in hooks.items() if isinstance(hooks, dict) else ():
        for index, block in enumerate(blocks if isinstance(blocks, list) else []):
            if isinstance(block, dict):
                yield from _of_one(document, (*where, point, index), block)


def _of_one(document: Document, where: Path, block: dict[str, Any]) -> Iterator[Complaint]:
    point = where[-2]
    if block.get("command") == []:
        yield document.complaint((*where, "command"), "`command` is empty", "for instance: command: [scripts/tell.sh]")
    if isinstance(block.get("timeout"), str) and not _is_timeout(block["timeout"]):
        yield document.complaint((*where, "timeout"), "`timeout` must be a duration from 1s to 1h", RULE)
    if point == HookPoint.ON_ERROR and "on_failure" in block:
        yield document.complaint((*where, "on_failure"), "a hook of `on_error` only warns: something failed already")
    for index, name in _listed(block, "env"):
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            yield document.complaint((*where, "env", index), "not the name of a variable", "NAME or PREFIX_*")
    only = block.get("if")
    if isinstance(only, dict):
        yield from _of_condition(document, (*where, "if"), only, point=str(point))


def _of_condition(document: Document, where: Path, only: dict[str, Any], *, point: str) -> Iterator[Complaint]:
    for index, name in _listed(only, "commands"):
        if isinstance(name, str) and name not in COMMANDS:
            hint = names.did_you_mean(name, COMMANDS) or f"one of {', '.join(COMMANDS)}"
            yield document.complaint((*where, "commands", index), f"{names.shown(name)} runs no hooks", hint)
    if "exit_codes" in only and point.startswith(("before_", "after_init")):
        yield document.complaint((*where, "exit_codes"), f"there is no exit code yet at `{point}`")
    if "environments" in only and where[0] == "environments":
        yield document.complaint((*where, "environments"), "these are hooks of one environment already")


def _listed(block: dict[str, Any], key: str) -> Iterator[tuple[int, Any]]:
    value = block.get(key)
    yield from enumerate(value if isinstance(value, list) else [])


def _is_timeout(text: str) -> bool:
    try:
        return 1 <= parse_seconds(text) <= _LONGEST_S
    except ValueError:
        return False
