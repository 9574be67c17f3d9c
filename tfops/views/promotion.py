"""What `promote` came to."""

from __future__ import annotations

import enum
from collections.abc import Iterator

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.forge.base import OpenRequest
from tfops.records.check import CheckOutcome
from tfops.records.commit import Commit
from tfops.records.names import EnvName
from tfops.records.version import Version
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.change import ChangeResult
from tfops.views.plan import PlanResult
from tfops.views.words import plain, plural

_MOST_LISTED = 5


class PromotionStep(enum.StrEnum):
    """How the commit got onto the target's branch."""

    ON_BRANCH = "on-branch"
    FAST_FORWARD = "fast-forward"
    MERGE_REQUEST = "merge-request"


@dataclass(frozen=True, slots=True)
class PromotionResult:
    """The end of `promote`: with a `merge_request` nothing was applied, with a `plan` it was only looked at.

    `left_behind` are newer commits of the two branches, newest first, which the source doesn't run.
    """

    env: EnvName
    source: EnvName
    version: Version
    commit: Commit
    branch: str
    step: PromotionStep
    change: ChangeResult | None = None
    plan: PlanResult | None = None
    merge_request: OpenRequest | None = None
    checks: tuple[CheckOutcome, ...] = ()
    left_behind: tuple[Commit, ...] = ()

    @property
    def exit_code(self) -> int:
        """A merge request waits for people."""
        return Exit.NOT_PASSED if self.merge_request else Exit.DONE


@text_report.register(PromotionResult)
def _promotion(result: PromotionResult, view: View) -> draw.Renderable:
    parts: list[draw.Renderable] = []
    for part in (result.change, result.plan):
        parts += [text_report(part, view)] if part is not None else []
    return draw.Group(*parts, *_lines(result))


def _lines(result: PromotionResult) -> Iterator[draw.Text]:
    what, commit = f"{result.source} {result.version}", result.commit.short
    if result.merge_request is not None:
        opened = result.merge_request
        yield draw.Text(f"{what} waits for merge request {opened.number}: {plain(opened.address)}", style="yellow")
        yield draw.Text(f"  when it is merged: tfops promote {result.source} {result.env}", style="dim")
    elif result.plan is not None:
        moved = f"; `{result.branch}` would be moved forward to it" if result.step is PromotionStep.FAST_FORWARD else ""
        yield draw.Text(f"  to be promoted: {what}, commit {commit}{moved}", style="dim")
    elif result.change is not None and result.change.version is not None:
        moved = f"; `{result.branch}` was moved forward to it" if result.step is PromotionStep.FAST_FORWARD else ""
        yield draw.Text(f"  promoted: {what}, commit {commit}{moved}", style="dim")
    left = result.left_behind
    if left:
        yield draw.Text(f"  left behind, because {result.source} doesn't run it: {plural(len(left), 'commit')}")
    for one in left[:_MOST_LISTED]:
        yield draw.Text(f"    {one.short} {plain(one.subject)} ({plain(one.author.name)})", style="dim")
    if len(left) > _MOST_LISTED:
        yield draw.Text(f"    … and {len(left) - _MOST_LISTED} more: --output json", style="dim")
