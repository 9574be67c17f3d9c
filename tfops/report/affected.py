"""Which environments a commit touches, and why."""

from rich.console import Group, RenderableType
from rich.text import Text

from tfops.report.base import View, add_row, new_table, text_report
from tfops.report.words import plural
from tfops.results.affected import AffectedResult


@text_report.register
def _affected(result: AffectedResult, view: View) -> RenderableType:
    """A line per environment and reason; the name once."""
    bases = ", ".join(f"{branch} ({commit[:8]})" if branch else commit[:8] for branch, commit in result.bases.items())
    if not result.environments:
        against = f" against {bases}" if bases else ""
        text = f"{result.commit[:8]} changes none of {plural(result.compared, 'environment')}{against}"
        return Text(text, style="green")
    table = new_table("ENVIRONMENT", "BRANCH", "WHY")
    for one in result.environments:
        for number, reason in enumerate(one.reasons):
            name, branch = (one.env, one.branch) if number == 0 else ("", "")
            add_row(table, Text(name, style="bold"), branch, reason)
    count = f"{len(result.environments)} of {plural(result.compared, 'environment')} changed against {bases}"
    return Group(table, Text(count, style="dim"))
