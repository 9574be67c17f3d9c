"""`make chaos`: the long form, ten environments for ten minutes.

python -m tests.chaos.run [--envs 10] [--minutes 10] [--seed 1]
"""

import argparse
import tempfile
from pathlib import Path

from tests.chaos.world import new_world, rage
from tests.support.engines import available_engines
from tests.support.machine import machine

REPORT = Path(__file__).parents[2] / "docs/explanation/chaos-results.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--envs", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        new_world(Path(folder), available_engines()[0], envs=asked.envs, seed=asked.seed) as world,
    ):
        rage(world, seconds=asked.minutes * 60)
        world.settle(timeout_s=900)
        codes = {agent.stop() for agent in world.agents.values()}
        assert codes == {0}, codes
        world.check()
        versions = len(world.laptop.git("ls-remote", "--tags", "origin", "refs/tags/tfops/*^{}").splitlines())
    deeds = "".join(f"| {deed} | {count} |\n" for deed, count in sorted(world.deeds.items()))
    REPORT.write_text(
        f"""\
# What `make chaos` found

{machine(f"Terraform ({available_engines()[0]})")}. Two agents and a laptop work on {asked.envs} environments for \
{asked.minutes:g} minutes (seed {asked.seed}), and these things happen to them:

| what | times |
|---|---|
{deeds}
In the end there were {versions} versions: every environment at its branch's head, no commit applied twice, every
ledger sound.
"""
    )
    print(REPORT.read_text())


if __name__ == "__main__":
    main()
