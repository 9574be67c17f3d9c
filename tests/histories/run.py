"""`make histories`: the long form, with a report for the documentation.

python -m tests.histories.run [--seeds 0:1000] [--jobs 2] [--minutes 60] [--engine terraform]

What a history costs are its engine starts: it is short, every start of the provider is a fork, and so is tfops. The
long ways (planned first, tried without what must be named) are taken by a third of the ways back.
"""

import argparse
import concurrent.futures
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.histories.model import Writer
from tests.histories.replay import Replay, provider_locks
from tests.support.engines import available_engines, described, report_on
from tests.support.machine import machine
from tests.support.provider.host import provider_host
from tests.support.ways_back import new_story

LENGTHS = (3, 3, 4)
LOOKS = 0.33
_HEAD = """\
# What `make histories` found

{machine}, {minutes:.0f} minutes.

Each history has {shortest} or {longest} versions, made by random steps. Then the environment is rolled back to each
earlier version, in random order. Three of four have the demo provider's types among their resources, which behave as
real ones do: a constant id with an import that takes any text, no import, an import by another form than the id, an
import that doesn't read what a replacement hangs on, keyed instances.

A way back is sound when every thing that both versions have is the same real thing as before, at that version's
address, and nobody else's; nothing was lost, made twice or left astray but what was named; the verdict, the plan and
the model say the same; and plain `terraform plan` then finds nothing to do for that version's configuration.

| histories | rollbacks | sound | refused until named | with `--keep-providers` | second ones, named |
|---|---|---|---|---|---|
| {histories} | {rollbacks} | {sound} | {named} | {kept} | {twice} |

| step in the histories | times |
|---|---|
"""


@dataclass(frozen=True, slots=True)
class Found:
    """How one history ended. `failure` is empty when every way back was sound."""

    seed: int
    deeds: tuple[str, ...]
    rollbacks: int
    named: int
    kept_providers: int
    twice: int
    failure: str = ""


def walk(seed: int, door: Path, locks: Mapping[str, str], engine: str) -> Found:
    """One history, and every way back in it. Three of four have the demo provider."""
    dice = random.Random(seed)
    history = Writer(dice).history(dice.choice(LENGTHS), provider="1.0.0" if seed % 4 else "")
    done, failure = 0, ""
    with tempfile.TemporaryDirectory() as folder:
        story = new_story(Path(folder), engine, door)
        story.mirror.add("2.0.0")
        replay = Replay(story, history, locks)
        try:
            replay.build()
            for number in dice.sample(range(1, len(history)), len(history) - 1):
                replay.go_back(number, looks=dice.random() < LOOKS)
                done += 1
        except (AssertionError, TimeoutError) as error:
            failure = f"seed {seed}, after {done} rollbacks: {error}"
    deeds = tuple(deed for content in history for deed in content.deeds)
    return Found(seed, deeds, done, replay.named, replay.kept_providers, replay.twice, failure)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make histories ARGS=…")
    parser.add_argument("--seeds", default="0:1000", help="the first, and the one after the last")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="histories side by side")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="begin no more after this long")
    parser.add_argument("--engine", default=available_engines()[-1], help="embedded, terraform or tofu")
    parser.add_argument("--report", type=Path, help="another file than the engine's own in docs/explanation")
    return parser.parse_args()


def main() -> int:
    options = _options()
    first, _, end = options.seeds.partition(":")
    engine, started = options.engine, time.monotonic()
    report = options.report or report_on("histories", engine)
    found: list[Found] = []
    with provider_host() as door, tempfile.TemporaryDirectory() as folder:
        locks = provider_locks(Path(folder), engine, door)
        fork = multiprocessing.get_context("fork")
        with concurrent.futures.ProcessPoolExecutor(options.jobs, mp_context=fork) as pool:
            running = [pool.submit(walk, seed, door, locks, engine) for seed in range(int(first), int(end))]
            try:
                for future in concurrent.futures.as_completed(running, timeout=options.minutes * 60):
                    found.append(future.result())
                    print(f"{len(found)} of {len(running)} {found[-1].failure}", file=sys.stderr, flush=True)
            except (KeyboardInterrupt, TimeoutError):  # the report says how many it were
                pool.shutdown(wait=False, cancel_futures=True)
    report.write_text(_report(found, engine, minutes=(time.monotonic() - started) / 60))
    print(report.read_text())
    return 1 if any(one.failure for one in found) else 0


def _report(found: Sequence[Found], engine: str, *, minutes: float) -> str:
    deeds = Counter(deed for one in found for deed in one.deeds)
    failed = sum(bool(one.failure) for one in found)
    rollbacks = sum(one.rollbacks for one in found)
    head = _HEAD.format(
        machine=machine(described(engine)),
        minutes=minutes,
        shortest=min(LENGTHS),
        longest=max(LENGTHS),
        histories=len(found),
        rollbacks=rollbacks + failed,
        sound=rollbacks,
        named=sum(one.named for one in found),
        kept=sum(one.kept_providers for one in found),
        twice=sum(one.twice for one in found),
    )
    return head + "".join(f"| {deed} | {times} |\n" for deed, times in sorted(deeds.items()))


if __name__ == "__main__":
    sys.exit(main())
