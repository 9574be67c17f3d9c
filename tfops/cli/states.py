"""`tfops state …`: what S3 keeps of a state. For emergencies."""

from typing import Annotated

import typer

from tfops.cli.change_options import request_of
from tfops.cli.complete import complete_version
from tfops.cli.flag_groups import with_groups
from tfops.cli.groups import group
from tfops.cli.options import (
    EngineSwitches,
    FetchOption,
    NamedEnvironment,
    OneStackOption,
    Output,
    OutputOption,
    WaitOption,
)
from tfops.cli.run import execute, open_project, terminal

state = group("state")


@state.command("versions", short_help="List what S3 keeps of a state.")
def versions(
    ctx: typer.Context,
    env: NamedEnvironment,
    stack: OneStackOption = "",
    everything: Annotated[bool, typer.Option("--all", help="More than the newest 20.")] = False,
    fetch: FetchOption = True,
    output: OutputOption = Output.TEXT,
) -> None:
    """List the state's versions in S3: when, which serial, how much it holds, which version left it.

    \b
    Examples:
      tfops state versions prod
      tfops state versions prod --stack network
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands import states

        return states.versions(open_project(ctx), env, stack=stack, everything=everything, fetch=fetch, ui=ui)

    execute("state versions", flow, ui=ui, output=output)


@state.command("restore")
@with_groups
def restore(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    version: Annotated[
        str,
        typer.Argument(
            metavar="VERSION", help="S3's version id, its beginning, or v3.", autocompletion=complete_version
        ),
    ],
    stack: OneStackOption = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    wait: WaitOption = "0s",
    engine: EngineSwitches,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make an earlier content the state again. Nothing else is changed, in AWS or in Git.

    For a state that was damaged or deleted. To go back to an earlier version of the environment use
    tfops rollback. The ledger tells who restored what.

    \b
    Examples:
      tfops state restore prod v12
      tfops state restore prod Yp4nEG4cbsnq
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands import states

        request = request_of(env, yes=yes, wait=wait, engine=engine)
        return states.restore(open_project(ctx), env, version, request, ui, stack=stack)

    execute("state restore", flow, ui=ui, output=output)
