"""Progress in a log: lines as they come, without rich, which costs a tenth of what tfops itself needs to start."""

import contextlib
import shutil
import sys
from typing import TYPE_CHECKING

from tfops.system.streams import discard, is_drawn_on
from tfops.views.draw import Renderable, Text, as_plain

if TYPE_CHECKING:
    from rich.console import Console


class PlainLog:
    """What a command takes of rich's Console, for a stderr that is no terminal. What only rich can draw, it draws."""

    is_terminal = False

    @property
    def width(self) -> int:
        return shutil.get_terminal_size().columns

    def print(self, shape: Renderable = "") -> None:
        """Whoever read the progress may be gone (`2>&1 | head`): the change goes on, and nothing more is told."""
        text = as_plain(Text(shape) if isinstance(shape, str) else shape, self.width)
        if text is None:
            from tfops.cli.console import stderr_console

            stderr_console().print(shape)
            return
        try:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()
        except BrokenPipeError:
            with contextlib.suppress(OSError):
                discard(sys.stderr)


def stderr_out() -> "Console | PlainLog":
    """Where one thing is told to whoever looks at stderr."""
    if not is_drawn_on(sys.stderr):
        return PlainLog()
    from tfops.cli.console import stderr_console

    return stderr_console()
