"""What an apply was to do is held against the state: the engine's word alone isn't enough."""

from pathlib import Path

import pytest

from tfops.engine.events import Progress, parse_event
from tfops.engine.proof import missing_from_state, unproven, was_touched
from tfops.engine.state import parse_state
from tfops.records.engine_events import ResourceEvent, Step
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.records.state import ABSENT_STATE, StackState

RECORDED = Path(__file__).parent / "recorded"


def plan(*changes: ResourceChange, outputs: tuple[str, ...] = ()) -> Plan:
    return Plan(changes, outputs, "", is_empty=not (changes or outputs))


def progress(*steps: tuple[str, str]) -> Progress:
    receipt = Progress()
    for action, address in steps:
        receipt.add(ResourceEvent(Step.COMPLETED, address, action))
    return receipt


@pytest.mark.parametrize(
    ("steps", "known", "missing"),
    [
        ([("create", "a")], {"a"}, []),
        ([("create", "a")], set(), ["a"]),
        ([("update", "a")], set(), ["a"]),
        ([("delete", "a")], set(), []),
        ([("delete", "a")], {"a"}, ["a"]),
        ([("delete", "a"), ("create", "a")], {"a"}, []),
        ([("create", "a"), ("delete", "a")], {"a"}, []),
        ([("delete", "a"), ("create", "a")], set(), ["a"]),
        ([("create", "a"), ("delete", "a")], set(), ["a"]),
        ([("read", "data.a")], set(), []),
        ([("create", "b"), ("create", "a"), ("delete", "c")], {"c"}, ["a", "b", "c"]),
        ([], {"a"}, []),
    ],
)
def test_what_was_done_must_be_in_the_state(steps: list[tuple[str, str]], known: set[str], missing: list[str]) -> None:
    state_now = StackState("l", 1, "", dict.fromkeys(known, ""), {})
    assert missing_from_state(progress(*steps), plan(), state_now) == missing


def test_a_resource_that_only_started_is_not_missed() -> None:
    receipt = Progress()
    receipt.add(ResourceEvent(Step.STARTED, "a", "create"))
    receipt.add(ResourceEvent(Step.ERRORED, "b", "create"))
    assert missing_from_state(receipt, plan(), ABSENT_STATE) == []


def test_nothing_is_missed_after_a_recorded_apply() -> None:
    receipt = Progress()
    for line in (RECORDED / "apply.jsonl").read_text(encoding="utf-8").splitlines():
        event = parse_event(line)
        if event:
            receipt.add(event)
    found = parse_state((RECORDED / "state.json").read_text(encoding="utf-8"))
    assert missing_from_state(receipt, plan(), found) == []


def held(serial: int, *, lineage: str = "l", deposed: str = "", **inventory: str) -> StackState:
    left = {("a", deposed): "i-0"} if deposed else {}
    return StackState(lineage, serial, "", inventory, {}, deposed=left)


BEFORE = held(7, a="i-1")
UPDATE = plan(ResourceChange("a", "t", Action.UPDATE))
REPLACE = plan(ResourceChange("a", "t", Action.REPLACE))
DELETE = plan(ResourceChange("a", "t", Action.DELETE))
CREATE = plan(ResourceChange("b", "t", Action.CREATE))
FORGET = plan(ResourceChange("a", "t", Action.FORGET))
MOVE = plan(ResourceChange("b", "t", Action.MOVE, previous_address="a"))
CLEAN_UP = plan(ResourceChange("a", "t", Action.CLEAN_UP, deposed="0a1b"))
READ = plan(ResourceChange("data.a", "t", Action.READ))
OUTPUTS = plan(outputs=("o",))
EVERY = {
    "update": UPDATE, "replace": REPLACE, "delete": DELETE, "create": CREATE, "forget": FORGET, "move": MOVE,
    "clean-up": CLEAN_UP, "read": READ, "outputs": OUTPUTS,
}  # fmt: skip


@pytest.mark.parametrize("wanted", EVERY.values(), ids=EVERY)
def test_an_engine_that_does_nothing_and_says_that_all_is_well_is_found_out(wanted: Plan) -> None:
    """`docs/explanation/engine.md`: the state is held against the plan."""
    before = held(7, a="i-1", deposed="0a1b")
    assert unproven(Progress(), wanted, before, before)


@pytest.mark.parametrize("wanted", EVERY.values(), ids=EVERY)
def test_a_state_of_another_lineage_proves_nothing(wanted: Plan) -> None:
    assert unproven(Progress(), wanted, BEFORE, held(9, lineage="other", a="i-1", b="i-2")) == [
        "its lineage is other, not l"
    ]


@pytest.mark.parametrize(
    ("wanted", "steps", "after"),
    [
        (UPDATE, [("update", "a")], held(8, a="i-1")),
        (UPDATE, [("update", "a")], held(7, a="i-1")),  # a provider that changed nothing in the end
        (REPLACE, [("delete", "a"), ("create", "a")], held(9, a="i-2")),
        (REPLACE, [("create", "a"), ("delete", "a")], held(9, a="i-1")),  # its name is its id
        (REPLACE, [], held(9, a="i-2")),  # said nothing readable, but the state shows it
        (DELETE, [("delete", "a")], held(8)),
        (DELETE, [], held(8)),
        (CREATE, [("create", "b")], held(8, a="i-1", b="i-2")),
        (CREATE, [], held(8, a="i-1", b="i-2")),
        (FORGET, [], held(8)),
        (MOVE, [], held(8, b="i-1")),
        (CLEAN_UP, [("delete", "a")], held(8, a="i-1")),
        (READ, [("read", "data.a")], BEFORE),
        (OUTPUTS, [], held(8, a="i-1")),
        (plan(), [], BEFORE),
    ],
)
def test_what_the_state_shows_is_believed(wanted: Plan, steps: list[tuple[str, str]], after: StackState) -> None:
    assert unproven(progress(*steps), wanted, BEFORE, after) == []


@pytest.mark.parametrize(
    ("wanted", "steps", "after", "missing"),
    [
        (UPDATE, [], held(8, a="i-1"), ["a"]),
        (REPLACE, [], held(8, a="i-1"), ["a"]),
        (DELETE, [], held(8, a="i-1"), ["a"]),
        (FORGET, [], held(8, a="i-1"), ["a"]),
        (MOVE, [], held(8, a="i-1", b="i-1"), ["b"]),
        (CREATE, [("create", "b")], held(8, a="i-1"), ["b"]),
        (CLEAN_UP, [("delete", "a")], held(8, a="i-1", deposed="0a1b"), ["a (deposed object 0a1b)"]),
        (OUTPUTS, [], BEFORE, ["o"]),
    ],
)
def test_what_the_state_does_not_show_is_named(
    wanted: Plan, steps: list[tuple[str, str]], after: StackState, missing: list[str]
) -> None:
    assert unproven(progress(*steps), wanted, BEFORE, after) == missing


def test_addresses_that_change_places_are_no_loss() -> None:
    swapped = plan(
        ResourceChange("b", "t", Action.MOVE, previous_address="a"),
        ResourceChange("a", "t", Action.MOVE, previous_address="b"),
    )
    assert unproven(Progress(), swapped, held(7, a="1", b="2"), held(8, a="2", b="1")) == []


def test_the_first_apply_has_nothing_to_be_held_against_but_its_plan() -> None:
    assert unproven(progress(("create", "b")), CREATE, ABSENT_STATE, held(1, b="i-2")) == []
    assert unproven(Progress(), CREATE, ABSENT_STATE, ABSENT_STATE) == ["b"]


def test_the_damaged_object_of_a_replacement_that_failed_is_not_the_one_that_was_deleted() -> None:
    steps = progress(("delete", "a"))
    steps.add(ResourceEvent(Step.ERRORED, "a", "create"))
    assert missing_from_state(steps, REPLACE, held(8, a="i-2"), BEFORE) == []
    assert missing_from_state(steps, REPLACE, held(8, a="i-1"), BEFORE) == ["a"]
    assert missing_from_state(progress(("delete", "a")), REPLACE, held(8, a="i-2"), BEFORE) == ["a"]


def test_a_deposed_object_that_is_deleted_does_not_count_against_the_live_one() -> None:
    both = plan(*UPDATE.changes, *CLEAN_UP.changes)
    steps = progress(("update", "a"), ("delete", "a"))
    assert missing_from_state(steps, both, held(8, a="i-1")) == []
    assert missing_from_state(progress(("delete", "a")), CLEAN_UP, held(8, a="i-1")) == []
    assert missing_from_state(progress(("delete", "a")), DELETE, held(8, a="i-1")) == ["a"]


@pytest.mark.parametrize(
    ("after", "is_readable", "expected"),
    [
        (BEFORE, False, False),
        (held(8, a="i-1"), True, False),  # the engine saved what the plan's refresh read
        (held(8, a="i-1"), False, True),
        (held(7, a="i-2"), True, True),
        (held(7, a="i-1", b="i-2"), True, True),
        (held(7, a="i-1", deposed="0a1b"), True, True),
        (held(7, lineage="other", a="i-1"), True, True),
    ],
)
def test_a_failure_that_said_nothing_is_judged_by_the_state(
    after: StackState, is_readable: bool, expected: bool
) -> None:
    assert was_touched(Progress(is_readable=is_readable), BEFORE, after) is expected
    assert was_touched(progress(("create", "b")), BEFORE, after) is True


def test_a_replacement_that_the_state_does_not_have_is_named_although_its_address_is_there() -> None:
    """The store said yes to the state, and kept the one from before."""
    said = Progress()
    for event in (
        ResourceEvent(Step.STARTED, "a.one", "delete", "old"),
        ResourceEvent(Step.COMPLETED, "a.one", "delete"),
        ResourceEvent(Step.COMPLETED, "a.one", "create", "new", id_key="id"),
    ):
        said.add(event)
    wanted = plan(ResourceChange("a.one", "a", Action.REPLACE))
    state = StackState("l", 1, "", {"a.one": "old"}, {})
    assert unproven(said, wanted, state, state) == ["a.one"]
    assert unproven(said, wanted, state, StackState("l", 2, "", {"a.one": "new"}, {})) == []
