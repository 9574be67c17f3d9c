"""What an engine said is printed as it said it, and its exit code is ours."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from tfops.cli.options import Output
from tfops.cli.run import Ready, execute, exit_code_of, print_result
from tfops.system.streams import discard

if TYPE_CHECKING:
    from tfops.cli.terminal import Terminal
    from tfops.views.states import EngineResult


def execute_passing(command: str, flow: Callable[[], object], *, ui: "Terminal", output: Output) -> NoReturn:
    """As `execute`; the text of a command that read is not changed but for secrets, and not at all where a program is
    to read it: a masked state can't be pushed back."""
    if output is Output.JSON:
        execute(command, flow, ui=ui, output=output)

    def end(result: object) -> int:
        from tfops.views.states import EngineResult

        if not isinstance(result, EngineResult):
            _print_surgery(result, ui)
            return exit_code_of(result)
        ui.stop()
        if result.is_exact and sys.stdout.isatty():
            ui.warn("this is not masked: it may hold secrets in clear")
        _write(result, ui)
        return result.exit_code

    raise Ready(command, flow, end, ui=ui, output=output)


def _write(result: "EngineResult", ui: "Terminal") -> None:
    try:
        sys.stderr.write(ui.mask(result.errors))
        sys.stdout.write(result.output if result.is_exact else ui.mask(result.output))
        sys.stdout.flush()
    except BrokenPipeError:
        discard(sys.stdout)


def _print_surgery(result: object, ui: "Terminal") -> None:
    ui.stop()
    sys.stderr.write(ui.mask(getattr(result, "errors", "")))
    print_result(result, ui=ui)
