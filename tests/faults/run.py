"""`make faults`: kills on every backend, the race, every other fault; with a report for the documentation.

python -m tests.faults.run [--tries 250] [--turns 10] [--backends local,http,s3,pg] [--parts scenarios,race,kills]

One slice is a call with few tries; `--seed` makes another slice try other moments. Parts can be run one at a time:
what each found is kept, and the report is written from the newest of each, with the code that it was found with.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _pytest.outcomes import Skipped

from tests.faults.backends import serve
from tests.faults.kills import Try, kill_once
from tests.faults.race import new_race
from tests.faults.scenarios import SCENARIOS, play
from tests.faults.world import new_world
from tests.support.engines import available_engines, described
from tests.support.machine import machine
from tests.support.state_server import serve_states

BACKENDS = ("local", "http", "s3", "pg")
PARTS = ("scenarios", "race", "kills")
REPORT = Path(__file__).parents[2] / "docs/explanation/faults-results.md"
KEPT = Path(__file__).parents[2] / "build/faults"
_MOST_FAILURES = 5
# A finding, and the suite goes on: an answer that isn't the expected one, or none in time.
FINDINGS = (AssertionError, LookupError, OSError, ValueError, subprocess.SubprocessError)

_HEAD = """\
# What `make faults` found

{machine}. Each try kills an apply (or
its recovery, or both) on a real engine, a real bare remote and a real backend, lets `tfops recover` and `tfops apply`
follow, and then compares state, tags, ledger and the world. `sound` means that all of them agree: nothing made twice,
nothing orphaned, nothing forgotten that was not named as in doubt. `code` is the tree of tfops (`git rev-parse
COMMIT:tfops`).

"""


@dataclass(slots=True)
class Kills:
    """What came of the tries on one backend."""

    backend: str
    done: list[Try] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    minutes: float = 0.0

    @property
    def row(self) -> str:
        killed_too = sum(", recovery" in found.fault for found in self.done)
        tries = len(self.done) + len(self.failures)
        return f"| {self.backend} | {tries} | {len(self.done)} | {killed_too} | {self.minutes:.0f} |"


def on_backend(name: str, tries: int, seed: int, minutes: float) -> Kills:
    """A failure ends its world; the next try begins in a new one, until there are too many, or the time is over."""
    kills, started = Kills(name), time.monotonic()
    with serve(name) as backend, tempfile.TemporaryDirectory() as folder:
        world = new_world(Path(folder) / "0", backend, available_engines()[0], seed=seed)
        for number in range(tries):
            if (time.monotonic() - started) / 60 > minutes:
                break
            try:
                kills.done.append(kill_once(world, number=seed + number))
            except FINDINGS:
                kills.failures.append(f"{name}, try {seed + number}: {traceback.format_exc(limit=-2)}")
                if len(kills.failures) >= _MOST_FAILURES:
                    break
                world = new_world(Path(folder) / str(number + 1), backend, available_engines()[0], seed=seed + number)
            if number % 10 == 9:
                print(f"{name}: {number + 1} of {tries}", file=sys.stderr, flush=True)
    kills.minutes = (time.monotonic() - started) / 60
    return kills


def _outcome(what: Callable[[], object]) -> str:
    """`sound`, `not tried: …`, or what was found."""
    try:
        what()
    except Skipped as reason:
        return f"not tried: {reason.msg}"
    except FINDINGS as error:
        traceback.print_exc()
        return f"NOT SOUND: {' '.join(str(error).split())[:200]}"
    return "sound"


def on_scenario(name: str) -> str:
    """The report's line for one scenario."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        outcome = _outcome(lambda: play(name, Path(folder), available_engines()[0]))
    print(f"{name}: {outcome}", file=sys.stderr, flush=True)
    return f"| {name} | 1 | {outcome} |"


def race(turns: int) -> str:
    """20 processes in 5 clones, `turns` changes by each."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, serve_states() as states:
        contest = new_race(Path(folder), available_engines()[0], states, clones=5, places=4, turns=turns)
        contest.run()
        outcome = _outcome(contest.check)
    print(f"race: {outcome}", file=sys.stderr, flush=True)
    minutes = (time.monotonic() - started) / 60
    return f"| 20 processes in 5 clones change one environment at once ({minutes:.0f} min) | {20 * turns} | {outcome} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults ARGS=…")
    parser.add_argument("--tries", type=int, default=250, help="kills on each backend")
    parser.add_argument("--turns", type=int, default=10, help="changes by each of the 20 racers; 0: no race")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="no more kills on a backend after this long")
    parser.add_argument("--seed", type=int, default=0, help="where to begin: other slices, other moments")
    parser.add_argument("--backends", default=",".join(BACKENDS))
    parser.add_argument("--parts", default=",".join(PARTS), help="which of scenarios, race, kills")
    parser.add_argument("--report", type=Path, default=REPORT)
    return parser.parse_args()


def main() -> int:
    options = _options()
    for part in options.parts.split(","):
        found: object
        if part == "kills":
            names = [name for name in options.backends.split(",") if name]
            with concurrent.futures.ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
                running = [
                    pool.submit(on_backend, name, options.tries, options.seed, options.minutes) for name in names
                ]
                kills = [future.result() for future in running]
            print("\n".join(failure for killed in kills for failure in killed.failures), file=sys.stderr)
            found = [dataclasses.asdict(killed) for killed in kills]
        else:
            found = [on_scenario(name) for name in SCENARIOS] if part == "scenarios" else [race(options.turns)]
        _keep(part, found)
    options.report.write_text(report())
    print(options.report.read_text())
    failures = [failure for killed in _kills() for failure in killed.failures]
    others = [line for part in ("scenarios", "race") for line in _kept(part)]
    return 1 if failures or any("NOT SOUND" in line for line in others) else 0


def _code() -> str:
    """What was tested: the tree of tfops, as Git names it."""
    argv = ["git", "-C", str(REPORT.parent), "rev-parse", "HEAD:tfops"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def _keep(part: str, found: object) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{part}.json").write_text(json.dumps({"code": _code(), "found": found}))


def _kept(part: str) -> list[Any]:
    """What a part found when it ran last."""
    return list(_newest(part).get("found", []))


def _newest(part: str) -> dict[str, Any]:
    path = KEPT / f"{part}.json"
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def _kills() -> list[Kills]:
    return [Kills(**{**kept, "done": [Try(**one) for one in kept["done"]]}) for kept in _kept("kills")]


def report() -> str:
    """The newest of each part. `code` is the tree of tfops, as Git names it (`git rev-parse COMMIT:tfops`)."""
    kills = _kills()
    head = _HEAD.format(machine=machine(described(available_engines()[0])))
    faults = collections.Counter(re.sub(r", r.*| after .*", "", found.fault) for one in kills for found in one.done)
    return head + "\n".join(
        [
            "| backend | tries | sound | recovery killed too | minutes | code |",
            "|---|---|---|---|---|---|",
            *(f"{one.row} `{_newest('kills')['code'][:8]}` |" for one in kills),
            "",
            "| other faults | tries | outcome | code |",
            "|---|---|---|---|",
            *(f"{line} `{_newest(part)['code'][:8]}` |" for part in ("scenarios", "race") for line in _kept(part)),
            "",
            "| kill | sound tries |",
            "|---|---|",
            *(f"| {fault} | {count} |" for fault, count in sorted(faults.items())),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
