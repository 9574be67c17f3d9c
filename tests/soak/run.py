"""`make soak`: the long form, 10,000 turns over 200 environments.

python -m tests.soak.run [--turns 10000] [--envs 200]
"""

import argparse
import tempfile
from pathlib import Path

from tests.soak.idle import Soaked, new_project, soak
from tests.support.machine import machine

REPORT = Path(__file__).parents[2] / "docs/explanation/soak-results.md"
_HEAD = """\
# What `make soak` found

{machine}. The loop of the agent turns over {environments} environments with nothing to do, one turn after the other
without a pause, with a remote on the same disk. {each:.3f} Git processes a turn, {surveys} in all. A turn took
{begin:.1f} ms in the first tenth and {end:.1f} ms in the last.

| turns | seconds | memory MB | handles | children | Git processes |
|---|---|---|---|---|---|
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--turns", type=int, default=10_000)
    parser.add_argument("--envs", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soaked = soak(new_project(Path(folder), envs=asked.envs), turns=asked.turns, envs=asked.envs)
    REPORT.write_text(_report(soaked))
    print(REPORT.read_text())


def _report(soaked: Soaked) -> str:
    begin, end = soaked.ms_per_turn
    text = _HEAD.format(
        machine=machine(), environments=soaked.environments, each=soaked.git_processes_per_turn,
        surveys="1 survey" if soaked.surveys == 1 else f"{soaked.surveys} surveys", begin=begin, end=end,
    )  # fmt: skip
    for sample in soaked.samples:
        row = (f"{sample.turns:,}", f"{sample.seconds:.1f}", f"{sample.memory_mb:.1f}", sample.handles, sample.children)
        text += "| " + " | ".join(map(str, (*row, f"{sample.git_processes:,}"))) + " |\n"
    return text


if __name__ == "__main__":
    main()
