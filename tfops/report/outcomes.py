"""What commands did: change, plan, recover, lock, init."""

import json
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from tfops.records.plan import Plan
from tfops.records.verdict import Judgement
from tfops.records.version import Kind, Verified
from tfops.report.base import View, flat_outputs, text_report
from tfops.report.plan import plan_report
from tfops.report.words import VERDICT_STYLES, drill_words, duration, plain, plural
from tfops.results.changes import (
    ChangeResult,
    DrillResult,
    HoldResult,
    InvokeResult,
    LockResult,
    PlanResult,
    RecoverResult,
    ReversibleResult,
    RollbackPlanResult,
)
from tfops.results.files import InitResult


@text_report.register
def _change(result: ChangeResult, view: View) -> RenderableType:
    if result.version is None:
        already = "destroyed already" if result.kind is Kind.DESTROY else f"already at {result.previous}"
        return Text(f"{result.env} is {already}: nothing to change", style="green")
    head = Text.assemble(("✓ ", "bold green"), (f"{result.env} is now {result.version}", "bold"))
    if result.restores:
        head.append(f" (content of {result.restores})")
    if result.kind is Kind.DESTROY:
        left = len(result.plan.leaving)
        head.append(f", destroyed but for {left} left alive" if left else ", destroyed")
    done = "nothing to change, recorded" if result.plan.is_empty else result.plan.headline()
    head.append(f" · {done} · {duration(result.duration_s)}", style="dim")
    lines: list[RenderableType] = [head]
    if result.verified is Verified.PASSED:
        lines.append(Text(f"  verified: {plural(len(result.checks), 'check')} passed", style="green"))
    lines += [Text(f"  {name} = {value}") for name, value in flat_outputs(result.outputs)]
    lines += _left_alive_lines(result.plan)
    if result.hold:
        lines.append(Text(f"  held ({result.hold}): the next apply needs --lift-hold", style="yellow"))
    return Group(*lines)


def _left_alive_lines(plan: Plan) -> Iterator[Text]:
    """What no state knows from now on: it goes on to exist, and to cost."""
    if plan.leaving:
        yield Text("  left alive, outside of the state:", style="yellow")
    for change in plan.leaving:
        identity = f"  id {change.resource_id}" if change.resource_id else ""
        yield Text(f"    {change.label}{identity}", style="yellow")


@text_report.register
def _plan(result: PlanResult, view: View) -> RenderableType:
    return plan_report(result.plan, full=view.full)


def _judgement_lines(judgement: Judgement) -> Iterator[Text]:
    """The verdict, then what decided it; notes were said on the way."""
    yield Text.assemble("verdict: ", (judgement.verdict.value, VERDICT_STYLES[judgement.verdict]))
    for reason in judgement.deciding:
        yield Text(f"  {reason.text}" + (f" ({reason.cure})" if reason.cure else ""))
    yield Text()


@text_report.register
def _rollback_plan(result: RollbackPlanResult, view: View) -> RenderableType:
    parts: list[RenderableType] = [*_judgement_lines(result.judgement), plan_report(result.plan, full=view.full)]
    counts = [(len(result.bridge.get(kind, ())), word) for kind, word in (("moved", "moved"), ("import", "imported"))]
    if result.bridge and result.shows_bridge:
        parts.append(Text(f"\n# tfops_bridge.tf.json\n{json.dumps(result.bridge, indent=2)}"))
    elif result.bridge:
        kept = ", ".join(f"{count} {word}" for count, word in counts if count)
        parts.append(Text(f"Kept alive by a bridge to {result.restores}: {kept} (--show-bridge)", style="cyan"))
    if result.plan.losing:
        parts.append(
            Text(
                "What is deleted or replaced must be named (--allow-destroy ADDRESS): its data doesn't come back.",
                style="yellow",
            )
        )
    return Group(*parts)


@text_report.register
def _invoke(result: InvokeResult, view: View) -> RenderableType:
    return Group(*(Text(f"✓ {plain(action.address)}: {action.result}", style="green") for action in result.actions))


@text_report.register
def _recover(result: RecoverResult, view: View) -> RenderableType:
    if not result.story:
        return Text(f"{result.env}: nothing to recover", style="green")
    end = f": recorded as {result.recorded}" if result.recorded else ""
    return Text(f"✓ {result.story}{end}", style="green")


@text_report.register
def _drill(result: DrillResult, view: View) -> RenderableType:
    drill = result.drill
    sign = ("✓ ", "bold green") if drill.is_ok else ("✗ ", "bold red")
    lines: list[RenderableType] = [
        Text.assemble(sign, (f"{result.env} {result.version} in {drill.place}: {plain(drill_words(drill))}", "bold"))
    ]
    lines += [Text(f"  {plain(drill.why)}")] if drill.why else []
    lines += [Text(f"  {step:<8}  {duration(seconds)}", style="dim") for step, seconds in drill.seconds.items()]
    if result.is_kept:
        lines.append(Text(f"  {drill.place} is kept as it is: tfops destroy {drill.place}", style="yellow"))
    return Group(*lines)


@text_report.register
def _lock(result: LockResult, view: View) -> RenderableType:
    return Text(f"✓ {plain(result.text)}", style="green")


@text_report.register
def _init(result: InitResult, view: View) -> RenderableType:
    lines = [Text(f"  + {path}", style="green") for path in result.written]
    lines += [Text(f"  = {path} (kept as it was)", style="dim") for path in result.kept]
    where = "" if result.folder == "." else f"cd {result.folder} && "
    if result.commit:
        after = f"Committed as {result.commit[:8]}. Next: {where}tfops apply {result.environment}"
    else:
        after = f"Next: {where}git add -A && git commit, then tfops apply {result.environment}"
    if result.needs_values:
        after = f"Next: write your values into environments/{result.environment}.yaml, then tfops validate"
    roots = ", ".join(result.roots[:3]) + (f" and {len(result.roots) - 3} more" if len(result.roots) > 3 else "")
    hint = (
        [Text(f"Terraform is applied in {plain(roots)}: tfops adopt ENV FOLDER takes a folder over.")] if roots else []
    )
    return Group(*lines, Text(), *hint, Text(plain(after), style="bold"))


@text_report.register
def _reversible(result: ReversibleResult, view: View) -> RenderableType:
    what = f"{result.commit.short} on {result.env}"
    if result.against is None:
        return Text(f"✓ {what}: nothing runs yet, nothing to go back to", style="green")
    if not result.doors:
        return Text(f"✓ {what} can be taken back to {result.against}", style="green")
    lines: list[RenderableType] = [Text(f"{what} is a one-way door: going back to {result.against} would be hard")]
    for door in result.doors:
        lines.append(Text.assemble(("✗ ", "bold red"), plain(door.text)))
        lines += [Text(f"  {plain(door.cure)}", style="dim")] if door.cure else []
    return Group(*lines)


@text_report.register
def _hold(result: HoldResult, view: View) -> RenderableType:
    if result.is_held:
        return Text(
            f"{result.env} is held at {result.version}: {result.reason}; to let it go on: tfops resume {result.env}"
        )
    return Text(f"{result.env} is not held any more; the next apply goes on from {result.version}")
