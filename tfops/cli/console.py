"""Where rich draws: on a terminal, and what of a log only it can lay out."""

import sys

from rich.console import Console

from tfops.system.streams import LOG_COLUMNS, discard


class _Progress(Console):
    """Whoever read the progress may be gone (`2>&1 | head`): the change goes on, and nothing more is told.

    rich's own answer to a closed pipe is to end the program with exit code 1, in the middle of whatever it does.
    """

    def on_broken_pipe(self) -> None:
        self.quiet = True
        discard(sys.stderr)


def stderr_console() -> Console:
    """Colours and movement on a terminal only; in a log, lines are never wrapped."""
    return _Progress(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def stdout_console() -> Console:
    """A log gets room enough that tables aren't squeezed into 80 columns."""
    is_terminal = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=not is_terminal, width=None if is_terminal else LOG_COLUMNS)
