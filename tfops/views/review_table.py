"""The table of environments in the comment on a merge request."""

from collections.abc import Callable, Iterator, Sequence

from tfops.records.plan import Action
from tfops.records.version import Verified
from tfops.views.environment_review import EnvironmentReview
from tfops.views.markdown import code_in_table

_COLUMNS = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.REPLACE: "replace",
    Action.DELETE: "delete",
    Action.DETACH: "replace, old one left alive",
    Action.IMPORT: "import",
    Action.MOVE: "move",
    Action.FORGET: "forget",
    Action.CLEAN_UP: "delete deposed",
}
_ALWAYS = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)


def badness(review: EnvironmentReview) -> int:
    """Where it stands among the others: what failed, what loses data, what changes, and the rest."""
    plan = review.plan
    if plan is None or any(check.result is Verified.FAILED for check in review.checks):
        return 0
    if plan.losing or review.doors:
        return 1
    return 3 if plan.is_empty else 2


def table_lines(reviews: Sequence[EnvironmentReview]) -> Iterator[str]:
    """Head, rule, and a row for each. Columns that are empty in all rows are left away."""
    counted = [action for action in _COLUMNS if action in _ALWAYS or any(_count(one, action) for one in reviews)]
    columns: list[tuple[str, Callable[[EnvironmentReview], str]]] = [("environment", _name_cell)]
    columns += [(_COLUMNS[action], _counting(action)) for action in counted]
    optional = [("actions", _actions_cell), ("checks", _checks_cell), ("one-way doors", _doors_cell)]
    optional += [("way back", _way_back_cell), ("approvals", _approvals_cell)]
    columns += [(name, cell) for name, cell in optional if any(cell(one) for one in reviews)]
    yield "".join(f"| {name} " for name, _ in columns) + "|"
    yield "|---" + "|--:" * len(counted) + "|---" * (len(columns) - 1 - len(counted)) + "|"
    for one in reviews:
        yield "".join(f"| {cell(one)} " for _, cell in columns) + "|"


def _count(review: EnvironmentReview, action: Action) -> int:
    return review.plan.count(action) if review.plan else 0


def _counting(action: Action) -> Callable[[EnvironmentReview], str]:
    def cell(review: EnvironmentReview) -> str:
        if review.plan is None:
            return ""
        count = review.plan.count(action)
        return f"**{count}**" if count and action in (Action.DELETE, Action.REPLACE) else str(count)

    return cell


def _name_cell(review: EnvironmentReview) -> str:
    remark = "no plan" if review.plan is None else "no changes" if review.plan.is_empty else ""
    return f"{code_in_table(review.env)} {remark}".rstrip()


def _actions_cell(review: EnvironmentReview) -> str:
    return str(len(review.plan.actions)) if review.plan and review.plan.actions else ""


def _checks_cell(review: EnvironmentReview) -> str:
    failed = sum(check.result is Verified.FAILED for check in review.checks)
    return f"**{failed} of {len(review.checks)} failed**" if failed else "passed" if review.checks else ""


def _doors_cell(review: EnvironmentReview) -> str:
    return f"**{len(review.doors)}**" if review.doors else ""


def _way_back_cell(review: EnvironmentReview) -> str:
    return review.way_back.value if review.way_back else ""


def _approvals_cell(review: EnvironmentReview) -> str:
    return f"{review.approvals[0]} of {review.approvals[1]}" if review.approvals else ""
