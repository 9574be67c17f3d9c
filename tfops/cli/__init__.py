"""Parse, call one flow, render one result. The only place that prints."""


def main() -> None:
    """The console script `tfops`."""
    from tfops.cli.app import run  # noqa: PLC0415 - nothing heavy when only the package is imported

    run()
