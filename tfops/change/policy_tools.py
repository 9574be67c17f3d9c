"""A policy tool, run on each stack's plan: what it found. Where that can't be told, the check has failed."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tfops import exact
from tfops.change.check_facts import CheckContext, FailedCheck
from tfops.checks.base import NotUnderstood, Said, Subject, Tool, worst_first
from tfops.checks.known import KNOWN
from tfops.config.checks import Check, PolicyTool
from tfops.engine.text import safe_text
from tfops.errors import ProjectError
from tfops.records.addresses import qualified
from tfops.records.check import CheckFinding
from tfops.system import process

_MOST_BYTES = 50_000_000
_LONGEST_NAME, _LONGEST_TEXT = 200, 500


def inspect(check: Check, tool: PolicyTool, context: CheckContext) -> list[CheckFinding]:
    """Of all plans, worst first, masked. Raises FailedCheck."""
    assert context.plans is not None
    found = []
    for file in sorted(context.plans.glob("*.json")):
        resources = sum(1 for _ in _resources_in(exact.loads(file.read_text(encoding="utf-8"))))
        subject = Subject(file, context.roots[file.stem], context.root, resources)
        findings = _findings(check, tool, subject, context)
        found += [_safe(finding, file.stem, context.mask) for finding in findings]
    return worst_first(found)


def _resources_in(document: Mapping[str, Any]) -> Iterator[Any]:
    """Those that there will be, by the plan's own account."""
    modules = [(document.get("planned_values") or {}).get("root_module") or {}]
    while modules:
        module = modules.pop()
        modules += module.get("child_modules") or []
        yield from (item for item in module.get("resources") or [] if item["mode"] == "managed")


def _findings(check: Check, tool: PolicyTool, subject: Subject, context: CheckContext) -> list[CheckFinding]:
    known = KNOWN[tool.use]
    said = _run(check, known, known.argv(tool, subject), context)
    try:
        return known.findings(tool, said, subject)
    except NotUnderstood as error:
        why = context.mask(str(error))
        words = _last_words(context.mask(said.stderr)) or _last_words(context.mask(_prose(said.stdout)))
        raise FailedCheck(safe_text(f"{why}: {words}" if words else why, _LONGEST_TEXT)) from error


def _run(check: Check, known: Tool, argv: Sequence[str], context: CheckContext) -> Said:
    env = context.environment(known.variables) | dict(known.settings)
    if shutil.which(argv[0], path=env.get("PATH")) is None:
        raise FailedCheck(f"`{argv[0]}` is not installed: {known.get}")

    def goes_on() -> bool:
        context.on_tick()
        return not context.is_stopped()

    started, patience = time.monotonic(), process.Patience(check.timeout_s, _MOST_BYTES, goes_on)
    try:
        done = process.examine(argv, env=env, cwd=context.root, patience=patience)
    except ProjectError as error:
        raise FailedCheck(f"{error.what}: {error.why}") from error
    if done.code == process.TOO_LATE:
        is_late = time.monotonic() - started >= check.timeout_s
        late = f"no end within {check.timeout_s:g} s" if is_late else f"it said more than {_MOST_BYTES:,} bytes"
        raise FailedCheck("interrupted" if context.is_stopped() else late)
    return Said(done.code, done.text, done.stderr)


def _prose(text: str) -> str:
    """What is no data: the end of a JSON text says nothing."""
    return "" if text.lstrip().startswith(("{", "[")) else text


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-3:])


def _safe(finding: CheckFinding, stack: str, mask: Callable[[str], str]) -> CheckFinding:
    def safe(text: str, longest: int) -> str:
        return safe_text(mask(text), longest)

    return replace(
        finding,
        rule=safe(finding.rule, _LONGEST_NAME),
        address=safe(qualified(stack, finding.address), _LONGEST_TEXT),
        message=safe(finding.message, _LONGEST_TEXT),
        url=safe(finding.url, _LONGEST_NAME) if finding.url.startswith("https://") else "",
    )
