"""Whether the state at hand is the one that the versions speak of."""

from dataclasses import replace

import pytest

from tests.support.samples import PROD
from tfops.errors import Refused
from tfops.model import ABSENT_STATE, StackState, Version
from tfops.resolve.state import RecordedState, require_engine_for, require_known_state

RECORDED = RecordedState(
    version=Version(3),
    lineage="l-1",
    serial=7,
    backend="local",
    is_empty=False,
    engine_name="terraform",
    engine_version="1.11.4",
)
STATE = StackState(lineage="l-1", serial=7, sha256="0" * 64, inventory={"a.b": "1"}, schema_versions={})


def refusal(recorded: RecordedState | None, state: StackState) -> Refused | None:
    try:
        require_known_state(PROD, recorded, state)
    except Refused as error:
        return error
    return None


@pytest.mark.parametrize(
    ("recorded", "state"),
    [
        (None, ABSENT_STATE),
        (None, STATE),
        (RECORDED, STATE),
        (RECORDED, replace(STATE, serial=8)),
        (replace(RECORDED, is_empty=True), ABSENT_STATE),
        (replace(RECORDED, is_empty=True), replace(STATE, serial=9, inventory={})),
        (replace(RECORDED, is_empty=True), replace(STATE, serial=0)),
    ],
    ids=["first", "adopted", "same", "newer", "gone after a destroy", "empty after a destroy", "serial 0"],
)
def test_the_known_state_is_planned_on(recorded: RecordedState | None, state: StackState) -> None:
    assert refusal(recorded, state) is None


@pytest.mark.parametrize("state", [ABSENT_STATE, replace(STATE, serial=0)])
def test_an_absent_local_state_is_refused_with_the_way_to_share_it(state: StackState) -> None:
    error = refusal(RECORDED, state)
    assert error is not None
    assert error.guard == "state-absent"
    assert error.what == "prod is running as v3, but its state is not here"
    assert error.why.startswith("it is kept on the machine that applied it (backend: local)")
    assert "set a backend in tfops.yaml" in error.hint


def test_an_absent_remote_state_points_to_the_backend() -> None:
    error = refusal(replace(RECORDED, backend="s3 shop-tfstate"), ABSENT_STATE)
    assert error is not None
    assert error.guard == "state-absent"
    assert error.why == "the backend `s3 shop-tfstate` has none; without it everything would be created twice"


def test_a_state_of_another_lineage_is_refused() -> None:
    error = refusal(RECORDED, replace(STATE, lineage="l-2"))
    assert error is not None
    assert error.guard == "state-lineage"
    assert error.why == "its lineage is l-2, v3 has l-1"


def test_an_older_state_is_refused() -> None:
    error = refusal(RECORDED, replace(STATE, serial=6))
    assert error is not None
    assert error.guard == "state-older"
    assert error.why == "its serial is 6, v3 left 7"


def test_after_a_destroy_a_foreign_state_is_still_refused() -> None:
    error = refusal(replace(RECORDED, is_empty=True), replace(STATE, lineage="l-2"))
    assert error is not None
    assert error.guard == "state-lineage"


@pytest.mark.parametrize(
    ("wrote", "reads", "is_refused"),
    [
        ("1.11.4", "1.11.4", False),
        ("1.11.4", "1.11.0", False),
        ("1.11.4", "1.12.0", False),
        ("1.11.4", "2.0.0", False),
        ("1.11.4", "1.10.9", True),
        ("1.11.4", "1.9.0", True),
        ("2.0.0", "1.99.0", True),
        ("1.12.0-rc1", "1.11.4", True),
    ],
)
def test_an_older_engine_does_not_read_what_a_newer_one_wrote(wrote: str, reads: str, is_refused: bool) -> None:
    recorded = replace(RECORDED, engine_version=wrote)
    if not is_refused:
        require_engine_for(recorded, "terraform", reads)
        return
    with pytest.raises(Refused) as caught:
        require_engine_for(recorded, "terraform", reads)
    assert caught.value.guard == "older-engine"
    assert caught.value.what == f"v3 was applied with terraform {wrote}, this one is {reads}"


@pytest.mark.parametrize(
    ("recorded", "name"),
    [(None, "terraform"), (replace(RECORDED, is_empty=True), "terraform"), (RECORDED, "tofu")],
    ids=["never applied", "destroyed", "another engine counts differently"],
)
def test_an_old_engine_is_fine_where_nothing_newer_wrote(recorded: RecordedState | None, name: str) -> None:
    require_engine_for(recorded, name, "1.6.0")
