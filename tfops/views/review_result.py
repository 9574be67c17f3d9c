"""`review`: the environments that a commit touches, each with its plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.names import CommitSha
from tfops.records.version import Verified
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.environment_review import EnvironmentReview
from tfops.views.plan_lines import plan_report
from tfops.views.words import plain, plural


@dataclass(frozen=True, slots=True)
class ReviewResult:
    """The end of `review`. `compared` is how many environments were looked at, `bases` the commits that they were
    compared with, by branch. `not_told` says why the forge doesn't have it, where it should."""

    commit: CommitSha
    bases: Mapping[str, CommitSha]
    compared: int
    reviews: tuple[EnvironmentReview, ...]
    not_told: str = ""

    def untold(self, why: str) -> ReviewResult:
        return replace(self, not_told=why)

    @property
    def exit_code(self) -> Exit:
        is_refused = any(one.is_refused for one in self.reviews)
        return Exit.NOT_PASSED if is_refused or self.not_told else Exit.DONE


@text_report.register(ReviewResult)
def _review(result: ReviewResult, view: View) -> draw.Renderable:
    bases = ", ".join(branch or commit[:8] for branch, commit in result.bases.items())
    count = f"{len(result.reviews)} of {plural(result.compared, 'environment')} changed against {bases}"
    if not result.reviews:
        text = f"{result.commit[:8]} changes none of {plural(result.compared, 'environment')}"
        return draw.Group(draw.Text(text, style="green"), *_not_told(result))
    parts = [part for one in result.reviews for part in (*_environment(one, view), draw.Text())]
    return draw.Group(*parts, draw.Text(count, style="dim"), *_not_told(result))


def _environment(one: EnvironmentReview, view: View) -> Iterator[draw.Renderable]:
    yield draw.Text.assemble((one.env, "bold"), ("  " + plain("; ".join(one.reasons)), "dim"))
    for door in one.doors:
        yield draw.Text(f"  one-way door: {plain(door.text)} ({door.name})", style="yellow")
    for check in one.checks:
        mark = ("✗", "bold red") if check.result is Verified.FAILED else ("✓", "green")
        yield draw.Text.assemble("  ", mark, f" {plain(check.name)}", f": {plain(check.why)}" if check.why else "")
    if one.plan is None:
        yield draw.Text(f"  no plan: {plain(one.why_no_plan)}", style="bold red" if one.is_broken else "yellow")
    else:
        yield plan_report(one.plan, full=view.full)


def _not_told(result: ReviewResult) -> Iterator[draw.Renderable]:
    if result.not_told:
        yield draw.Text(f"the merge request doesn't have this: {plain(result.not_told)}", style="bold red")
