"""Parse, call one flow, render one result. The only place that prints."""

import sys


def main() -> None:
    """The console script `tfops`."""
    try:
        from tfops.cli.app import run

        run()
    except KeyboardInterrupt:  # before the commands' own handling is there
        sys.exit(130)
