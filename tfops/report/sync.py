"""What a turn decided and did."""

from rich.console import Group, RenderableType
from rich.text import Text

from tfops.report.base import View, add_row, new_table, text_report
from tfops.results import Act, Decision, ReconcileResult


@text_report.register
def _reconcile(result: ReconcileResult, view: View) -> RenderableType:
    """A line per environment: what was done, or why nothing was."""
    acts = {act.env: act for act in result.acts}
    table = new_table("ENVIRONMENT", "RUNS", "WHY", "WHAT")
    for found in sorted(result.decisions, key=lambda found: (found.is_in_sync, not found.acts)):
        add_row(table, Text(found.env, style="bold"), *_cells(found, acts.get(found.env)))
    return Group(table)


def _cells(found: Decision, act: Act | None) -> tuple[Text | str, ...]:
    runs = str(found.current or "-")
    if act is None:
        style = "green" if found.is_in_sync else "cyan" if found.acts else "yellow"
        text = f"would act: {found.text}" if found.acts else found.text
        return runs, Text(found.word, style=style), text
    if act.code == 0:
        return act.version or runs, Text(found.word, style="green"), f"{act.text}: {found.text}"
    return runs, Text(act.detail, style="bold red"), act.text
