"""`tfops apply` in many environments."""

from typing import TYPE_CHECKING

import typer

from tfops.cli.options import SideBySide
from tfops.cli.passed_on import passed_on
from tfops.cli.run import open_project
from tfops.commands.many import apply_many
from tfops.commands.selecting import for_commit
from tfops.errors import UsageError

if TYPE_CHECKING:
    from tfops.cli.terminal import Terminal
    from tfops.resolve.selection import Selection
    from tfops.views.many import ManyResult


def require_one(**switches: object) -> None:
    """Raises UsageError for switches that make no sense in many environments."""
    given = [f"--{name.replace('_', '-')}" for name, value in switches.items() if value]
    if given:
        raise UsageError(f"{', '.join(given)}: for one environment", hint="name one; without a person: tfops reconcile")


def apply_each(
    ctx: typer.Context, selection: "Selection", side_by_side: SideBySide, ui: "Terminal", *, yes: bool
) -> "ManyResult":
    project = open_project(ctx)
    selected = for_commit(project, selection, ui, only_of_branch=True)
    return apply_many(project, selected, passed_on(ctx), side_by_side.options(ui), ui, yes=yes)
