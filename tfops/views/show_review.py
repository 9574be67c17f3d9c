"""`show --review`: a plan that was reviewed, and who agreed to it."""

from __future__ import annotations

from dataclasses import field

from tfops.dataclass import dataclass
from tfops.records.blocked import Agreement
from tfops.records.review import ReviewedPlan
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.plan_lines import plan_report
from tfops.views.words import age, plain


@dataclass(frozen=True, slots=True)
class ShowReviewResult:
    """The end of `show --review`. `agreed` is who did in Git, and whose yes wasn't used by an apply yet."""

    review: ReviewedPlan
    agreed: tuple[Agreement, ...] = field(default=())


@text_report.register(ShowReviewResult)
def _show_review(result: ShowReviewResult, view: View) -> draw.Renderable:
    review = result.review
    rows = [
        ("plan", f"{review.digest} for {review.env}"),
        ("commit", ", ".join(commit[:8] for commit in review.commits)),
        ("planned", f"{review.at:%Y-%m-%d %H:%M:%S} UTC, {age(review.at, view.now)}"),
        ("by", str(review.by)),
        ("authors", ", ".join(map(str, review.authors))),
        ("merge request", str(review.merge_request or "")),
        ("run", review.run),
        ("approved", ", ".join(f"{one.who} ({one.at:%Y-%m-%d %H:%M} UTC)" for one in result.agreed)),
    ]
    table = draw.Table("", "", has_header=False)
    for name, value in rows:
        if value:
            add_row(table, draw.Text(name, style="dim"), plain(value))
    return draw.Group(table, draw.Text(), plan_report(review.plan, full=view.full))
