"""The standard streams: what kind of place they lead to, and what becomes of one that nobody reads any more."""

import os
from typing import TextIO

from tfops.system import environ

# A log gets room enough that tables aren't squeezed into 80 columns.
LOG_COLUMNS = 200

# What makes rich take anything for a terminal.
_FORCING = ("FORCE_COLOR", "TTY_COMPATIBLE")


def is_drawn_on(stream: TextIO) -> bool:
    """Whether a stream leads to a terminal, or somebody wants it treated as one."""
    return stream.isatty() or any(environ.variable(name) for name in _FORCING)


def discard(stream: TextIO) -> None:
    """Send whatever is still written to a stream to nowhere, what Python flushes at its end included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
