"""Which environments a commit touches, and why."""

from tfops.report.base import View, add_row, text_report_of
from tfops.report.shapes import Group, Renderable, Table, Text
from tfops.report.words import plural
from tfops.results.affected import AffectedResult


@text_report_of.register
def _affected(result: AffectedResult, view: View) -> Renderable:
    """A line per environment and reason; the name once."""
    bases = ", ".join(f"{branch} ({commit[:8]})" if branch else commit[:8] for branch, commit in result.bases.items())
    if not result.environments:
        against = f" against {bases}" if bases else ""
        text = f"{result.commit[:8]} changes none of {plural(result.compared, 'environment')}{against}"
        return Text(text, style="green")
    table = Table("ENVIRONMENT", "BRANCH", "WHY")
    for one in result.environments:
        for number, reason in enumerate(one.reasons):
            name, branch = (one.env, one.branch) if number == 0 else ("", "")
            add_row(table, Text(name, style="bold"), branch, reason)
    count = f"{len(result.environments)} of {plural(result.compared, 'environment')} changed against {bases}"
    return Group(table, Text(count, style="dim"))
