"""`review`: the environments that a commit touches, each with its plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.check import CheckOutcome
from tfops.records.names import CommitSha, EnvName
from tfops.records.version import Verified
from tfops.views import draw
from tfops.views.affected import not_compared_lines
from tfops.views.base import View, text_report
from tfops.views.environment_review import EnvironmentReview
from tfops.views.plan_lines import plan_report
from tfops.views.words import plain, plural

_MOST_FINDINGS = 10  # of each check: as many as are said while it runs


@dataclass(frozen=True, slots=True)
class ReviewResult:
    """The end of `review`. `compared`, `bases` and `not_compared` are those of `affected`. `not_told` says why the
    forge doesn't have it, where it should, and `not_kept` why Git doesn't, where `review` requires it."""

    commit: CommitSha
    bases: Mapping[str, CommitSha]
    compared: int
    reviews: tuple[EnvironmentReview, ...]
    not_compared: Mapping[EnvName, str] = field(default_factory=dict)
    not_told: str = ""
    not_kept: str = ""

    def untold(self, why: str) -> ReviewResult:
        return replace(self, not_told=why)

    @property
    def exit_code(self) -> Exit:
        is_refused = any(one.is_refused for one in self.reviews)
        is_lacking = bool(self.not_compared or self.not_told or self.not_kept)
        return Exit.NOT_PASSED if is_refused or is_lacking else Exit.DONE


@text_report.register(ReviewResult)
def _review(result: ReviewResult, view: View) -> draw.Renderable:
    bases = ", ".join(branch or commit[:8] for branch, commit in result.bases.items())
    count = f"{len(result.reviews)} of {plural(result.compared, 'environment')} changed against {bases}"
    if not result.reviews:
        text = f"{result.commit[:8]} changes none of {plural(result.compared, 'environment')}"
        if not result.compared and result.bases:
            text = f"no environment is bound to {bases}"
        return draw.Group(draw.Text(text, style="green"), *_warnings(result))
    parts = [
        part for one in result.reviews for part in view.grouped(_title(one), *_environment(one, view), draw.Text())
    ]
    return draw.Group(*parts, draw.Text(count, style="dim"), *_warnings(result))


def _title(one: EnvironmentReview) -> str:
    return plain(f"{one.env}: {one.text if one.plan else 'no plan'}")


def _environment(one: EnvironmentReview, view: View) -> Iterator[draw.Renderable]:
    yield draw.Text.assemble((one.env, "bold"), ("  " + plain("; ".join(one.reasons)), "dim"))
    for door in one.doors:
        yield draw.Text(f"  one-way door: {plain(door.text)} ({door.name})", style="yellow")
    for check in one.checks:
        yield from _check_lines(check.at_most(_MOST_FINDINGS))
    if one.plan is not None:
        yield plan_report(one.plan, full=view.full)
        yield draw.Text(f"Digest: {one.plan.digest}", style="dim")
    elif one.why_no_plan not in "; ".join(one.reasons):
        yield draw.Text(f"  no plan: {plain(one.why_no_plan)}", style="bold red" if one.is_broken else "yellow")


def _check_lines(check: CheckOutcome) -> Iterator[draw.Renderable]:
    mark = ("✗", "bold red") if check.result is Verified.FAILED else ("✓", "green")
    yield draw.Text.assemble("  ", mark, f" {plain(check.name)}", f": {plain(check.why)}" if check.why else "")
    for finding in check.findings:
        yield draw.Text(f"    {plain(finding.text)}", style="" if finding.fails else "dim")
    if check.unlisted:
        yield draw.Text(f"    and {check.unlisted:,} more", style="dim")


def _warnings(result: ReviewResult) -> Iterator[draw.Renderable]:
    yield from not_compared_lines(result.not_compared)
    if result.not_kept:
        yield draw.Text(f"the plans are not kept: {plain(result.not_kept)}", style="bold red")
    if result.not_told:
        yield draw.Text(f"the merge request doesn't have this: {plain(result.not_told)}", style="bold red")
