"""`tfops backend …`: where states are kept."""

from typing import TYPE_CHECKING, Annotated

import typer

from tfops.cli.change_options import request_of
from tfops.cli.flag_groups import with_groups
from tfops.cli.groups import group
from tfops.cli.options import (
    EngineSwitches,
    NamedEnvironment,
    Output,
    OutputOption,
    WaitOption,
)
from tfops.cli.run import execute, open_project, terminal

if TYPE_CHECKING:
    from tfops.views.backend import BackendResult


backend = group("backend")


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

    def flow() -> "BackendResult":
        from tfops.commands import backend as flows

        return flows.create(open_project(ctx), yes=yes, ui=ui)

    execute("backend create", flow, ui=ui, output=output)


@backend.command("check", short_help="Check the state buckets and their lock.")
def check(ctx: typer.Context, output: OutputOption = Output.TEXT) -> None:
    """Check the state buckets of tfops.yaml, and prove their lock by taking it twice.

    Exit code 10 when something should be otherwise.

    \b
    Examples:
      tfops backend check
    """
    ui = terminal()

    def flow() -> "BackendResult":
        from tfops.commands import backend as flows

        return flows.check(open_project(ctx))

    execute("backend check", flow, ui=ui, output=output)


@backend.command("move", short_help="Move a state to where tfops.yaml wants it.")
@with_groups
def move(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    leave_unmarked: Annotated[
        bool, typer.Option("--leave-unmarked", help="Don't mark the old copy: nobody can write there any more.")
    ] = False,
    wait: WaitOption = "0s",
    engine: EngineSwitches,
    output: OutputOption = Output.TEXT,
) -> None:
    """Move an environment's state to the place that tfops.yaml names now.

    From where the ledger says that it is: local to s3, one bucket to another, http to pg. It is copied,
    read back, and the old copy is marked, so that neither tfops nor Terraform plans on it again. Nothing
    real is changed. A move that was interrupted goes on when it is run again.

    \b
    Examples:
      tfops backend move prod
      tfops backend move prod --yes
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands import move as flows

        request = request_of(env, yes=yes, wait=wait, engine=engine)
        return flows.move(open_project(ctx), request, ui, marks=not leave_unmarked)

    execute("backend move", flow, ui=ui, output=output)
