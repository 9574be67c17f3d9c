"""`tfops invoke`: actions by hand."""

from typing import Annotated

import typer

from tfops.cli.change_options import request_of
from tfops.cli.options import (
    EngineSwitches,
    NamedEnvironment,
    Output,
    OutputOption,
    QuietOption,
    VerboseOption,
    WaitOption,
)
from tfops.cli.run import execute, open_project, terminal


def invoke(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS...", help="Actions, in the order to run them.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask: run what is named.")] = False,
    wait: WaitOption = "0s",
    engine: EngineSwitches,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run actions of what runs now, by hand: planned, asked about, under the environment's lock.

    Actions came with Terraform 1.14. The ledger tells who ran what (tfops log). Where a change stopped,
    its actions that were not run come from its commit; tfops resume runs them too.

    \b
    Examples:
      tfops invoke prod module.app.action.aws_lambda_invoke.migrate
      tfops invoke prod 'module.app.action.aws_lambda_invoke.all["eu"]' --yes
    """
    ui = terminal(quiet=quiet, verbose=verbose)

    def flow() -> object:
        from tfops.change.invoke import invoke as run_actions

        request = request_of(env, yes=yes, wait=wait, engine=engine)
        return run_actions(open_project(ctx), addresses, request, ui)

    execute("invoke", flow, ui=ui, output=output)
