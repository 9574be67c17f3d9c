"""`tfops config …`: what the files come to."""

from typing import Annotated

import typer

from tfops.cli.groups import group
from tfops.cli.options import Environment, HeadOption, Output, OutputOption
from tfops.cli.run import execute, open_project, terminal

config = group("config")


@config.command("show", short_help="Show an environment's merged configuration.")
def show(
    ctx: typer.Context,
    env: Environment = None,
    sources: Annotated[bool, typer.Option("--sources", help="Say where each value came from.")] = False,
    head: HeadOption = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show an environment's configuration, merged: its file, what it extends, defaults of tfops.yaml.

    \b
    Examples:
      tfops config show dev
      tfops config show dev --sources
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands.config import show_config

        return show_config(open_project(ctx), env, head=head, sources=sources)

    execute("config show", flow, ui=ui, output=output)
