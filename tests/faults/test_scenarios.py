"""Each fault that is no kill, once."""

from pathlib import Path

import pytest

from tests.faults.scenarios import SCENARIOS, play
from tests.support.engines import require_engine


@pytest.mark.parametrize("name", SCENARIOS)
def test_whatever_breaks_ends_sound_or_says_why_not(tmp_path: Path, name: str) -> None:
    play(name, tmp_path, require_engine(fast=True))
