"""`make chaos`: the long form, ten environments for ten minutes.

python -m tests.chaos.run [--envs 10] [--minutes 10] [--seed 1] [--engine terraform]
"""

import argparse
import tempfile
from pathlib import Path

from tests.chaos.world import new_world, rage
from tests.support.engines import available_engines, described, report_on
from tests.support.machine import machine


def main() -> None:
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--envs", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", default=available_engines()[0], help="embedded, terraform or tofu")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        new_world(Path(folder), asked.engine, envs=asked.envs, seed=asked.seed) as world,
    ):
        rage(world, seconds=asked.minutes * 60)
        world.settle(timeout_s=900)
        codes = {agent.stop() for agent in world.agents.values()}
        assert codes == {0}, codes
        world.check()
        versions = len(world.laptop.git("ls-remote", "--tags", "origin", "refs/tags/tfops/*^{}").splitlines())
    deeds = "".join(f"| {deed} | {count} |\n" for deed, count in sorted(world.deeds.items()))
    report = report_on("chaos", asked.engine)
    report.write_text(
        f"""\
# What `make chaos` found

{machine(described(asked.engine))}.

Two agents and a laptop work on {asked.envs} environments for {asked.minutes:g} minutes (seed {asked.seed}), and these
things happen to them:

| what | times |
|---|---|
{deeds}
In the end there were {versions} versions: every environment at its branch's head, no commit applied twice, every
ledger sound.
"""
    )
    print(report.read_text())


if __name__ == "__main__":
    main()
