"""`make faults`: the long form of the kills, on every backend, with a report for the documentation.

python -m tests.faults.run [TRIES PER BACKEND]
"""

import collections
import concurrent.futures
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.backends import serve
from tests.faults.kills import Try, kill_once
from tests.faults.world import new_world
from tests.support.engines import available_engines
from tfops import __version__

BACKENDS = ("local", "http", "s3", "pg")
REPORT = Path(__file__).parents[2] / "docs/explanation/faults-results.md"

_HEAD = """\
# What `make faults` found

tfops {version}, {engine}, Git {git}, Python {python}, {system}, {cores} cores. Each try kills an apply (or its
recovery, or both) on a real engine, a real bare remote and a real backend, lets `tfops recover` and `tfops apply`
follow, and then compares state, tags, ledger and the world. `sound` means that all of them agree: nothing made
twice, nothing orphaned, nothing forgotten that was not named as in doubt.

| backend | tries | sound | recovery killed too | minutes |
|---|---|---|---|---|
"""


def on_backend(name: str, tries: int, seed: int) -> tuple[list[Try], list[str], float]:
    """(tries, failures, minutes). A failure ends that world; the next try begins in a new one."""
    done: list[Try] = []
    failures: list[str] = []
    started = time.monotonic()
    with serve(name) as backend, tempfile.TemporaryDirectory() as folder:
        world = new_world(Path(folder) / "0", backend, available_engines()[0], seed=seed)
        for number in range(tries):
            try:
                done.append(kill_once(world, number=number))
            except AssertionError as error:
                failures.append(f"{name} {number}: {error}")
                return done, failures, (time.monotonic() - started) / 60
            if number % 10 == 9:
                print(f"{name}: {number + 1} of {tries}", file=sys.stderr, flush=True)
    return done, failures, (time.monotonic() - started) / 60


def main() -> int:
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 250
    rows, faults, failures = [], collections.Counter[str](), list[str]()
    with concurrent.futures.ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        running = {name: pool.submit(on_backend, name, tries, seed) for seed, name in enumerate(BACKENDS)}
        for name, future in running.items():
            done, failed, minutes = future.result()
            killed_too = sum(", recovery" in found.fault for found in done)
            rows.append(f"| {name} | {len(done) + len(failed)} | {len(done)} | {killed_too} | {minutes:.0f} |")
            faults.update(re.sub(r", r.*| after .*", "", found.fault) for found in done)
            failures += failed
    REPORT.write_text(_report(rows, faults))
    print(REPORT.read_text())
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def _report(rows: list[str], faults: "collections.Counter[str]") -> str:
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    head = _HEAD.format(
        version=__version__,
        engine=f"Terraform ({available_engines()[0]})",
        git=git,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count(),
    )
    table = "\n".join(f"| {fault} | {count} |" for fault, count in sorted(faults.items()))
    return head + "\n".join(rows) + f"\n\n| fault | sound tries |\n|---|---|\n{table}\n"


if __name__ == "__main__":
    sys.exit(main())
