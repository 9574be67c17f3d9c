"""An error in a line, for listings, logs and the ledger: what, why, and what to do."""

import re
from pathlib import Path

from tfops.errors import EngineFailed, Refused, in_a_line, one_line
from tfops.exits import Exit

_WHY = "Failed to query available provider packages: Could not retrieve\nthe list of versions (main.tf:3)"


def test_the_reason_and_the_way_on_are_part_of_the_line() -> None:
    error = EngineFailed("the initialization failed", why=_WHY, hint="check the network")
    assert in_a_line(error) == (
        "the initialization failed: Failed to query available provider packages: "
        "Could not retrieve the list of versions (main.tf:3); next: check the network"
    )


def test_what_there_is_not_is_left_out() -> None:
    assert in_a_line(Refused("held", "dev is held")) == "dev is held"
    assert one_line("what", "", "do this", longest=80) == "what; next: do this"


def test_the_reason_is_what_is_cut() -> None:
    line = in_a_line(EngineFailed("the plan failed", why="x" * 5000, hint="look"), longest=100)
    assert len(line) == 100
    assert line.startswith("the plan failed: xxx") and line.endswith("x…; next: look")
    assert one_line("w" * 200, "why", "", longest=50) == "w" * 50


def test_the_reference_has_every_exit_code_and_no_other() -> None:
    page = Path(__file__).parents[2] / "docs/reference/exit-codes.md"
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", page.read_text(), re.MULTILINE)} == set(Exit)
