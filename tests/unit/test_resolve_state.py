"""Whether the state at hand is the one that the versions speak of."""

from dataclasses import replace

import pytest

from tests.support.samples import PROD
from tfops.errors import Refused
from tfops.records.state import ABSENT_STATE, StackState
from tfops.records.version import Version
from tfops.resolve.state import (
    MissingResources,
    RecordedState,
    lacking,
    require_engine_for,
    require_known_state,
    require_none_lacking,
)

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


@pytest.mark.parametrize(
    ("recorded", "now", "expected"),
    [
        ({"t.a": "i-1", "t.b": "i-2"}, {"t.a": "i-1", "t.b": "i-2", "t.c": "i-3"}, {}),
        ({"t.a": "i-1", "t.b": "i-2"}, {"t.a": "i-1"}, {"t.b": "i-2"}),
        ({"t.a": "i-1"}, {"t.b": "i-1"}, {}),
        ({"t.a": "none"}, {"t.b": "none"}, {"t.a": "none"}),
        ({"t.a": "i-1", "t.b": "i-1"}, {"t.a": "i-1", "t.c": "i-1"}, {"t.b": "i-1"}),
        ({"t.a": "i-1"}, {"u.a": "i-1"}, {"t.a": "i-1"}),
        ({"t.a": ""}, {"t.b": ""}, {"t.a": ""}),
        ({"t.a": "i-1"}, {"t.a": "i-2"}, {}),
    ],
    ids=["all there", "taken out", "moved", "no id", "an id of two", "another type", "no ids on the card", "another"],
)
def test_what_the_card_has_and_the_state_lacks_but_for_what_moved(
    recorded: dict[str, str], now: dict[str, str], expected: dict[str, str]
) -> None:
    assert lacking(replace(RECORDED, inventory=recorded), now) == expected


def lack(recorded: RecordedState, engine: str, *, serial: int = 7, takes_names: bool = True) -> Refused:
    with pytest.raises(Refused) as caught:
        require_none_lacking(
            PROD, [MissingResources(("t.a", "t.b"), recorded, serial, engine)], takes_names=takes_names
        )
    return caught.value


def test_what_the_state_lacks_is_told_with_its_likely_cause_and_named() -> None:
    require_none_lacking(PROD, [], takes_names=True)
    by_hand = lack(RECORDED, "terraform 1.11.4", serial=8)
    assert (by_hand.guard, by_hand.what) == ("state-lacks", "the state of prod lacks what v3 has: t.a, t.b")
    assert by_hand.why.startswith("something else than tfops wrote it (its serial is 8, v3 left 7): `state rm`")
    assert by_hand.hint.endswith(": --allow-missing 't.a' --allow-missing 't.b'")
    other = lack(replace(RECORDED, engine_name="tofu", engine_version="1.12.6"), "terraform 1.15.5", serial=8)
    assert other.why.startswith("v3 was applied with tofu 1.12.6, and terraform 1.15.5 passes over what only that one")
    assert other.hint.startswith("use the engine that wrote it (--engine tofu)")
    same = lack(RECORDED, "terraform 1.12.0")
    assert same.why.startswith("terraform 1.12.0 reads less out of it than terraform 1.11.4 wrote")
    assert ": tfops apply prod --allow-missing 't.a'" in lack(RECORDED, "terraform 1", takes_names=False).hint
