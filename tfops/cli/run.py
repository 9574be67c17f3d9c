"""One command from its flow to its exit code.

The commands' modules, rich and what they need are imported late: `--help`, `--version` and completion must not
wait for them.
"""

import contextlib
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from tfops.cli.options import Output, Session
from tfops.errors import ConfigError, Interrupted, NotRecorded, NotVerified, StoppedPartWay, TfopsError
from tfops.exits import Exit
from tfops.system import clock, signals
from tfops.system.streams import LOG_COLUMNS, discard, is_drawn_on

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.cli.terminal import Terminal
    from tfops.engine.mask import Masker

Result = TypeVar("Result")

BUG = 1

_CLEAR = "\x1b[2J\x1b[H"


def terminal(*, quiet: bool = False, verbose: bool = False, full: bool = False) -> "Terminal":
    from tfops.cli.terminal import Terminal

    return Terminal(quiet=quiet, verbose=verbose, full=full)


def open_project(ctx: typer.Context) -> "Project":
    """The project that the command stands in, with the engine that it was given."""
    from tfops.change.project import Project

    return Project.open(folder_of(ctx), str(ctx.params.get("engine") or ""))


def folder_of(ctx: typer.Context) -> Path:
    session: Session = ctx.obj
    return session.folder


def exit_code_of(result: object) -> int:
    """What a result says of itself; most have one end only."""
    return int(getattr(result, "exit_code", Exit.DONE))


class Ready(Exception):
    """All is parsed, and this is to be done: raised out of the parser, so that it is done in `tfops.cli.app.run`.

    `end` prints a result, and gives the exit code.
    """

    def __init__(
        self, command: str, flow: Callable[[], Any], end: Callable[[Any], int], *, ui: "Terminal", output: Output
    ) -> None:
        super().__init__(command)
        self.flow = flow
        self.end = end
        self._command = command
        self._ui = ui
        self._output = output

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Around the flow: an error is printed, and raises Exit. After it signals change nothing any more."""
        signals.terminate_as_interrupt()
        try:
            yield
            signals.settle()
        except TfopsError as error:
            self._fail(error)
        except KeyboardInterrupt as interrupt:
            self._fail(_interrupted(interrupt))
        except Exception as error:  # noqa: BLE001 - the top: a bug becomes a message and a log
            self._fail(_bug(error, self._ui.mask))

    def _fail(self, error: TfopsError) -> NoReturn:
        fail(self._command, error, output=self._output, ui=self._ui)


def execute(
    command: str,
    flow: Callable[[], Result],
    *,
    ui: "Terminal",
    output: Output = Output.TEXT,
    exit_code: Callable[[Result], int] = exit_code_of,
) -> NoReturn:
    """Run the flow when this command's function is over, print its result or its error once, and leave with the exit
    code."""

    def end(result: Result) -> int:
        ui.stop()
        code = exit_code(result)
        _print(_answer(command, result, output=output, ui=ui, code=code))
        return code

    raise Ready(command, flow, end, ui=ui, output=output)


def execute_silent(command: str, flow: Callable[[], None], *, ui: "Terminal") -> NoReturn:
    """The same for a command that has nothing to say when it is over."""
    raise Ready(command, flow, lambda _: int(Exit.DONE), ui=ui, output=Output.TEXT)


def execute_watching(
    command: str, flow: Callable[[], object], *, ui: "Terminal", output: Output, every_s: float
) -> NoReturn:
    """Print the result, and again whenever it reads otherwise, until Ctrl-C: that is the way to end it."""

    def watch() -> None:
        shown = ""
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                result = flow()
                text = _answer(command, result, output=output, ui=ui)
                if text != shown:
                    _print_anew(text)
                    shown = text
                time.sleep(every_s)

    raise Ready(command, watch, lambda _: int(Exit.DONE), ui=ui, output=output)


def _print_anew(text: str) -> None:
    """On a terminal in place of what was there, in a log below it."""
    if sys.stdout.isatty():
        typer.echo(_CLEAR, nl=False)
    _print(text)
    sys.stdout.flush()


def _interrupted(interrupt: KeyboardInterrupt) -> TfopsError:
    """An interrupt while an error was on its way up must not hide what that says about the world."""
    told = interrupt.__context__
    while told is not None and not isinstance(told, StoppedPartWay | NotRecorded | NotVerified | Interrupted):
        told = told.__context__
    return told or Interrupted("interrupted", state=signals.state_of_the_world())


def fail(command: str, error: TfopsError, *, output: Output, ui: "Terminal | None" = None) -> NoReturn:
    """Print the error and raise Exit with its code."""
    signals.settle()
    from tfops.cli.hints import typed_in_full
    from tfops.cli.plain_log import stderr_out
    from tfops.views import envelope
    from tfops.views.errors import error_report

    if ui is not None:
        ui.stop()
        _mask(error, ui.mask)
    error.hint = typed_in_full(error.hint, sys.argv[1:])
    if output is Output.JSON:
        _print(envelope.failure(command, error))
    else:
        stderr_out().print(error_report(error))
    if isinstance(error, ConfigError):
        from tfops.forge.ci import annotations

        for line in annotations(error.complaints):
            typer.echo(line, err=True)
    raise typer.Exit(error.exit_code)


def _mask(error: TfopsError, mask: "Masker") -> None:
    """What the engine or a server said may quote a secret; a complaint shows only what Git has."""
    error.what, error.why, error.state, error.hint = map(mask, (error.what, error.why, error.state, error.hint))


def _answer(command: str, result: object, *, output: Output, ui: "Terminal", code: int = 0) -> str:
    """The result as text or as JSON, with known secrets masked."""
    if output is Output.JSON:
        from tfops.views import envelope

        return envelope.success(command, result, exit_code=code, mask=ui.mask)
    return ui.mask(_text(result, full=ui.full))


def _text(result: object, *, full: bool) -> str:
    """Text for stdout, without the spaces that fill a table's last column."""
    from tfops.views.base import View, text_report
    from tfops.views.draw import ExactText, as_plain

    view, is_log = View(clock.now(), full=full), not is_drawn_on(sys.stdout)
    report = text_report(result, replace(view, group=_log_group) if is_log else view)
    if isinstance(report, ExactText):
        return report.text
    plain = as_plain(report, LOG_COLUMNS) if is_log else None
    if plain is not None:
        return plain
    if is_log:  # rich would swallow parts of what opens and closes a group
        report = text_report(result, view)
    from tfops.cli.console import stdout_console

    console = stdout_console()
    with console.capture() as captured:
        console.print(report)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _log_group(title: str) -> tuple[str, str] | None:
    from tfops.forge.ci import log_group

    return log_group(title)


def print_result(result: object, *, ui: "Terminal") -> None:
    """As text, masked."""
    _print(_answer("", result, output=Output.TEXT, ui=ui))


def _print(text: str) -> None:
    """As it is: rich would wrap, and read brackets as markup. Whoever stopped reading has enough of it."""
    try:
        typer.echo(text)
    except BrokenPipeError:
        discard(sys.stdout)


def _bug(error: Exception, mask: "Masker") -> TfopsError:
    """An exception that nobody expected: the traceback goes to a private file, never to the screen."""
    from tfops.system.workspace import private_temporary_file

    path = private_temporary_file("tfops-crash-", mask("".join(traceback.format_exception(error))))
    return TfopsError(
        f"a bug in tfops: {type(error).__name__}",
        why=f"the details are in {path}",
        state="",
        hint="tfops doctor   (and please report it with that file)",
    )
