"""`review`: what the checked-out commit would do to every environment that it touches, for who is to agree to it.

In a merge request's pipeline it is told to the merge request too: one comment, kept up to date, and statuses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.commands.affected import affected
from tfops.commands.note_review import People, keep_reviews, under_review
from tfops.commands.reversible import doors_of
from tfops.commands.review_one import OneReview
from tfops.commands.side_by_side import ManyOptions, run_side_by_side
from tfops.config.project import ProjectConfig
from tfops.dataclass import dataclass
from tfops.errors import Interrupted, Refused, TfopsError, in_a_line, one_line
from tfops.exits import Exit
from tfops.forge.asking import ForgeFailed
from tfops.forge.base import Forge, MergeRequest, Status
from tfops.forge.ci import job_address, write_summary
from tfops.forge.comment import MARKER, keep_comment
from tfops.forge.known import forge_here
from tfops.forge.statuses import WHOLE, context_of, keep_statuses
from tfops.ledger.codec import from_plain
from tfops.records.names import EnvName
from tfops.records.review import ReviewedPlan
from tfops.views.affected import AffectedEnvironment
from tfops.views.environment_review import EnvironmentReview
from tfops.views.many import EnvironmentAnswer
from tfops.views.review import review_comment
from tfops.views.review_result import ReviewResult

_LONGEST_WHY = 600
_MOST_BYTES_OF_SUMMARY = 1_000_000  # GitHub takes 1 MiB for a step


@dataclass(frozen=True, slots=True)
class MergeRequestJob:
    """Where a review is told: a merge request of a forge."""

    forge: Forge
    request: MergeRequest


def review(
    project: Project, base: str | None, options: Sequence[str], how: ManyOptions, ui: Ui, *, is_local: bool = False
) -> ReviewResult:
    """Plans with the required checks, and the one-way doors, of each environment that HEAD touches, side by side.

    `options` are those of `review`, for each. Code of a merge request runs when it is planned: one from another
    repository gets no plan, and no secret is read for it. With `is_local` no forge is told, and no plan is kept. What
    can't be planned is part of the result.
    """
    told = None if is_local else merge_request_here()
    rules = project.config_at(project.repository.head)
    project.fetch_for_reading(rules, ui)
    found = affected(project, base)
    request = told.request if told else None
    planned = {} if request and request.stranger else _planned(project, found.environments, options, how)
    reviews = tuple(_review(project, one, planned, request, ui) for one in found.environments)
    result = ReviewResult(found.commit, found.bases, found.compared, reviews, found.not_compared)
    if not is_local:
        people = _people(project, found.environments)
        kept = [under_review(one, people[EnvName(one.env)], request) for one in _plans(planned)]
        result = _kept(project, rules, kept, result, ui)
    write_summary(as_markdown(result, most_bytes=_MOST_BYTES_OF_SUMMARY))
    if told is None:
        return result
    try:
        if not tell(told, result):
            ui.note("the merge request has another head by now: its own pipeline tells what that would do")
    except ForgeFailed as failure:
        return result.untold(in_a_line(failure))
    return result


def _planned(
    project: Project, touched: Sequence[AffectedEnvironment], options: Sequence[str], how: ManyOptions
) -> dict[EnvName, EnvironmentAnswer]:
    """The answer of each `review --only ENV`. Raises Interrupted."""
    only = [one.env for one in touched if not one.is_removed]
    if not only:
        return {}
    jobs = {env: ("review", "--only", env, *options) for env in only}
    ended = run_side_by_side(project, jobs, _read, how)
    if ended.is_interrupted:
        raise Interrupted("interrupted while environments were planned")
    return ended.answers


def _read(env: EnvName, result: Mapping[str, Any]) -> EnvironmentAnswer:
    review, _ = from_plain(OneReview, result).read()
    return EnvironmentAnswer(env, not review.is_refused, Exit.DONE, review.text, result=result, plan=review.plan)


def _people(project: Project, touched: Sequence[AffectedEnvironment]) -> dict[EnvName, People]:
    """Those of all that is under review; most environments have the same base."""
    head, bases = project.repository.head, {one.base for one in touched}
    found = {base: project.repository.people_of(head, since=base) for base in bases}
    return {one.env: found[one.base] for one in touched}


def _plans(planned: Mapping[EnvName, EnvironmentAnswer]) -> list[ReviewedPlan]:
    found = (from_plain(OneReview, one.result).read()[1] for one in planned.values() if one.result is not None)
    return [one for one in found if one is not None]


def _kept(
    project: Project, rules: ProjectConfig, kept: Sequence[ReviewedPlan], result: ReviewResult, ui: Ui
) -> ReviewResult:
    """Where nothing can be kept, and a review is required, nothing could be applied later either."""
    try:
        keep_reviews(project, rules, kept, ui)
    except Refused as refusal:
        wanting = [one.env for one in result.reviews if one.approvals is not None]
        if not wanting:
            ui.warn(in_a_line(refusal))
            return result
        return replace(result, not_kept=f"{', '.join(wanting)}: {in_a_line(refusal)}")
    return result


def merge_request_here() -> MergeRequestJob | None:
    """The merge request whose pipeline runs us; None in any other job, and on a laptop."""
    forge = forge_here()
    request = forge.merge_request() if forge else None
    return MergeRequestJob(forge, request) if forge and request else None


def _review(
    project: Project,
    one: AffectedEnvironment,
    planned: Mapping[EnvName, EnvironmentAnswer],
    request: MergeRequest | None,
    ui: Ui,
) -> EnvironmentReview:
    if one.is_removed:
        why = f"it keeps running as it is: tfops prune {one.env}"
        return EnvironmentReview(one.env, None, why_no_plan=why, reasons=one.reasons)
    if request and request.stranger:
        return _not_run(project, one, request.stranger, ui)
    answer = planned[one.env]
    if answer.result is None:
        error = answer.error or {}
        why = one_line(*(str(error.get(part) or "") for part in ("what", "why", "hint")), longest=_LONGEST_WHY)
        return EnvironmentReview(one.env, None, why_no_plan=why, reasons=one.reasons, is_broken=True)
    found, _ = from_plain(OneReview, answer.result).read()
    return replace(found, reasons=(*one.reasons, *found.reasons))


def _not_run(project: Project, one: AffectedEnvironment, stranger: str, ui: Ui) -> EnvironmentReview:
    """What Git alone says of a stranger's merge request."""
    why = f"{stranger}: nothing of it is run here; whoever may push to the branch can plan it: tfops review --local"
    try:
        doors = doors_of(project, find_place(project, one.env), ui).doors
    except TfopsError as error:
        return EnvironmentReview(one.env, None, why_no_plan=in_a_line(error), reasons=one.reasons, is_broken=True)
    return EnvironmentReview(one.env, None, why_no_plan=why, reasons=one.reasons, doors=doors)


def tell(told: MergeRequestJob, result: ReviewResult) -> bool:
    """Keep comment and statuses up to date. False from a pipeline of an older commit, which says nothing.

    Raises ForgeFailed.
    """
    client, number = told.forge.connect(), told.request.number
    if client.merge_request(number).head != told.request.head:
        return False
    keep_comment(client, number, as_markdown(result, most_bytes=told.forge.most_bytes, first_line=MARKER))
    keep_statuses(client, told.request.head, _statuses(result.reviews))
    return True


def as_markdown(result: ReviewResult, *, most_bytes: int, first_line: str = "") -> str:
    """As `review_comment`, with the address of this job."""
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
