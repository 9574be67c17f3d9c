"""infracost: https://www.infracost.io/docs/features/cli_commands/#breakdown

What a plan would cost more, a month. It asks a server for prices, and needs a key for it (INFRACOST_API_KEY).
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tfops.checks.base import NotUnderstood, Said, Subject, Tool, dicts_in, json_in, text_of
from tfops.config.checks import PolicyTool
from tfops.records.check import CheckFinding

_MOST_NAMED = 5
_MOST_DIGITS = 15


def _argv(tool: PolicyTool, subject: Subject) -> list[str]:
    return ["infracost", "breakdown", "--path", str(subject.plan), "--format", "json", "--no-color", *tool.args]


def _read(tool: PolicyTool, said: Said, subject: Subject) -> Iterator[CheckFinding]:
    answer = json_in(said, codes=(0,))
    projects = list(dicts_in(answer["projects"]))
    if not projects:
        raise NotUnderstood("it looked at no plan")
    for project in projects:
        for error in dicts_in((project.get("metadata") or {}).get("errors")):
            raise NotUnderstood(f"it can't read the plan: {text_of(error.get('message'))}")
    currency = text_of(answer.get("currency")) or "USD"
    more, total = _money(answer["diffTotalMonthlyCost"]), _money(answer["totalMonthlyCost"])
    fails = more > tool.most
    text = f"{more:+,.2f} {currency} a month, {total:,.2f} in all" + (f"; {tool.most:,} more allowed" if fails else "")
    yield CheckFinding("high" if fails else "info", "monthly-cost", "", text, fails=fails)
    costs = [(_money(item.get("monthlyCost") or "0"), text_of(item["name"])) for item in _resources(projects)]
    for cost, name in sorted(costs, key=lambda pair: (-pair[0], pair[1]))[:_MOST_NAMED]:
        if cost > 0:
            yield CheckFinding("info", "monthly-cost", name, f"{cost:+,.2f} {currency} a month", fails=False)


def _resources(projects: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for project in projects:
        diff = project.get("diff")
        yield from dicts_in(diff.get("resources") if isinstance(diff, dict) else None)


def _money(value: object) -> Decimal:
    """Raises NotUnderstood for what is no sum: a cost that nobody knows is not zero."""
    try:
        found = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found.adjusted() > _MOST_DIGITS:
        raise NotUnderstood("it doesn't say what the plan costs")
    return found


INFRACOST = Tool(_argv, _read, "https://www.infracost.io/docs/#1-install-infracost", variables=("INFRACOST_*",))
