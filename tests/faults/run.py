"""`make faults`: kills on every backend, the race, every other fault; with a report for the documentation.

python -m tests.faults.run [--tries 250] [--turns 10] [--backends local,http,s3,pg,provider,root]
    [--parts scenarios,race,kills] [--engine embedded|terraform|tofu]

One slice is a call with few tries; `--seed` makes another slice try other moments. Parts can be run one at a time:
what each found is kept, and the report is written from the newest of each, with the code that it was found with.
Each engine has a report of its own.
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

from tests.faults.kills import Try, kill_once
from tests.faults.provider_world import serve_worlds
from tests.faults.race import new_race
from tests.faults.scenarios import SCENARIOS, play
from tests.faults.world import World
from tests.support.engines import available_engines, described, report_on
from tests.support.machine import machine
from tests.support.state_server import serve_states

BACKENDS = ("local", "http", "s3", "pg", "provider", "root")
PARTS = ("scenarios", "race", "kills")
REPORTS = Path(__file__).parents[2] / "docs/explanation"
KEPT = Path(__file__).parents[2] / "build/faults"
_MOST_FAILURES = 5
# A finding, and the suite goes on: an answer that isn't the expected one, or none in time.
FINDINGS = (AssertionError, LookupError, OSError, ValueError, subprocess.SubprocessError)

_HEAD = """\
# What `make faults` found

{machine}. Each try kills an apply (or
its recovery, or both) on a real engine, a real bare remote and a real backend, lets `tfops recover` and `tfops apply`
follow, and then compares state, tags, ledger and the world. `provider` is on disk too, with types as real providers
have them: constant ids, no import, updates, replacements. `root` is a root module that somebody wrote by hand, with a
backend of its own. `sound` means that all of them agree: nothing made twice,
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
    def tries(self) -> int:
        return len(self.done) + len(self.failures)

    @property
    def row(self) -> str:
        killed_too = sum(", recovery" in found.fault for found in self.done)
        return f"| {self.backend} | {self.tries} | {len(self.done)} | {killed_too} | {self.minutes:.0f} |"


def on_backend(name: str, engine: str, tries: int, seed: int, minutes: float) -> Kills:
    """A failure ends its world; the next try begins in a new one, until there are too many, or the time is over."""
    kills, started = Kills(name), time.monotonic()

    def is_over() -> bool:
        is_late = (time.monotonic() - started) / 60 > minutes
        return is_late or len(kills.failures) >= _MOST_FAILURES or kills.tries >= tries

    while not is_over():
        with serve_worlds(name, engine) as new_world, tempfile.TemporaryDirectory() as folder:
            world = new_world(Path(folder), seed + kills.tries)
            while not is_over() and _is_sound(kills, world, seed + kills.tries):
                if kills.tries % 10 == 0:
                    print(f"{name}: {kills.tries} of {tries}", file=sys.stderr, flush=True)
    kills.minutes = (time.monotonic() - started) / 60
    return kills


def _is_sound(kills: Kills, world: World, number: int) -> bool:
    try:
        kills.done.append(kill_once(world, number=number))
    except FINDINGS:
        kills.failures.append(f"{kills.backend}, try {number}: {traceback.format_exc(limit=-2)}")
        print(f"NOT SOUND: {kills.failures[-1]}", file=sys.stderr, flush=True)  # hours before the report is written
        return False
    return True


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


def on_scenario(name: str, engine: str) -> str:
    """The report's line for one scenario."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        outcome = _outcome(lambda: play(name, Path(folder), engine))
    print(f"{name}: {outcome}", file=sys.stderr, flush=True)
    return f"| {name} | 1 | {outcome} |"


def race(turns: int, engine: str) -> str:
    """20 processes in 5 clones, `turns` changes by each."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, serve_states() as states:
        contest = new_race(Path(folder), engine, states, clones=5, places=4, turns=turns)
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
    parser.add_argument("--engine", default=available_engines()[0], help="embedded, terraform or tofu")
    parser.add_argument("--report", type=Path, help="another file than the engine's own in docs/explanation")
    return parser.parse_args()


def main() -> int:
    options = _options()
    kept = Kept(KEPT / options.engine)
    for part in options.parts.split(","):
        found: object
        if part == "kills":
            names = [name for name in options.backends.split(",") if name]
            with concurrent.futures.ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
                slices = [(name, options.engine, options.tries, options.seed, options.minutes) for name in names]
                running = [pool.submit(on_backend, *one) for one in slices]
                kills = [future.result() for future in running]
            print("\n".join(failure for killed in kills for failure in killed.failures), file=sys.stderr)
            found = [dataclasses.asdict(killed) for killed in kills]
        else:
            is_race = part == "race"
            found = [race(options.turns, options.engine)] if is_race else _all_scenarios(options.engine)
        kept.keep(part, found)
    text = report(kept, options.engine)
    (options.report or report_on("faults", options.engine)).write_text(text)
    print(text)
    failures = [failure for killed in kept.kills() for failure in killed.failures]
    others = [line for part in ("scenarios", "race") for line in kept.found(part)]
    return 1 if failures or any("NOT SOUND" in line for line in others) else 0


def _all_scenarios(engine: str) -> list[str]:
    return [on_scenario(name, engine) for name in SCENARIOS]


def _code() -> str:
    """What was tested: the tree of tfops, as Git names it."""
    argv = ["git", "-C", str(REPORTS), "rev-parse", "HEAD:tfops"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


@dataclass(frozen=True, slots=True)
class Kept:
    """What each part found when it ran last with one engine."""

    folder: Path

    def keep(self, part: str, found: object) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{part}.json").write_text(json.dumps({"code": _code(), "found": found}))

    def found(self, part: str) -> list[Any]:
        return list(self._newest(part).get("found", []))

    def code(self, part: str) -> str:
        return str(self._newest(part)["code"])[:8]

    def kills(self) -> list[Kills]:
        return [Kills(**{**kept, "done": [Try(**one) for one in kept["done"]]}) for kept in self.found("kills")]

    def _newest(self, part: str) -> dict[str, Any]:
        path = self.folder / f"{part}.json"
        return dict(json.loads(path.read_text())) if path.is_file() else {}


def report(kept: Kept, engine: str) -> str:
    """The newest of each part. `code` is the tree of tfops, as Git names it (`git rev-parse COMMIT:tfops`)."""
    kills, others = kept.kills(), [(part, line) for part in ("scenarios", "race") for line in kept.found(part)]
    head = _HEAD.format(machine=machine(described(engine)))
    faults = collections.Counter(re.sub(r", r.*| after .*", "", found.fault) for one in kills for found in one.done)
    return head + "\n".join(
        [
            "| backend | tries | sound | recovery killed too | minutes | code |",
            "|---|---|---|---|---|---|",
            *(f"{one.row} `{kept.code('kills')}` |" for one in kills),
            "",
            "| other faults | tries | outcome | code |",
            "|---|---|---|---|",
            *(f"{line} `{kept.code(part)}` |" for part, line in others),
            "",
            "| kill | sound tries |",
            "|---|---|",
            *(f"| {fault} | {count} |" for fault, count in sorted(faults.items())),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
