"""Ten processes in five clones: one at a time, no number twice, nobody starved.

`make faults` is the long form: 20 processes, 200 changes.
"""

from pathlib import Path

import pytest

from tests.faults.race import new_race
from tests.support.engines import require_engine
from tests.support.state_server import serve_states

PLACES, TURNS = 2, 1


@pytest.mark.timeout(400)
def test_changes_by_ten_processes_in_five_clones_are_versions_without_gap_or_double(tmp_path: Path) -> None:
    with serve_states() as states:
        race = new_race(tmp_path, require_engine(fast=True), states, clones=5, places=PLACES, turns=TURNS)
        race.run()
        race.check()
