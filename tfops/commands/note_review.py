"""A plan that people looked at is kept in Git, so that they can agree to it, and what runs can be held against it."""

from collections.abc import Sequence
from dataclasses import replace

from tfops.change.environment import Place, find_place
from tfops.change.project import Project
from tfops.change.remote_answers import refusal
from tfops.change.request import Request
from tfops.change.review_rules import review_rules
from tfops.change.signing import require_signing
from tfops.change.ui import Ui
from tfops.commands.plan import PlanOptions, plan
from tfops.config.project import ProjectConfig
from tfops.errors import UsageError
from tfops.forge.base import MergeRequest
from tfops.ledger.review import MOST_KEPT, keep
from tfops.ledger.versions import versions_of
from tfops.records.commit import Person
from tfops.records.review import ReviewedPlan
from tfops.system.remote import RemoteUnreachable
from tfops.views.plan import PlanResult
from tfops.views.words import plural

_MOST_AT_ONCE = 50

People = tuple[Sequence[Person], Sequence[Person]]


def plan_and_keep(project: Project, request: Request, ui: Ui, options: PlanOptions) -> PlanResult:
    """A plan of the checked-out commit, kept for who is to agree to it. Raises as `plan` and `keep_reviews`."""
    if request.stacks or request.flags.targets:
        left_out = "--target" if request.flags.targets else "--stack"
        raise UsageError("--keep is for the plan of a whole environment", hint=f"leave {left_out} away")
    found = plan(project, request, ui, replace(options, keeps=True))
    place = find_place(project, request.env)
    if found.reviewed is None or (found.plan.is_empty and not lowers_review(project, place)):
        ui.note("nothing is kept: there is nothing to agree to")
        return found
    keep_reviews(project, place.rules, [found.reviewed], ui)
    ui.note(f"kept: to agree to it: tfops approve {found.env} --plan-digest {found.plan.digest[:12]}")
    return found


def lowers_review(project: Project, place: Place) -> bool:
    """Whether the checked-out commit asks for less review than what was applied last."""
    return review_rules(project, place, versions_of(project.repository, place.env)).before is not None


def under_review(reviewed: ReviewedPlan, people: People, request: MergeRequest | None) -> ReviewedPlan:
    """With all who wrote what is under review, authors and committers, and with the merge request that it is in."""
    authors, committers = people
    heads = (request.head, *reviewed.commits) if request else reviewed.commits
    return replace(
        reviewed,
        commits=tuple(dict.fromkeys(heads)),
        authors=tuple(authors),
        committers=tuple(committers),
        merge_request=request.number if request else None,
    )


def keep_reviews(project: Project, rules: ProjectConfig, reviewed: Sequence[ReviewedPlan], ui: Ui) -> None:
    """Keep them, fifty environments to a push: a forge looks at each ref for a quarter of a second. Raises Refused."""
    if not reviewed:
        return
    require_signing(project, rules)
    parts = [reviewed[start : start + _MOST_AT_ONCE] for start in range(0, len(reviewed), _MOST_AT_ONCE)]
    try:
        pruned = sum(keep(project.repository, project.refs(rules), part) for part in parts)
    except RemoteUnreachable as error:
        raise refusal(error, project.repository.remote, "the reviewed plans are not kept") from error
    if pruned:
        ui.note(f"{plural(pruned, 'old review')} pruned: of each environment the newest {MOST_KEPT} are kept")
