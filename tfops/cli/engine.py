"""`tfops engine`: the engine itself, in the right root."""

from typing import Annotated, NoReturn

import typer

from tfops.cli.change_options import request_of
from tfops.cli.options import (
    EngineSwitches,
    NamedEnvironment,
    OneStackOption,
    Output,
    OutputOption,
    QuietOption,
    WaitOption,
)
from tfops.cli.passing import execute_passing
from tfops.cli.run import folder_of, open_project, terminal


def engine(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    words: Annotated[list[str], typer.Argument(metavar="ARGS", help="A command of the engine, behind `--`.")],
    stack: OneStackOption = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Change the state without asking.")] = False,
    wait: WaitOption = "0s",
    engine: EngineSwitches,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> NoReturn:
    """Run a command of the engine in the root of what runs.

    With the environment's variables, secrets, backend and modules. What reads takes no lock: state list,
    state show, state pull, output, show, console, graph, providers, validate, version. What changes the
    state (state mv, state rm, state push, import, taint, force-unlock, …) is done under the environment's
    lock, with a backup, and recorded as a version. What has a command of tfops is refused: apply, plan,
    destroy, init, workspace. The exit code is the engine's.

    \b
    Examples:
      tfops engine dev -- state list
      tfops engine dev -- state pull > dev.tfstate
      tfops engine prod --stack app -- console
      tfops engine dev --yes -- taint module.app.aws_instance.web
    """
    ui = terminal(quiet=quiet)

    def flow() -> object:
        from tfops.commands.engine import engine as pass_on

        request = request_of(env, yes=yes, wait=wait, engine=engine)
        return pass_on(open_project(ctx), words, request, ui, stack=stack, here=folder_of(ctx))

    execute_passing("engine", flow, ui=ui, output=output)
