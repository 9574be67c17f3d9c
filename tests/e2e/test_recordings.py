"""What tests/change and tests/commands replay is still what the real engines say."""

import shutil

import pytest

from tests.support.engine_cases import CASES
from tests.support.record_engine import record, version_of
from tests.support.recorded_engine import INDEX
from tests.support.stand_in import RECORDINGS
from tfops.engine.embedded import library_path

# Few and short: an error with a position, secrets, a failed apply with what it leaves.
_COMPARED = ("broken", "secret", "deposed")


def recorded(version: str, case: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in (RECORDINGS / version / case).iterdir()}


def require_recorded(engine: str) -> str:
    """The engine's version. The embedded one is pinned: another one than was recorded is to be recorded anew."""
    is_here = library_path() if engine == "embedded" else shutil.which(engine)
    if not is_here:
        pytest.skip(f"no {engine} here")
    version = version_of(engine)
    if not (RECORDINGS / version).is_dir():
        (pytest.fail if engine == "embedded" else pytest.skip)(f"{version} was never recorded: make recordings")
    return version


@pytest.mark.engine
@pytest.mark.parametrize("engine", ["embedded", "terraform"])
@pytest.mark.parametrize("case", _COMPARED)
def test_a_fresh_recording_is_the_one_that_is_kept(engine: str, case: str) -> None:
    version = require_recorded(engine)
    fresh, kept = record(engine, case), recorded(version, case)
    assert fresh.keys() == kept.keys(), "make recordings"
    for name, text in fresh.items():
        assert _in_order(name, text) == _in_order(name, kept[name]), f"{version}/{case}/{name}: make recordings"


def _in_order(name: str, text: str) -> list[str]:
    """An engine looks at several resources at once: what it says of them comes in any order."""
    lines = text.splitlines()
    return sorted(lines) if name.endswith(".jsonl") else lines


def test_every_case_is_recorded_from_both_engines() -> None:
    for version in RECORDINGS.iterdir():
        assert {path.parent.name for path in version.glob(f"*/{INDEX}")} == set(CASES)
    assert len(list(RECORDINGS.iterdir())) == 2


def test_a_recording_says_nothing_of_the_machine_that_made_it() -> None:
    for path in RECORDINGS.rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert "/tmp/" not in text and "/home/" not in text and "/root/" not in text, path
