"""`show --review`: a plan that was reviewed, from any clone."""

from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.change.remote_answers import in_a_line
from tfops.change.ui import Ui
from tfops.ledger.chain import read_present
from tfops.ledger.review import NAMESPACE, ReviewedPlans, read_reviews
from tfops.records.review import ReviewedPlan
from tfops.resolve.since_review import shown_digest
from tfops.system.remote import RemoteUnreachable
from tfops.views.show_review import ShowReviewResult


def show_review(project: Project, env: str | None, digest: str, ui: Ui) -> ShowReviewResult:
    """`digest` is a whole one, or its beginning; empty: the newest. Raises Refused (guard `no-review`)."""
    place = find_place(project, env)
    project.fetch_for_reading(place.rules, ui)
    try:
        project.refs(place.rules).fetch_beside(NAMESPACE.ref(place.env))
    except RemoteUnreachable as error:
        ui.warn(f"{in_a_line(error)}: this is what this clone knows")
    found = _picked(read_reviews(project.repository, place.env), digest)
    agreed = read_present(project.repository, place.env).agreed_plans
    who = agreed.of(found.digest, found.content, shown_digest(found.plan))
    return ShowReviewResult(found, who)


def _picked(reviews: ReviewedPlans, digest: str) -> ReviewedPlan:
    if digest or not reviews.plans:
        return reviews.named(digest)
    return reviews.plans[0]
