"""`review`: what the checked-out commit would do to every environment that it touches, for who is to agree to it.

In a merge request's pipeline it is told to the merge request too: one comment, kept up to date, and statuses.
"""

from collections.abc import Sequence
from dataclasses import replace

from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.ui import Ui
from tfops.commands.affected import affected
from tfops.commands.plan import plan
from tfops.commands.reversible import doors_of, with_planned
from tfops.dataclass import dataclass
from tfops.errors import Interrupted, TfopsError, in_a_line
from tfops.forge.asking import ForgeFailed
from tfops.forge.base import Forge, MergeRequest, Status
from tfops.forge.ci import job_address, write_summary
from tfops.forge.comment import MARKER, keep_comment
from tfops.forge.known import forge_here
from tfops.forge.statuses import WHOLE, context_of, keep_statuses
from tfops.views.affected import AffectedEnvironment
from tfops.views.environment_review import EnvironmentReview
from tfops.views.review import review_comment
from tfops.views.review_result import ReviewResult

_MOST_BYTES_OF_SUMMARY = 1_000_000  # GitHub takes 1 MiB for a step


@dataclass(frozen=True, slots=True)
class MergeRequestJob:
    """Where a review is told: a merge request of a forge."""

    forge: Forge
    request: MergeRequest


def review(project: Project, base: str | None, request: Request, ui: Ui, *, is_local: bool = False) -> ReviewResult:
    """Plans with the required checks, and the one-way doors, of each environment that HEAD touches.

    Code of a merge request runs when it is planned: one from another repository gets no plan, and no secret is read
    for it. With `is_local` no forge is told. What can't be planned is part of the result.
    """
    told = None if is_local else merge_request_here()
    stranger = told.request.stranger if told else ""
    project.fetch_for_reading(project.config_at(project.repository.head), ui)
    found = affected(project, base)
    reviews = tuple(_review(project, one, request, ui, stranger=stranger) for one in found.environments)
    result = ReviewResult(found.commit, found.bases, found.compared, reviews, found.not_compared)
    write_summary(_markdown(result, most_bytes=_MOST_BYTES_OF_SUMMARY))
    if told is None:
        return result
    try:
        tell(told, result)
    except ForgeFailed as failure:
        return result.untold(in_a_line(failure))
    return result


def merge_request_here() -> MergeRequestJob | None:
    """The merge request whose pipeline runs us; None in any other job, and on a laptop."""
    forge = forge_here()
    request = forge.merge_request() if forge else None
    return MergeRequestJob(forge, request) if forge and request else None


def _review(
    project: Project, one: AffectedEnvironment, request: Request, ui: Ui, *, stranger: str
) -> EnvironmentReview:
    if one.is_removed:
        why = f"it keeps running as it is: tfops prune {one.env}"
        return EnvironmentReview(one.env, None, why_no_plan=why, reasons=one.reasons)
    try:
        return _planned(project, one, request, ui, stranger=stranger)
    except Interrupted:
        raise
    except TfopsError as error:
        return EnvironmentReview(one.env, None, why_no_plan=in_a_line(error), reasons=one.reasons, is_broken=True)


def _planned(
    project: Project, one: AffectedEnvironment, request: Request, ui: Ui, *, stranger: str
) -> EnvironmentReview:
    place = find_place(project, one.env)
    doors = doors_of(project, place, ui)
    if stranger:
        why = f"{stranger}: nothing of it is run here; whoever may push to the branch can plan it: tfops review --local"
        return EnvironmentReview(one.env, None, why_no_plan=why, reasons=one.reasons, doors=doors.doors)
    found = plan(project, replace(request, env=one.env), ui, checks=True)
    doors = with_planned(project, place, doors, found.plan)
    return EnvironmentReview(one.env, found.plan, checks=found.checks, doors=doors.doors, reasons=one.reasons)


def tell(told: MergeRequestJob, result: ReviewResult) -> None:
    """Keep comment and statuses up to date. A pipeline of an older commit says nothing. Raises ForgeFailed."""
    client, number = told.forge.connect(), told.request.number
    if client.merge_request(number).head != told.request.head:
        return
    keep_comment(client, number, _markdown(result, most_bytes=told.forge.most_bytes, first_line=MARKER))
    keep_statuses(client, told.request.head, _statuses(result.reviews))


def _markdown(result: ReviewResult, *, most_bytes: int, first_line: str = "") -> str:
    return review_comment(
        result.reviews, commit=result.commit, most_bytes=most_bytes, first_line=first_line, job=job_address()
    )


def _statuses(reviews: Sequence[EnvironmentReview]) -> list[Status]:
    """One for each environment, and the one that a team requires last: it stands for all of them."""
    job = job_address()
    found = [Status(context_of(one.env), "failure" if one.is_refused else "success", one.text, job) for one in reviews]
    refused = sum(one.is_refused for one in reviews)
    text = f"{refused} of {len(reviews)} can't be applied" if refused else f"{len(reviews)} environments reviewed"
    return [*found, Status(WHOLE, "failure" if refused else "success", text, job)]
