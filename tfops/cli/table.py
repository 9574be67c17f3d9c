"""Every command of tfops, in the order in which `tfops --help` shows them: its name, a line, and where it is.

A command's module is imported when it is typed, or when its own help or completion is asked for, and no other
command's is.
"""

import importlib
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Row(NamedTuple):
    """`where` is `module:name` below `tfops.cli`: a function, or for commands that have commands a `typer.Typer`."""

    name: str
    line: str
    where: str
    is_group: bool = False


TABLE = (
    Row("init", "Start a project.", "starting:init"),
    Row("adopt", "Take a Terraform folder over as an environment.", "starting:adopt"),
    Row("doctor", "Check this machine and this project.", "looking:doctor"),
    Row("validate", "Check every environment's file against the modules.", "checking:validate"),
    Row("explain", "Show what a module takes and gives.", "checking:explain"),
    Row("schema", "Make JSON Schemas for editors.", "checking:schema"),
    Row("check", "Name the one-way doors of a change under review.", "checking:check"),
    Row("affected", "Show which environments a commit touches, and why.", "checking:affected"),
    Row("plan", "Show what applying the commit would do.", "looking:plan"),
    Row("apply", "Make the commit the running environment.", "changing:apply"),
    Row("rollback", "Bring an earlier version back, as a new version.", "changing:rollback"),
    Row("destroy", "Destroy everything that the current version made.", "changing:destroy"),
    Row("hold", "Keep an environment at its version.", "freezing:hold"),
    Row("resume", "Finish what stopped half-way, or end a hold.", "changing:resume"),
    Row("invoke", "Run actions by hand.", "invoke:invoke"),
    Row("drill", "Rehearse the way back in another environment.", "changing:drill"),
    Row("recover", "Repair an environment after an interrupted run.", "changing:recover"),
    Row("reconcile", "Make every environment what its branch says.", "reconciling:reconcile"),
    Row("agent", "Watch the remote and reconcile continuously.", "reconciling:agent"),
    Row("approve", "Approve a held-back plan.", "reconciling:approve"),
    Row("prune", "List or destroy expired previews and orphans.", "reconciling:prune"),
    Row("drift", "Show what differs in the real world.", "reconciling:drift"),
    Row("lock", "Freeze an environment, everywhere.", "freezing:lock"),
    Row("unlock", "Remove a lock.", "freezing:unlock"),
    Row("status", "Show every environment at a glance.", "looking:status"),
    Row("history", "Show the versions; --verdict: the ways back.", "looking:history"),
    Row("show", "Show a version's identity card.", "looking:show"),
    Row("log", "Show every event of an environment.", "looking:log"),
    Row("inventory", "Show what an environment is made of.", "looking:inventory"),
    Row("verify", "Check an environment's ledger and tags.", "looking:verify"),
    Row("render", "Show the root module that a commit becomes.", "looking:render"),
    Row("docs", "Show the documents that came with tfops.", "about:docs"),
    Row("help", "Show the help of a command.", "about:help_"),
    Row("version", "Print the version, and where it came from.", "about:version"),
    Row("config", "Show what an environment's files come to.", "config:config", is_group=True),
    Row("new", "Write a new environment's or a new module's files.", "new:new", is_group=True),
    Row("backend", "Where states are kept: make and check the bucket, move a state.", "backend:backend", is_group=True),
    Row("providers", "Lock an environment's providers.", "providers:providers", is_group=True),
    Row("state", "What S3 keeps of a state: versions, restore.", "states:state", is_group=True),
)
ROWS = {row.name: row for row in TABLE}


class Commands(TyperGroup):
    """The root command: what `commands` holds is a name and a line each, `get_command` has the command itself."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
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
    if row.is_group:
        return typer.main.get_command(found)
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(row.name, short_help=row.line)(found)
    return typer.main.get_command(alone)
