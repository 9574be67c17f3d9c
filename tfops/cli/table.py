"""The root command.

A command's module is imported when it is typed, or when its own help or completion is asked for, and no other
command's is.
"""

import importlib
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from tfops.cli.plain_values import take_plain_values
from tfops.cli.rows import ROWS, TABLE, Row


class Commands(TyperGroup):
    """The root command: what `commands` holds is a name and a line each, `get_command` has the command itself."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        take_plain_values(self)
        self.commands = {row.name: TyperCommand(row.name, short_help=row.line) for row in TABLE}
        self._loaded: dict[str, Any] = {}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the library's signature
        """None when there is no such command."""
        if cmd_name in ROWS and cmd_name not in self._loaded:
            self._loaded[cmd_name] = _load(ROWS[cmd_name])
        return self._loaded.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the library's signature
        """The library's own would import every command for its line."""
        room = formatter.width - 6 - max(map(len, self.commands))
        with formatter.section("Commands"):
            formatter.write_dl([(name, listed.get_short_help_str(room)) for name, listed in self.commands.items()])


def _load(row: Row) -> Any:
    module, _, name = row.where.partition(":")
    found = getattr(importlib.import_module(f"tfops.cli.{module}"), name)
    from tfops.cli.flag_groups import with_groups  # the guards come with it, and `--help` loads no command

    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    if not row.is_group:
        alone.command(row.name, short_help=row.line)(with_groups(found))
    command = typer.main.get_command(found if row.is_group else alone)
    take_plain_values(command)
    return command
