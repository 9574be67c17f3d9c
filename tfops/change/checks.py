"""The checks of tfops.yaml, run: `required_checks` on a plan, `verify` on what was just applied."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from tfops import exact
from tfops.change.run import Run
from tfops.change.target import Target
from tfops.change.ui import Ui
from tfops.config.checks import Check, PlanRule, fill_outputs
from tfops.dataclass import dataclass
from tfops.engine.environment import base_environment
from tfops.engine.mask import Masker
from tfops.engine.text import safe_lines, safe_text
from tfops.errors import ProjectError
from tfops.records.addresses import qualified, with_masked_keys
from tfops.records.check import CheckOutcome, Verification
from tfops.records.names import EnvName
from tfops.records.version import Verified, Version
from tfops.resolve.plan_rules import broken_by, sentence
from tfops.system import process
from tfops.system.workspace import write_file

_POLL_S = 0.1
_SHOWN_LINES = 5


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What the checks may know of the change. `outputs` are public; `folder` is private to the run.

    `plans` is the folder with the plans that they judge, none when what runs is judged. `on_tick` is called while they
    work (the lease of the lock is renewed), `is_stopped` ends them early.
    """

    env: EnvName
    version: str
    commit: str
    root: Path
    folder: Path
    variables: Sequence[str]
    mask: Callable[[str], str]
    ui: Ui
    outputs: Mapping[str, Any] = field(default_factory=dict)
    plans: Path | None = None
    on_tick: Callable[[], None] = lambda: None
    is_stopped: Callable[[], bool] = lambda: False

    def environment(self) -> dict[str, str]:
        """What a command may see: what the engine may, and the facts of the change."""
        outputs = self.folder / "outputs.json"
        write_file(outputs, exact.dumps(self.outputs))
        return base_environment(self.variables) | {
            "TFOPS_ENV": self.env,
            "TFOPS_VERSION": self.version,
            "TFOPS_COMMIT": self.commit,
            "TFOPS_OUTPUTS": str(outputs),
            "TFOPS_PLANS": str(self.plans or ""),
        }

    @property
    def words(self) -> tuple[str, str, str]:
        """While a check works, when it passed, when it failed."""
        return ("checking", "checked", "check failed") if self.plans else ("verifying", "verified", "not verified")


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
        mask=lambda text: mask_hidden(run.mask(text)),
        ui=run.ui,
    )


class _Failed(Exception):
    """A check said no; the text is in our words. `said` is what the command or server said, to be shown once."""

    def __init__(self, why: str, said: str = "") -> None:
        super().__init__(why)
        self.said = said


def run_checks(checks: Sequence[Check], context: CheckContext) -> Verification | None:
    """All checks, one after the other, also after one failed; None when there are none."""
    if not checks:
        return None
    parts = tuple(_run_check(check, context) for check in checks)
    context.ui.phase("")
    failed = any(part.result is Verified.FAILED for part in parts)
    return Verification(result=Verified.FAILED if failed else Verified.PASSED, checks=parts)


def _run_check(check: Check, context: CheckContext) -> CheckOutcome:
    started = time.monotonic()
    working, passed, failed = context.words
    context.ui.phase(f"{working} {context.env}: {check.name}")
    failure = _try(check, context)
    for _ in range(check.retries):
        if failure is None or not _pause(check.every_s, context):
            break
        failure = _try(check, context)
    seconds = round(time.monotonic() - started, 1)
    if failure is None:
        context.ui.note(f"{passed}: {check.name} · {seconds} s")
        return CheckOutcome(name=check.name, result=Verified.PASSED, duration_s=seconds)
    context.ui.warn(f"{failed}: {check.name}: {failure}")
    for line in safe_lines(context.mask(failure.said)).splitlines()[-_SHOWN_LINES:]:
        context.ui.note(f"  {line}")
    return CheckOutcome(name=check.name, result=Verified.FAILED, duration_s=seconds, why=str(failure))


def _pause(seconds: float, context: CheckContext) -> bool:
    """Wait until the next try; False when there shall be none."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not context.is_stopped():
        context.on_tick()
        time.sleep(min(_POLL_S, seconds))
    return not context.is_stopped()


def _try(check: Check, context: CheckContext) -> _Failed | None:
    try:
        if context.is_stopped():
            return _Failed("interrupted")
        if check.rule:
            _judge(check.rule, context)
        elif check.url:
            _ask(check, context)
        else:
            _execute(check, context)
    except _Failed as failure:
        return failure
    return None


def _judge(rule: PlanRule, context: CheckContext) -> None:
    assert context.plans is not None
    broken = [
        f"{with_masked_keys(qualified(file.stem, address), context.mask)} {why}"
        for file in sorted(context.plans.glob("*.json"))
        for address, why in broken_by(rule, exact.loads(file.read_text(encoding="utf-8")))
    ]
    why = sentence(rule, [safe_text(one) for one in broken])
    if why:
        raise _Failed(why)


def _ask(check: Check, context: CheckContext) -> None:
    from tfops.system import http  # noqa: PLC0415 - TLS takes its time to load, and few changes ask an address

    url = _filled(check.url, context)
    try:
        answer = http.get(url, timeout_s=check.timeout_s, follow=not 300 <= check.status < 400)
    except http.NoAnswer as error:
        raise _Failed(context.mask(str(error))) from error
    if answer.status != check.status:
        raise _Failed(f"status {answer.status} instead of {check.status}", answer.text)
    if check.contains not in answer.text:
        raise _Failed(f"the answer doesn't contain {check.contains!r}", answer.text)


def _execute(check: Check, context: CheckContext) -> None:
    argv = [_filled(word, context) for word in check.command]
    try:
        done = process.probe(
            argv,
            env=context.environment(),
            cwd=context.root,
            timeout_s=check.timeout_s,
            on_tick=context.on_tick,
            is_stopped=context.is_stopped,
        )
    except ProjectError as error:
        raise _Failed(f"{error.what}: {error.why}") from error
    if done.code == 0:
        return
    late = "interrupted" if context.is_stopped() else f"no end within {check.timeout_s:g} s"
    raise _Failed(late if done.code == process.TOO_LATE else f"exit code {done.code}", done.text)


def _filled(text: str, context: CheckContext) -> str:
    def value_of(module: str, name: str) -> str:
        try:
            value = context.outputs[module][name]
        except KeyError:
            raise _Failed(f"there is no public output `{module}.{name}`") from None
        return value if isinstance(value, str) else exact.dumps(value)

    return fill_outputs(text, value_of)
