"""The review of one environment: a `tfops` of its own does it, so that many are planned side by side."""

from dataclasses import replace

from tfops.change.environment import Place, find_place
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.review_rules import LOWERED, ReviewRules, review_rules
from tfops.change.ui import Ui
from tfops.commands.plan import PlanOptions, plan
from tfops.commands.reversible import doors_of, with_planned
from tfops.dataclass import dataclass
from tfops.errors import Interrupted, TfopsError, in_a_line
from tfops.ledger.chain import read_present
from tfops.ledger.codec import decode, encode
from tfops.ledger.versions import versions_of
from tfops.records.names import EnvName
from tfops.records.review import ReviewedPlan
from tfops.resolve.since_review import shown_digest
from tfops.views.environment_review import EnvironmentReview


@dataclass(frozen=True, slots=True)
class OneReview:
    """What is handed over: the review, and the plan that is to be kept, as Git would store them; empty for none."""

    review: str
    kept: str = ""

    def read(self) -> tuple[EnvironmentReview, ReviewedPlan | None]:
        """Raises ValueError for what another tfops wrote."""
        return decode(EnvironmentReview, self.review), decode(ReviewedPlan, self.kept) if self.kept else None


def review_one(project: Project, env: EnvName, request: Request, ui: Ui) -> OneReview:
    """Doors, plan and required checks of HEAD, as this clone knows it: fetch first. What fails is part of it."""
    try:
        return _planned(project, env, request, ui)
    except Interrupted:
        raise
    except TfopsError as error:
        return OneReview(encode(EnvironmentReview(env, None, why_no_plan=in_a_line(error), is_broken=True)))


def _planned(project: Project, env: EnvName, request: Request, ui: Ui) -> OneReview:
    place = find_place(project, env)
    doors = doors_of(project, place, ui)
    request = replace(request, env=env, offline=True)
    found = plan(project, request, ui, PlanOptions(checks=True, keeps=True))
    doors = with_planned(project, place, doors, found.plan)
    rules = review_rules(project, place, versions_of(project.repository, place.env))
    assert found.reviewed is not None
    is_kept = rules.before is not None or not found.reviewed.plan.is_empty
    review = EnvironmentReview(
        env,
        found.plan,
        checks=found.checks,
        doors=doors.doors,
        approvals=_approvals(project, place, found.reviewed, rules) if is_kept else None,
        reasons=() if rules.before is None else (LOWERED,),
    )
    return OneReview(encode(review), encode(found.reviewed) if is_kept else "")


def _approvals(project: Project, place: Place, kept: ReviewedPlan, rules: ReviewRules) -> tuple[int, int] | None:
    """How many people agreed to this plan in Git, and how many it takes."""
    if not rules.required:
        return None
    agreed = read_present(project.repository, place.env).agreed_plans
    needed = max(rule.approvals for rule in rules.required)
    return len(agreed.of(kept.digest, kept.content, shown_digest(kept.plan))), needed
