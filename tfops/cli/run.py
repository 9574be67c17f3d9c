"""One command from its flow to its exit code."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import RenderableType

from tfops.cli.options import Output, Session
from tfops.cli.terminal import Terminal, stderr_console, stdout_console
from tfops.errors import Interrupted, TfopsError
from tfops.flows.project import Project
from tfops.report import envelope
from tfops.report.errors import error_report
from tfops.report.text import View, text_report
from tfops.system import clock, process
from tfops.system.workspace import private_temporary_file

Result = TypeVar("Result")

BUG = 1
USAGE = 64


def open_project(ctx: typer.Context) -> Project:
    return Project.open(folder_of(ctx))


def folder_of(ctx: typer.Context) -> Path:
    session: Session = ctx.obj
    return session.folder


def execute(
    command: str,
    flow: Callable[[], Result],
    *,
    ui: Terminal,
    output: Output = Output.TEXT,
    exit_code: Callable[[Result], int] = lambda _: 0,
) -> None:
    """Run the flow, print its result or its error once, and leave with the exit code."""
    process.terminate_as_interrupt()
    try:
        result = flow()
    except TfopsError as error:
        fail(command, error, output=output, ui=ui)
    except KeyboardInterrupt:
        fail(command, Interrupted("interrupted"), output=output, ui=ui)
    except Exception as error:  # noqa: BLE001 - the top: a bug becomes a message and a log
        fail(command, _bug(error), output=output, ui=ui)
    else:
        ui.stop()
        code = exit_code(result)
        if output is Output.JSON:
            _print(envelope.success(command, result, exit_code=code))
        else:
            _print(_rendered(text_report(result, View(clock.now(), full=ui.full))))
        raise typer.Exit(code)


def fail(command: str, error: TfopsError, *, output: Output, ui: Terminal | None = None) -> None:
    """Print the error and raise Exit with its code."""
    if ui is not None:
        ui.stop()
    if output is Output.JSON:
        _print(envelope.failure(command, error))
    else:
        stderr_console().print(error_report(error))
    raise typer.Exit(error.exit_code)


def _rendered(report: RenderableType) -> str:
    """Text for stdout, without the spaces that fill a table's last column."""
    console = stdout_console()
    with console.capture() as captured:
        console.print(report)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _print(text: str) -> None:
    """As it is: rich would wrap, and read brackets as markup."""
    typer.echo(text)


def _bug(error: Exception) -> TfopsError:
    """An exception that nobody expected: the traceback goes to a private file, never to the screen."""
    path = private_temporary_file("tfops-crash-", "".join(traceback.format_exception(error)))
    return TfopsError(
        f"a bug in tfops: {type(error).__name__}",
        why=f"the details are in {path}",
        state="",
        hint="tfops doctor   (and please report it with that file)",
    )
