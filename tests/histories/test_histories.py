"""The short form of `make histories`: two histories, and ways back in each."""

import random
from pathlib import Path

import pytest

from tests.histories.model import Writer
from tests.histories.replay import Replay, provider_locks
from tests.support.engines import require_engine
from tests.support.provider.host import provider_host
from tests.support.ways_back import new_story

_LENGTH = 4


@pytest.mark.parametrize(("seed", "provider"), [(2, ""), (42, "1.0.0")], ids=["built-in", "demo provider"])
def test_every_way_back_in_a_random_history_is_sound(tmp_path: Path, seed: int, provider: str) -> None:
    dice, engine = random.Random(seed), require_engine(fast=True)
    history = Writer(dice).history(_LENGTH, provider=provider)
    with provider_host() as door:
        locks = provider_locks(tmp_path / "locks", engine, door) if provider else {}
        story = new_story(tmp_path / "story", engine, door)
        story.mirror.add("2.0.0")
        replay = Replay(story, history, locks)
        replay.build()
        for number in dice.sample(range(1, _LENGTH), 2):
            replay.go_back(number)
