"""The short form of `make chaos`."""

from pathlib import Path

from tests.chaos.world import new_world, rage
from tests.support.engines import require_engine


def test_two_agents_and_a_laptop_end_at_every_branch_head_whatever_happens(tmp_path: Path) -> None:
    with new_world(tmp_path, require_engine(), envs=3, seed=7) as world:
        rage(world, seconds=20)
        world.kill()
        world.push()
        world.settle(timeout_s=180)
        assert {agent.stop() for agent in world.agents.values()} == {0}
        world.check()
