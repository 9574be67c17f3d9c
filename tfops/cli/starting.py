"""The command that makes a project."""

from typing import Annotated

import typer

from tfops.cli.options import Output, OutputOption
from tfops.cli.run import execute, folder_of, terminal


def init(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A new folder for the project. Left out: this one.")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Start a project: tfops.yaml, a module, an environment, a Makefile.

    In a new folder it also makes the repository and the first commit. Files that are there are kept.

    \b
    Examples:
      tfops init shop && cd shop && tfops apply dev
      tfops init          in a repository that you have
    """
    ui = terminal()

    def flow() -> object:
        from tfops.flows.init import init

        return init(folder_of(ctx), name, ui)

    execute("init", flow, ui=ui, output=output)
