"""Parse, call one flow, render one result. The only place that prints."""


def main() -> None:
    """The console script `tfops`."""
    from tfops.cli.app import run

    run()
