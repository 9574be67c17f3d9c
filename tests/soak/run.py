"""`make soak`: the long form, 10,000 turns over 200 environments.

python -m tests.soak.run [--turns 10000] [--envs 200]
"""

import argparse
import tempfile
from pathlib import Path

from tests.soak.idle import new_project, soak


def main() -> None:
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--turns", type=int, default=10_000)
    parser.add_argument("--envs", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soaked = soak(new_project(Path(folder), envs=asked.envs), turns=asked.turns, envs=asked.envs)
    print("| turns | seconds | memory MB | handles | children | Git processes |\n|---|---|---|---|---|---|")
    for sample in soaked.samples:
        row = (f"{sample.turns:,}", f"{sample.seconds:.1f}", f"{sample.memory_mb:.1f}", sample.handles, sample.children)
        print("| " + " | ".join(map(str, (*row, f"{sample.git_processes:,}"))) + " |")
    begin, end = soaked.ms_per_turn
    print(
        f"\n{soaked.git_processes_per_turn:.3f} Git processes a turn, {soaked.surveys} surveys; "
        f"a turn took {begin:.1f} ms in the first tenth and {end:.1f} ms in the last"
    )


if __name__ == "__main__":
    main()
