"""Parse, call one flow, render one result. The only place that prints."""

import atexit
import gc
import sys

# A command makes thousands of classes and functions while it starts, and none of them is garbage: looking for some
# costs more than it finds.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main() -> None:
    """The console script `tfops`."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    atexit.register(gc.freeze)  # else the end looks for garbage in everything that was imported
    try:
        from tfops.cli import early

        if early.is_asked() and early.answer():
            return
        from tfops.cli.app import run

        run()
    except KeyboardInterrupt:  # before the commands' own handling is there
        sys.exit(130)
