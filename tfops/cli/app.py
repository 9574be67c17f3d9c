"""The Typer application: commands by name, and what happens around them."""

import io
import itertools
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from tfops import __version__
from tfops.cli import about, changing, checking, freezing, looking, reconciling, starting
from tfops.cli.backend import backend
from tfops.cli.config import config
from tfops.cli.invoke import invoke
from tfops.cli.misread import command_of, next_step, said
from tfops.cli.new import new
from tfops.cli.options import Output, Session
from tfops.cli.providers import providers
from tfops.cli.run import fail
from tfops.cli.states import state
from tfops.errors import AnswerLost, Interrupted, UsageError
from tfops.system import signals

app = typer.Typer(
    name="tfops",
    help="GitOps for Terraform without a server: a commit becomes a running environment, and goes back.",
    pretty_exceptions_enable=False,  # a traceback would show local variables, secrets among them
    rich_markup_mode=None,  # plain help: fits 80 columns and reads well in a log
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("init", short_help="Start a project.")(starting.init)
app.command("adopt", short_help="Take a Terraform folder over as an environment.")(starting.adopt)
app.command("doctor", short_help="Check this machine and this project.")(looking.doctor)
app.command("validate", short_help="Check every environment's file against the modules.")(checking.validate)
app.command("explain", short_help="Show what a module takes and gives.")(checking.explain)
app.command("schema", short_help="Make JSON Schemas for editors.")(checking.schema)
app.command("check", short_help="Name the one-way doors of a change under review.")(checking.check)
app.command("plan", short_help="Show what applying the commit would do.")(looking.plan)
app.command("apply", short_help="Make the commit the running environment.")(changing.apply)
app.command("rollback", short_help="Bring an earlier version back, as a new version.")(changing.rollback)
app.command("destroy", short_help="Destroy everything that the current version made.")(changing.destroy)
app.command("hold", short_help="Keep an environment at its version.")(freezing.hold)
app.command("resume", short_help="Finish what stopped half-way, or end a hold.")(changing.resume)
app.command("invoke", short_help="Run actions by hand.")(invoke)
app.command("drill", short_help="Rehearse the way back in another environment.")(changing.drill)
app.command("recover", short_help="Repair an environment after an interrupted run.")(changing.recover)
app.command("reconcile", short_help="Make every environment what its branch says.")(reconciling.reconcile)
app.command("agent", short_help="Watch the remote and reconcile continuously.")(reconciling.agent)
app.command("approve", short_help="Approve a held-back plan.")(reconciling.approve)
app.command("prune", short_help="List or destroy expired previews and orphans.")(reconciling.prune)
app.command("drift", short_help="Show what differs in the real world.")(reconciling.drift)
app.command("lock", short_help="Freeze an environment, everywhere.")(freezing.lock)
app.command("unlock", short_help="Remove a lock.")(freezing.unlock)
app.command("status", short_help="Show every environment at a glance.")(looking.status)
app.command("history", short_help="Show the versions; --verdict: the ways back.")(looking.history)
app.command("show", short_help="Show a version's identity card.")(looking.show)
app.command("log", short_help="Show every event of an environment.")(looking.log)
app.command("inventory", short_help="Show what an environment is made of.")(looking.inventory)
app.command("verify", short_help="Check an environment's ledger and tags.")(looking.verify)
app.command("render", short_help="Show the root module that a commit becomes.")(looking.render)
app.command("docs", short_help="Show the documents that came with tfops.")(about.docs)
app.command("help", short_help="Show the help of a command.")(about.help_)
app.command("version", short_help="Print the version, and where it came from.")(about.version)
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
        code = _invoke()
    except BrokenPipeError:
        code = 0  # whoever read our answer has enough
    except OSError as error:  # a flow's own ones have been told by now: what is left is the printing
        code = _unwritten(error)
    signals.ignore_all()
    sys.exit(code)


def _invoke() -> int:
    try:
        return app(standalone_mode=False) or 0
    except typer.Exit as done:
        return done.exit_code
    except TyperException as error:
        found = command_of(error)
        return _failed(UsageError(said(error), state="", hint=next_step(error, found)), found)
    except (Abort, KeyboardInterrupt):
        return _failed(Interrupted("interrupted"), "")


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
