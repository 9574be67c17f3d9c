"""`tfops backend …`: where states are kept."""

from typing import Annotated

import typer

from tfops.cli.options import Output, OutputOption
from tfops.cli.run import execute, open_project, terminal
from tfops.results import BackendResult

_BAD_PROJECT = 10

backend = typer.Typer(
    name="backend", help="Make and check the bucket that keeps the states.", rich_markup_mode=None, no_args_is_help=True
)


@backend.command("create")
def create(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make the state buckets of tfops.yaml what they should be.

    Versioned, encrypted, closed to the public, TLS only, protected from deletion, cleaned up, with the
    lock table if one is named. Shows the steps and asks first. Can be run again: what is there and at
    least as strict stays as it is.

    \b
    Examples:
      tfops backend create
      tfops backend create --yes
    """
    ui = terminal()

    def flow() -> BackendResult:
        from tfops.flows import backend as flows

        return flows.create(open_project(ctx), yes=yes, ui=ui)

    execute("backend create", flow, ui=ui, output=output)


@backend.command("check")
def check(ctx: typer.Context, output: OutputOption = Output.TEXT) -> None:
    """Check the state buckets of tfops.yaml, and prove their lock by taking it twice.

    Exit code 10 when something should be otherwise.

    \b
    Examples:
      tfops backend check
    """
    ui = terminal()

    def flow() -> BackendResult:
        from tfops.flows import backend as flows

        return flows.check(open_project(ctx))

    def exit_code(result: BackendResult) -> int:
        return _BAD_PROJECT if any(bucket.has_problems for bucket in result.buckets) else 0

    execute("backend check", flow, ui=ui, output=output, exit_code=exit_code)
