"""What a change came to: `apply`, `rollback`, `destroy`, `recover`, `invoke`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tfops.dataclass import dataclass
from tfops.records.action import ActionOutcome
from tfops.records.check import CheckOutcome
from tfops.records.commit import Commit
from tfops.records.hook import HookOutcome
from tfops.records.names import EnvName
from tfops.records.plan import Plan
from tfops.records.tries import FailedTry
from tfops.records.version import Kind, Verified, Version
from tfops.views import draw
from tfops.views.base import View, flat_outputs, text_report
from tfops.views.words import duration, plain, plural


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """The end of `apply`, `rollback` or `destroy`. Without `version` there was nothing to do: says the engine, or where
    it isn't `was_planned`, what Git has. `tries` failed, and the ones after them didn't; `hooks` ran around it."""

    env: EnvName
    kind: Kind
    commit: Commit
    plan: Plan
    version: Version | None
    previous: Version | None
    restores: Version | None
    hold: str
    duration_s: float
    engine_starts: int
    is_shared: bool
    outputs: Mapping[str, Any]
    verified: Verified = Verified.NONE
    checks: tuple[CheckOutcome, ...] = ()
    was_planned: bool = True
    tries: tuple[FailedTry, ...] = ()
    hooks: tuple[HookOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class RecoverResult:
    """The end of `recover`: what was found and done; no story when there was nothing to finish."""

    env: EnvName
    story: str
    recorded: Version | None


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """The end of `invoke`."""

    env: EnvName
    actions: tuple[ActionOutcome, ...]


@text_report.register(ChangeResult)
def _change(result: ChangeResult, view: View) -> draw.Renderable:
    if not result.was_planned:
        text = f"{result.env} already runs what {result.commit.short} renders ({result.previous}): nothing was planned"
        return draw.Text(text, style="green")
    if result.version is None:
        already = "destroyed already" if result.kind is Kind.DESTROY else f"already at {result.previous}"
        return draw.Text(f"{result.env} is {already}: nothing to change", style="green")
    head = draw.Text.assemble(("✓ ", "bold green"), (f"{result.env} is now {result.version}", "bold"))
    if result.restores:
        head.append(f" (content of {result.restores})")
    if result.kind is Kind.DESTROY:
        left = len(result.plan.leaving)
        head.append(f", destroyed but for {left} left alive" if left else ", destroyed")
    done = "nothing to change, recorded" if result.plan.is_empty else result.plan.headline()
    if result.kind is Kind.SURGERY:
        done = f"the state knows now what is real: {plural(len(result.plan.drift), 'difference')}"
    head.append(f" · {done} · {duration(result.duration_s)}", style="dim")
    lines: list[draw.Renderable] = [head]
    if result.verified is Verified.PASSED:
        lines.append(draw.Text(f"  verified: {plural(len(result.checks), 'check')} passed", style="green"))
    lines += [draw.Text(f"  {name} = {value}") for name, value in flat_outputs(result.outputs)]
    lines += _left_alive_lines(result.plan)
    if result.hold:
        lines.append(draw.Text(f"  held ({result.hold}): the next apply needs --lift-hold", style="yellow"))
    return draw.Group(*lines)


def _left_alive_lines(plan: Plan) -> Iterator[draw.Text]:
    """What no state knows from now on: it goes on to exist, and to cost."""
    if plan.leaving:
        yield draw.Text("  left alive, outside of the state:", style="yellow")
    for change in plan.leaving:
        identity = f"  id {change.resource_id}" if change.resource_id else ""
        yield draw.Text(f"    {change.label}{identity}", style="yellow")


@text_report.register(RecoverResult)
def _recover(result: RecoverResult, view: View) -> draw.Renderable:
    if not result.story:
        return draw.Text(f"{result.env}: nothing to recover", style="green")
    end = f": recorded as {result.recorded}" if result.recorded else ""
    return draw.Text(f"✓ {result.story}{end}", style="green")


@text_report.register(InvokeResult)
def _invoke(result: InvokeResult, view: View) -> draw.Renderable:
    return draw.Group(
        *(draw.Text(f"✓ {plain(action.address)}: {action.result}", style="green") for action in result.actions)
    )
