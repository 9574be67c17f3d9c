"""The Typer application: commands by name, and what happens around them."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from tfops import __version__
from tfops.cli import changing, checking, looking, starting
from tfops.cli.backend import backend
from tfops.cli.config import config
from tfops.cli.new import new
from tfops.cli.options import Output, Session
from tfops.cli.providers import providers
from tfops.cli.run import USAGE, fail
from tfops.cli.states import state
from tfops.errors import Interrupted, UsageError

app = typer.Typer(
    name="tfops",
    help="GitOps for Terraform without a server: a commit becomes a running environment, and goes back.",
    pretty_exceptions_enable=False,  # a traceback would show local variables, secrets among them
    rich_markup_mode=None,  # plain help: fits 80 columns and reads well in a log
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("init")(starting.init)
app.command("adopt")(starting.adopt)
app.command("doctor")(looking.doctor)
app.command("validate")(checking.validate)
app.command("explain")(checking.explain)
app.command("schema")(checking.schema)
app.command("check")(checking.check)
app.command("plan")(looking.plan)
app.command("apply")(changing.apply)
app.command("rollback")(changing.rollback)
app.command("destroy")(changing.destroy)
app.command("resume")(changing.resume)
app.command("drill")(changing.drill)
app.command("recover")(changing.recover)
app.command("lock")(changing.lock)
app.command("unlock")(changing.unlock)
app.command("status")(looking.status)
app.command("history")(looking.history)
app.command("show")(looking.show)
app.command("log")(looking.log)
app.command("inventory")(looking.inventory)
app.command("verify")(looking.verify)
app.command("render")(looking.render)
app.add_typer(config)
app.add_typer(new)
app.add_typer(backend)
app.add_typer(providers)
app.add_typer(state)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"tfops {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def before(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Option("-C", metavar="DIR", help="Work in this folder.")] = Path(),
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    ctx.obj = Session(folder)
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def run() -> None:
    """Run with the process's arguments and exit. Usage errors are 64: 2 means "changes" in this field."""
    try:
        code = _invoke()
    except BrokenPipeError:
        code = 0  # whoever read our answer has enough
    sys.exit(code)


def _invoke() -> int:
    try:
        return app(standalone_mode=False) or 0
    except typer.Exit as done:
        return done.exit_code
    except TyperException as error:
        return _failed(UsageError(error.format_message(), state="", hint=f"{_command()} --help"))
    except (Abort, KeyboardInterrupt):
        return _failed(Interrupted("interrupted"))


def _failed(error: UsageError | Interrupted) -> int:
    is_json = any(word in sys.argv for word in ("json", "--output=json", "-ojson"))
    try:
        fail(" ".join(sys.argv[1:2]), error, output=Output.JSON if is_json else Output.TEXT)
    except typer.Exit as done:
        return done.exit_code
    return USAGE


def _command() -> str:
    known = [info.name for info in app.registered_commands]
    return " ".join(["tfops", *[word for word in sys.argv[1:] if word in known][:1]])
