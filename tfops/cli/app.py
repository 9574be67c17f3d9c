"""The Typer application: commands by name, and what happens around them."""

import io
import itertools
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from tfops import __version__
from tfops.cli.options import Output, Session
from tfops.cli.run import Ready, fail
from tfops.cli.table import Commands
from tfops.errors import AnswerLost, Interrupted, UsageError
from tfops.system import signals

app = typer.Typer(
    name="tfops",
    cls=Commands,
    help="GitOps for Terraform without a server: a commit becomes a running environment, and goes back.",
    pretty_exceptions_enable=False,  # a traceback would show local variables, secrets among them
    rich_markup_mode=None,  # plain help: fits 80 columns and reads well in a log
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
    output: Annotated[  # noqa: ARG001 - the commands look it up
        Output | None, typer.Option("--output", "-o", help="As behind the command.", show_default=False)
    ] = None,
) -> None:
    ctx.obj = Session(folder)
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def run() -> None:
    """Run with the process's arguments and exit. Usage errors are 64: 2 means "changes" in this field."""
    try:
        ready = _parsed()
        with ready.told():
            result = ready.flow()
        code = ready.end(result)
    except typer.Exit as done:
        code = done.exit_code
    except (Abort, KeyboardInterrupt):
        code = _failed(Interrupted("interrupted"), "")
    except BrokenPipeError:
        code = 0  # whoever read our answer has enough
    except OSError as error:  # a flow's own ones have been told by now: what is left is the printing
        code = _unwritten(error)
    signals.ignore_all()
    sys.exit(code)


def _parsed() -> Ready:
    """What the arguments ask for. Raises Exit where there is nothing more to be done: help, or a mistake."""
    try:
        code = app(standalone_mode=False) or 0
    except Ready as ready:
        return ready
    except TyperException as error:
        from tfops.cli.misread import command_of, next_step, said

        found = command_of(error)
        code = _failed(UsageError(said(error), state="", hint=next_step(error, found)), found)
    raise typer.Exit(code)


def _failed(error: UsageError | Interrupted, command: str) -> int:
    try:
        fail(command, error, output=Output.JSON if _wants_json(sys.argv) else Output.TEXT)
    except typer.Exit as done:
        return done.exit_code


def _unwritten(error: OSError) -> int:
    """A full disk behind `>`: what the command did stays done, and Python must not try to write again at its end."""
    sys.stdout = io.StringIO()
    lost = AnswerLost("the answer can't be written", why=error.strerror or str(error), hint="tfops status")
    try:
        fail("", lost, output=Output.TEXT)
    except typer.Exit as done:
        return done.exit_code
    except OSError:
        sys.stderr = io.StringIO()
        return lost.exit_code


def _wants_json(argv: list[str]) -> bool:
    pairs = itertools.pairwise(argv)
    return any(word in ("--output=json", "-ojson") for word in argv) or any(
        name in ("-o", "--output") and value == "json" for name, value in pairs
    )
