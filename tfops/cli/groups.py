"""Commands that have commands: `tfops state …`."""

import typer

from tfops.cli.rows import ROWS


def group(name: str) -> typer.Typer:
    """A group; called without a command it shows its help, as `tfops` does."""
    made = typer.Typer(name=name, help=ROWS[name].line, rich_markup_mode=None, add_completion=False)

    # With a callback, typer doesn't take a group of one command for that command.
    @made.callback(invoke_without_command=True)
    def before(ctx: typer.Context) -> None:
        if ctx.invoked_subcommand is None:
            typer.echo(ctx.get_help())

    return made
