"""`plan` and `rollback --plan`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.check import CheckOutcome
from tfops.records.commit import Commit
from tfops.records.hook import HookOutcome
from tfops.records.names import EnvName
from tfops.records.plan import Plan
from tfops.records.printed import NOT_PRINTED
from tfops.records.review import ReviewedPlan
from tfops.records.switched_off import SwitchedOff
from tfops.records.tries import FailedTry
from tfops.records.verdict import Judgement
from tfops.records.version import Verified, Version
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.plan_lines import plan_report
from tfops.views.verdict import VERDICT_STYLES


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The end of `plan`. `checks` are the required ones, when they were asked, `off` what the environment's files
    switch off. `reviewed` is what is to be kept of it, when somebody wants that; `out` is the file that it was written
    to. `tries` failed, and the ones after them didn't; `hooks` ran around it."""

    env: EnvName
    commit: Commit | None
    current: Version | None
    plan: Plan
    checks: tuple[CheckOutcome, ...] = ()
    off: tuple[SwitchedOff, ...] = ()
    reviewed: ReviewedPlan | None = field(default=None, metadata=NOT_PRINTED)
    out: str = ""
    is_encrypted: bool = False
    tries: tuple[FailedTry, ...] = ()
    hooks: tuple[HookOutcome, ...] = ()

    @property
    def is_refused(self) -> bool:
        return any(check.result is Verified.FAILED for check in self.checks)

    def exit_code(self, *, detailed: bool) -> Exit:
        """With `detailed`, changes have a code of their own, as in `terraform plan -detailed-exitcode`."""
        if self.is_refused:
            return Exit.NOT_PASSED
        return Exit.CHANGES if detailed and not self.plan.is_empty else Exit.DONE


@dataclass(frozen=True, slots=True)
class RollbackPlanResult:
    """The end of `rollback --plan`. `bridge` is the file beside the rendered root, in Terraform's JSON syntax."""

    env: EnvName
    commit: Commit
    current: Version | None
    restores: Version
    judgement: Judgement
    undoes: tuple[Commit, ...]
    plan: Plan
    bridge: Mapping[str, Any]
    shows_bridge: bool = False
    tries: tuple[FailedTry, ...] = ()
    hooks: tuple[HookOutcome, ...] = ()


@text_report.register(PlanResult)
def _plan(result: PlanResult, view: View) -> draw.Renderable:
    report = plan_report(result.plan, full=view.full)
    if result.plan.is_empty or result.commit is None:  # nothing that could be applied by its digest
        return draw.Group(report, *_out_lines(result))
    return draw.Group(report, draw.Text(f"Digest: {result.plan.digest}", style="dim"), *_out_lines(result))


def _out_lines(result: PlanResult) -> Iterator[draw.Text]:
    if not result.out:
        return
    secrets = "encrypted for the keys of plan_files.age"
    if not result.is_encrypted:
        secrets = "it holds secrets in clear: keep it to yourself, and never in Git"
    yield draw.Text(f"Saved to {result.out} ({secrets})", style="yellow" if not result.is_encrypted else "dim")
    yield draw.Text(f"  next: tfops apply {result.env} --plan {result.out}", style="dim")


def _judgement_lines(judgement: Judgement) -> Iterator[draw.Text]:
    """The verdict, then what decided it; notes were said on the way."""
    yield draw.Text.assemble("verdict: ", (judgement.verdict.value, VERDICT_STYLES[judgement.verdict]))
    for reason in judgement.deciding:
        yield draw.Text(f"  {reason.text}" + (f" ({reason.cure})" if reason.cure else ""))
    yield draw.Text()


@text_report.register(RollbackPlanResult)
def _rollback_plan(result: RollbackPlanResult, view: View) -> draw.Renderable:
    parts: list[draw.Renderable] = [*_judgement_lines(result.judgement), plan_report(result.plan, full=view.full)]
    counts = [(len(result.bridge.get(kind, ())), word) for kind, word in (("moved", "moved"), ("import", "imported"))]
    if result.bridge and result.shows_bridge:
        parts.append(draw.Text(f"\n# tfops_bridge.tf.json\n{json.dumps(result.bridge, indent=2)}"))
    elif result.bridge:
        kept = ", ".join(f"{count} {word}" for count, word in counts if count)
        parts.append(draw.Text(f"Kept alive by a bridge to {result.restores}: {kept} (--show-bridge)", style="cyan"))
    if result.plan.losing:
        parts.append(
            draw.Text(
                "What is deleted or replaced must be named (--allow-destroy ADDRESS): its data doesn't come back.",
                style="yellow",
            )
        )
    return draw.Group(*parts)
