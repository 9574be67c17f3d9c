"""The checks of tfops.yaml, run: `required_checks` on a plan, `verify` on what was just applied."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from tfops import exact
from tfops.change.check_facts import CheckContext, FailedCheck
from tfops.change.run import Run
from tfops.change.target import Target
from tfops.config.checks import Check, PlanRule, PolicyTool, fill_outputs
from tfops.dataclass import dataclass
from tfops.engine.mask import Masker
from tfops.engine.text import safe_lines, safe_text
from tfops.errors import ProjectError
from tfops.records.addresses import qualified, with_masked_keys
from tfops.records.check import SEVERITIES, CheckFinding, CheckOutcome, Verification
from tfops.records.version import Verified, Version
from tfops.resolve.plan_rules import broken_by, sentence
from tfops.system import process
from tfops.views.words import plural

_POLL_S = 0.1
_SHOWN_LINES = 5
_MOST_SHOWN, _MOST_LISTED = 10, 50  # findings of a check: said, and kept


def check_context(
    run: Run,
    target: Target,
    *,
    outputs: Mapping[str, Any] | None = None,
    hidden: frozenset[str] = frozenset(),
) -> CheckContext:
    """What checks may know, before and after the apply. `hidden` is masked like what is known to be secret."""
    mask_hidden = Masker(hidden)
    return CheckContext(
        env=target.env,
        version=str(Version(target.next_number)),
        commit=target.commit.sha,
        root=run.project.repository.root,
        folder=run.folder,
        variables=target.rules.engine.env,
        outputs=outputs or {},
        mask=lambda text: mask_hidden(run.shown(text)),
        ui=run.ui,
    )


def run_checks(checks: Sequence[Check], context: CheckContext) -> Verification | None:
    """All checks, one after the other, also after one failed; None when there are none."""
    if not checks:
        return None
    parts = tuple(_run_check(check, context) for check in checks)
    context.ui.phase("")
    failed = any(part.result is Verified.FAILED for part in parts)
    return Verification(result=Verified.FAILED if failed else Verified.PASSED, checks=parts)


@dataclass(frozen=True, slots=True)
class _Tried:
    """What became of one try; `findings` are there whether it failed or not."""

    failure: FailedCheck | None
    findings: Sequence[CheckFinding] = ()


def _run_check(check: Check, context: CheckContext) -> CheckOutcome:
    started = time.monotonic()
    working, _, _ = context.words
    context.ui.phase(f"{working} {context.env}: {check.name}")
    tried = _try(check, context)
    for _ in range(check.retries):
        if tried.failure is None or not _pause(check.every_s, context):
            break
        tried = _try(check, context)
    seconds = round(time.monotonic() - started, 1)
    _say(check, tried, seconds, context)
    result = Verified.PASSED if tried.failure is None else Verified.FAILED
    outcome = CheckOutcome(check.name, result, seconds, str(tried.failure or ""), tuple(tried.findings))
    return outcome.at_most(_MOST_LISTED)


def _say(check: Check, tried: _Tried, seconds: float, context: CheckContext) -> None:
    _, passed, failed = context.words
    if tried.failure is None:
        context.ui.note(f"{passed}: {check.name} · {seconds} s")
    else:
        context.ui.warn(f"{failed}: {check.name}: {tried.failure}")
        for line in safe_lines(context.mask(tried.failure.said)).splitlines()[-_SHOWN_LINES:]:
            context.ui.note(f"  {line}")
    for finding in tried.findings[:_MOST_SHOWN]:
        context.ui.note(f"  {finding.text}" + (f" · {finding.url}" if finding.url else ""))
    if len(tried.findings) > _MOST_SHOWN:
        context.ui.note(f"  and {len(tried.findings) - _MOST_SHOWN:,} more: -o json lists up to {_MOST_LISTED}")


def _pause(seconds: float, context: CheckContext) -> bool:
    """Wait until the next try; False when there shall be none."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not context.is_stopped():
        context.on_tick()
        time.sleep(min(_POLL_S, seconds))
    return not context.is_stopped()


def _try(check: Check, context: CheckContext) -> _Tried:
    try:
        if context.is_stopped():
            raise FailedCheck("interrupted")
        if check.tool:
            return _inspect(check, check.tool, context)
        if check.rule:
            _judge(check.rule, context)
        elif check.url:
            _ask(check, context)
        else:
            _execute(check, context)
    except FailedCheck as failure:
        return _Tried(failure)
    return _Tried(None)


def _inspect(check: Check, tool: PolicyTool, context: CheckContext) -> _Tried:
    from tfops.change.policy_tools import inspect  # noqa: PLC0415 - most projects have none

    findings = inspect(check, tool, context)
    counts = Counter(finding.severity for finding in findings if finding.fails)
    if not counts:
        return _Tried(None, findings)
    words = ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity])
    return _Tried(FailedCheck(f"{plural(counts.total(), 'finding')} ({words})"), findings)


def _judge(rule: PlanRule, context: CheckContext) -> None:
    assert context.plans is not None
    broken = [
        f"{with_masked_keys(qualified(file.stem, address), context.mask)} {why}"
        for file in sorted(context.plans.glob("*.json"))
        for address, why in broken_by(rule, exact.loads(file.read_text(encoding="utf-8")))
    ]
    why = sentence(rule, [safe_text(one) for one in broken])
    if why:
        raise FailedCheck(why)


def _ask(check: Check, context: CheckContext) -> None:
    from tfops.system import http  # noqa: PLC0415 - TLS takes its time to load, and few changes ask an address

    url = _filled(check.url, context)
    try:
        answer = http.get(url, timeout_s=check.timeout_s, follow=not 300 <= check.status < 400)
    except http.NoAnswer as error:
        raise FailedCheck(context.mask(str(error))) from error
    if answer.status != check.status:
        raise FailedCheck(f"status {answer.status} instead of {check.status}", answer.text)
    if check.contains not in answer.text:
        raise FailedCheck(f"the answer doesn't contain {check.contains!r}", answer.text)


def _execute(check: Check, context: CheckContext) -> None:
    argv = [_filled(word, context) for word in check.command]
    run_program(Program(argv, context.environment(), context.root, check.timeout_s), context)


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the user's, with all that it may see, where it runs, and how long it may take."""

    argv: Sequence[str]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path
    timeout_s: float


def run_program(program: Program, context: CheckContext) -> str:
    """The end of what it said, as it is. Raises FailedCheck where it doesn't end with 0."""
    try:
        done = process.probe(
            program.argv,
            env=program.env,
            cwd=program.cwd,
            timeout_s=program.timeout_s,
            on_tick=context.on_tick,
            is_stopped=context.is_stopped,
        )
    except ProjectError as error:
        raise FailedCheck(f"{error.what}: {error.why}") from error
    if done.code == 0:
        return done.text
    if done.code == process.TOO_LATE:
        late = "interrupted" if context.is_stopped() else f"no end within {program.timeout_s:g} s"
        raise FailedCheck(late, done.text)
    raise FailedCheck(f"exit code {done.code}", done.text, done.code)


def _filled(text: str, context: CheckContext) -> str:
    def value_of(module: str, name: str) -> str:
        try:
            value = context.outputs[module][name]
        except KeyError:
            raise FailedCheck(f"there is no public output `{module}.{name}`") from None
        return value if isinstance(value, str) else exact.dumps(value)

    return fill_outputs(text, value_of)
