"""Commands that keep an environment as it is: hold, lock, unlock."""

from typing import Annotated

import typer

from tfops.cli.options import NamedEnvironment, Output, OutputOption
from tfops.cli.run import execute, open_project, terminal


def hold(
    ctx: typer.Context,
    env: NamedEnvironment,
    reason: Annotated[str, typer.Option("--reason", "-m", metavar="TEXT", help="Why, for those who find it held.")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Keep an environment at its version although its branch moves on, until it is resumed.

    Applies need --lift-hold then; a rollback and a destroy don't. Nobody at all may change it: lock.

    \b
    Examples:
      tfops hold prod --reason "until the fair is over"
      tfops resume prod
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands import hold

        return hold.hold(open_project(ctx), env, reason)

    execute("hold", flow, ui=ui, output=output)


def lock(
    ctx: typer.Context,
    env: NamedEnvironment,
    reason: Annotated[
        str, typer.Option("--reason", "-m", metavar="TEXT", help="Why, for those who find it locked.")
    ] = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """Freeze an environment: nobody changes it, anywhere, until it is unlocked.

    \b
    Examples:
      tfops lock prod --reason "incident 4711"
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands import locks

        return locks.lock(open_project(ctx), env, reason)

    execute("lock", flow, ui=ui, output=output)


def unlock(
    ctx: typer.Context,
    env: NamedEnvironment,
    force: Annotated[
        bool, typer.Option("--force", help="Break a lock that is not yours; the ledger names it.")
    ] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Remove a lock.

    A holder that is still alive when its lock is broken can't record a version any more. Where a run
    died, `tfops recover` is the better way: it finds out how far it got.

    \b
    Examples:
      tfops unlock prod
      tfops unlock prod --force
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands import locks

        return locks.unlock(open_project(ctx), env, force=force, ui=ui)

    execute("unlock", flow, ui=ui, output=output)
