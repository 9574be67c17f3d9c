"""Kills at every boundary and at random moments, on every backend: the short form, for CI.

`make faults` does the same a thousand times and writes docs/explanation/faults-results.md.
"""

import os
from pathlib import Path

import pytest

from tests.faults.kills import kill_once
from tests.faults.provider_world import serve_worlds
from tests.support.engines import require_engine

TRIES = int(os.environ.get("TFOPS_FAULT_TRIES", "25"))


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("name", ["local", "http", "s3", "pg", "provider", "root"])
def test_whatever_dies_the_next_command_ends_in_a_sound_environment(tmp_path: Path, name: str) -> None:
    engine = require_engine(fast=name != "local")  # both are killed
    with serve_worlds(name, engine) as new_world:
        world = new_world(tmp_path, TRIES)
        for number in range(TRIES if name != "provider" else TRIES // 2):
            kill_once(world, number=number * 7 + len(name))
