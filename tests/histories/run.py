"""`make histories`: the long form, with a report for the documentation.

python -m tests.histories.run [HISTORIES]
"""

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
from tests.support.engines import available_engines, described
from tests.support.machine import machine
from tests.support.provider.host import provider_host
from tests.support.ways_back import new_story

LENGTH = 10
REPORT = Path(__file__).parents[2] / "docs/explanation/histories-results.md"
_HEAD = """\
# What `make histories` found

{machine}, {minutes:.0f} minutes.

Each history has {length} versions, made by random steps. Then the environment is rolled back to each earlier version,
in random order. A way back is sound when every thing that both have is the same real thing as before, at that version's
address; nothing was made twice or left astray; nothing that either version protects was lost before it was named; and
plain `terraform plan` then finds nothing to do for that version's configuration.

| histories | rollbacks | sound | refused until a protected thing was named | with `--keep-providers` |
|---|---|---|---|---|
| {histories} | {rollbacks} | {sound} | {named} | {kept} |

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
    failure: str = ""


def walk(seed: int, door: Path, locks: Mapping[str, str], engine: str) -> Found:
    """One history, and every way back in it. Every second one has the demo provider."""
    dice = random.Random(seed)
    history = Writer(dice).history(LENGTH, provider="1.0.0" if seed % 2 else "")
    done, failure = 0, ""
    with tempfile.TemporaryDirectory() as folder:
        story = new_story(Path(folder), engine, door)
        story.mirror.add("2.0.0")
        replay = Replay(story, history, locks)
        try:
            replay.build()
            for number in dice.sample(range(1, LENGTH), LENGTH - 1):
                replay.go_back(number)
                done += 1
        except AssertionError as error:
            failure = f"seed {seed}, after {done} rollbacks: {error}"
    deeds = tuple(deed for content in history for deed in content.deeds)
    return Found(seed, deeds, done, replay.named, replay.kept_providers, failure)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    engine, started = available_engines()[-1], time.monotonic()
    with provider_host() as door, tempfile.TemporaryDirectory() as folder:
        locks = provider_locks(Path(folder), engine, door)
        fork = multiprocessing.get_context("fork")
        with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), mp_context=fork) as pool:
            running = [pool.submit(walk, seed, door, locks, engine) for seed in range(count)]
            found = []
            try:
                for future in concurrent.futures.as_completed(running):
                    found.append(future.result())
                    print(f"{len(found)} of {count} {found[-1].failure}", file=sys.stderr, flush=True)
            except KeyboardInterrupt:  # the report says how many it were
                pool.shutdown(wait=False, cancel_futures=True)
    REPORT.write_text(_report(found, engine, minutes=(time.monotonic() - started) / 60))
    print(REPORT.read_text())
    return 1 if any(one.failure for one in found) else 0


def _report(found: Sequence[Found], engine: str, *, minutes: float) -> str:
    deeds = Counter(deed for one in found for deed in one.deeds)
    failed = sum(bool(one.failure) for one in found)
    rollbacks = sum(one.rollbacks for one in found)
    head = _HEAD.format(
        machine=machine(described(engine)),
        minutes=minutes,
        length=LENGTH,
        histories=len(found),
        rollbacks=rollbacks + failed,
        sound=rollbacks,
        named=sum(one.named for one in found),
        kept=sum(one.kept_providers for one in found),
    )
    return head + "".join(f"| {deed} | {times} |\n" for deed, times in sorted(deeds.items()))


if __name__ == "__main__":
    sys.exit(main())
