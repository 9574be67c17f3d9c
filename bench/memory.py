"""The most memory of tfops itself, without Git and the engine, in a large apply. Linux only."""

import tempfile
from pathlib import Path

from bench.measuring import Report, Scale, peak_mb
from tests.support.engines import available_engines, described
from tests.support.sandbox import new_sandbox


def report(scale: Scale) -> Report:
    engine, resources = available_engines()[-1], scale.size(1_000)
    with tempfile.TemporaryDirectory() as folder:
        shop = new_sandbox(Path(folder) / "shop", engine)
        shop.wish("one", keys=[f"k{number}" for number in range(resources - 1)])
        peak = peak_mb(["apply", "dev", "--yes"], cwd=shop.path, env=shop.env)
    text = (
        f"The first apply of {resources:,} built-in resources with {described(engine)}: {peak:.0f} MB of tfops itself."
    )
    return Report(text, {"apply-memory": peak})
