"""`tfops new …`: files to go on from."""

from typing import Annotated

import typer

from tfops.cli.complete import complete_branch, complete_environment
from tfops.cli.groups import group
from tfops.cli.options import Output, OutputOption
from tfops.cli.run import execute, open_project, terminal

new = group("new")


@new.command("environment")
def environment(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The new environment's name.")],
    like: Annotated[
        str | None,
        typer.Option(
            "--like", metavar="ENV", help="Inherit from this environment.", autocompletion=complete_environment
        ),
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option(
            "--branch", metavar="PATTERN", help="Its branch. Left out: its name.", autocompletion=complete_branch
        ),
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Write a new environment's file, and its line in tfops.yaml. Nothing is committed.

    With --like it extends the other's file; if that file extends one itself, it is copied.

    \b
    Examples:
      tfops new environment qa --like dev
      tfops new environment qa --like dev --branch "release/*"
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands.new import new_environment

        return new_environment(open_project(ctx), name, like=like, branch=branch)

    execute("new environment", flow, ui=ui, output=output)


@new.command("module", short_help="Write a new module's skeleton.")
def module(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The new module's name, a folder below modules/.")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Write a new module's skeleton: main.tf, variables.tf, outputs.tf. Nothing is committed.

    \b
    Examples:
      tfops new module cache
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands.new import new_module

        return new_module(open_project(ctx), name)

    execute("new module", flow, ui=ui, output=output)
