"""What a turn decided and did."""

from collections.abc import Iterator

from tfops.report.base import View, add_row, text_report_of
from tfops.report.plan import drifted_lines
from tfops.report.shapes import Group, Renderable, Table, Text
from tfops.report.words import age, plain, plural
from tfops.results.sync import Act, ApproveResult, Decision, DriftResult, EnvironmentDrift, PruneResult, ReconcileResult


@text_report_of.register
def _reconcile(result: ReconcileResult, view: View) -> Renderable:
    """A line per environment: what was done, or why nothing was."""
    acts = {act.env: act for act in result.acts}
    table = Table("ENVIRONMENT", "RUNS", "WHY", "WHAT")
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


@text_report_of.register
def _drift(result: DriftResult, view: View) -> Renderable:
    return Group(*(line for found in result.environments for line in _drift_lines(found, view)))


def _drift_lines(found: EnvironmentDrift, view: View) -> Iterator[Renderable]:
    if found.error:
        yield Text(f"{found.env}: could not be compared: {plain(found.error)}", style="bold red")
        return
    if not found.changes:
        yield Text(f"{found.env} is what {found.version} says", style="green")
        return
    seen = f"last seen right {age(found.right_at, view.now)}" if found.right_at else ""
    yield Text(
        f"{found.env} differs from {found.version} in {plural(len(found.changes), 'resource')}; {seen}", "yellow"
    )
    yield from drifted_lines(found.changes, full=view.full)
    if found.heal:
        yield Text(f"  an apply would heal it: {found.heal}", style="dim")


@text_report_of.register
def _prune(result: PruneResult, view: View) -> Renderable:
    if not result.decisions:
        return Text("nothing to prune", style="green")
    acts = {act.env: act for act in result.acts}
    table = Table("ENVIRONMENT", "RUNS", "WHY", "WHAT")
    for found in result.decisions:
        act = acts.get(found.env)
        style = "yellow" if act is None else "green" if act.code == 0 else "bold red"
        done = found.text if act is None else act.text
        add_row(table, Text(found.env, style="bold"), str(found.current or "-"), Text(found.word, style=style), done)
    is_all = all(found.env in acts for found in result.decisions)
    hint = Text("to take previews down: tfops prune --yes; an orphan by its name: tfops prune ENV --yes", style="dim")
    return Group(table) if is_all else Group(table, hint)


@text_report_of.register
def _approve(result: ApproveResult, view: View) -> Renderable:
    people = "1 more person" if result.missing == 1 else f"{result.missing} more people"
    who = f"{people} must approve it" if result.missing else "the next turn applies it"
    return Text(f"approved: {plain(result.text)}; {who}")
