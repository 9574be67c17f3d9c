"""A saved plan read by tfops itself: what it says, and whatever isn't known ends the reading."""

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgpack import ExtType, packb

from tests.support.plan_writer import (
    ENGINE_VERSION,
    UNKNOWN,
    Part,
    archive,
    change,
    message,
    output,
    path,
    plan,
    resource,
    typed,
    value,
    varint,
)
from tfops.engine.locate import Engine
from tfops.engine.plan import to_plan
from tfops.engine.planfile.compared import COMPARED, is_compared
from tfops.engine.planfile.document import read_plan_of, read_saved_plan
from tfops.engine.planfile.unfamiliar import MOST_BYTES, Budget, Unfamiliar
from tfops.engine.planfile.values import plain, read_value
from tfops.records.plan import Action, AttributeChange

NO_OP, CREATE, READ, UPDATE, DELETE, DELETE_FIRST, CREATE_FIRST, FORGET, LEAVE = 0, 1, 2, 3, 5, 6, 7, 8, 9


def read(*parts: Part, **options: Any) -> dict[str, Any]:
    return read_plan_of(plan(*parts, **options), ENGINE_VERSION)


def attributes(*parts: Part) -> list[tuple[str, str, str]]:
    [found] = to_plan(read(*parts), is_empty=False).changes
    return [(item.path, item.before, item.after) for item in found.attributes]


def engine(name: str = "terraform", version: str = ENGINE_VERSION) -> Engine:
    return Engine(name, version, f"/usr/bin/{name}", "found on PATH")


@pytest.mark.parametrize(
    ("action", "values", "expected"),
    [
        (CREATE, [{"a": 1}], Action.CREATE),
        (READ, [None, {"a": 1}], Action.READ),
        (UPDATE, [{"a": 1}, {"a": 2}], Action.UPDATE),
        (DELETE, [{"a": 1}], Action.DELETE),
        (DELETE_FIRST, [{"a": 1}, {"a": 2}], Action.REPLACE),
        (CREATE_FIRST, [{"a": 1}, {"a": 2}], Action.REPLACE),
        (FORGET, [{"a": 1}], Action.FORGET),
    ],
)
def test_each_action_is_what_the_engine_calls_it(action: int, values: list[Any], expected: Action) -> None:
    [found] = to_plan(read(resource("a.b", change(action, *values))), is_empty=False).changes
    assert (found.action, found.address, found.resource_type) == (expected, "a.b", "a")


@pytest.mark.parametrize(
    ("address", "mode", "kind"),
    [
        ("a.b", "managed", "a"),
        ('module.x["a.b"].a.b["c.d[0]"]', "managed", "a"),
        ("module.module.data.a.b[0]", "data", "a"),
        ('module.x["]"].module.y[0].data.a.data', "data", "a"),
    ],
)
def test_mode_and_type_stand_in_the_address(address: str, mode: str, kind: str) -> None:
    [found] = read(resource(address, change(CREATE, {})))["resource_changes"]
    assert (found["mode"], found["type"]) == (mode, kind)


def test_a_move_an_import_a_reason_and_a_deposed_object_are_told() -> None:
    importing: Part = (5, message((1, "i-1")))
    document = read(
        resource("a.moved", change(NO_OP, {"id": "m"}), (14, "a.old")),
        resource("a.imported", change(NO_OP, {"id": "i-1"}, more=[importing])),
        resource("a.left", change(DELETE, {"id": "d"}), (7, "0a1b2c3d"), (12, 4)),
        resource("a.tainted", change(DELETE_FIRST, {"id": "t"}, {"id": UNKNOWN}), (12, 1), (11, path("id"))),
    )
    found = {item.address: item for item in to_plan(document, is_empty=False).changes}
    assert (found["a.moved"].action, found["a.moved"].previous_address) == (Action.MOVE, "a.old")
    assert (found["a.imported"].action, found["a.imported"].reason) == (Action.IMPORT, "imported by its id")
    assert (found["a.left"].action, found["a.left"].resource_id) == (Action.CLEAN_UP, "d")
    assert found["a.tainted"].reason == "was left damaged by an earlier apply"
    assert found["a.tainted"].attributes == (AttributeChange("id", '"t"', "(known after apply)", True),)


def test_drift_leaves_out_what_only_moved_unless_the_plan_only_looks() -> None:
    moved = message((13, "a.b"), (14, "a.old"), (9, change(NO_OP, {"a": 1})))
    changed = message((13, "a.c"), (9, change(UPDATE, {"a": 1}, {"a": 2})))
    parts: list[Part] = [(18, moved), (18, changed)]
    assert [item["address"] for item in read(*parts)["resource_drift"]] == ["a.c"]
    assert [item["address"] for item in read(*parts, (17, 2))["resource_drift"]] == ["a.b", "a.c"]


def test_outputs_bring_their_types_along() -> None:
    kind = ["object", {"n": "number", "l": ["tuple", ["number", "string"]], "d": "dynamic"}]
    known = typed(kind, {"n": "0.1", "l": ["40.3", "40.3"], "d": None})
    document = read(
        output("known", change(CREATE, known)),
        output("partly", change(CREATE, typed(["object", {"a": "string", "b": "string"}], {"a": UNKNOWN, "b": "x"}))),
        output("later", change(CREATE, UNKNOWN)),
        output("gone", change(DELETE, typed("string", "x")), (3, 1)),
    )
    changes = document["output_changes"]
    assert changes["known"]["after"] == {"n": 0.1, "l": [40.3, "40.3"], "d": None}
    assert (changes["partly"]["after"], changes["partly"]["after_unknown"]) == ({"b": "x"}, {"a": True})
    assert (changes["later"]["after"], changes["later"]["after_unknown"]) == (None, True)
    assert changes["gone"]["before_sensitive"] is True
    assert document["planned_values"]["outputs"] == {"known": {"type": kind}}


@pytest.mark.parametrize(
    ("packed", "expected"),
    [
        (0.5, 0.5), (0.1, 0.1), (1e300, 10**300), (2.0**63, 9223372036854776000), (-0.25, -0.25),
        (-1, -1), (-200, -200), (2**63 - 1, 2**63 - 1), (-(2**63), -(2**63)), ([], []), ({}, {}),
        (typed("number", "12345678901234567890123"), 12345678901234567890123),
        (typed("number", "0.12345678901234567890123"), Decimal("0.12345678901234567890123")),
        (typed(["map", "number"], {"a": "0.1"}), {"a": 0.1}),
        (typed(["set", "string"], ["0.1"]), ["0.1"]),
    ],
)  # fmt: skip
def test_a_number_is_what_json_would_say(packed: Any, expected: Any) -> None:
    found = plain(read_value(packb(packed), Budget()))
    assert found == expected
    assert type(found) is type(expected)


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner, max_size=20),
)


@settings(max_examples=40, deadline=None)
@given(_PLAIN)
def test_every_form_of_msgpack_is_read(content: Any) -> None:
    assert read_value(packb(content), Budget()) == content


def test_long_texts_lists_and_maps_are_read() -> None:
    content: list[Any] = ["x" * length for length in (31, 32, 255, 256, 65536)]
    content.append({str(place): list(range(place)) for place in (15, 16, 70_000)})
    content.append({str(place): None for place in range(70_000)})
    assert read_value(packb(content), Budget()) == content


@given(st.binary(max_size=200))
def test_bytes_that_are_no_value_end_the_reading_and_nothing_else(data: bytes) -> None:
    with contextlib.suppress(Unfamiliar):
        read_value(data, Budget())


def test_what_is_sensitive_is_hidden_wherever_it_stands() -> None:
    old = {"pw": "old", "tags": {"a": "x", "b": "y"}, "list": ["a", "b"], "set": ["s"], "open": "1"}
    new = {"pw": "new", "tags": {"a": "z", "b": "q"}, "list": ["a", "c"], "set": ["t"], "open": "2"}
    paths = [path("pw"), path("tags", ["a"]), path("list", [1]), path("set")]
    assert attributes(resource("a.b", change(UPDATE, old, new, before=paths, after=paths))) == [
        ("list[1]", "(sensitive)", "(sensitive)"),
        ("open", '"1"', '"2"'),
        ("pw", "(sensitive)", "(sensitive)"),
        ("set", "(sensitive)", "(sensitive)"),
        ("tags.a", "(sensitive)", "(sensitive)"),
        ("tags.b", '"y"', '"q"'),
    ]


@pytest.mark.parametrize("steps", [("pw", "deeper"), ("list", ["a"]), ("list", "a"), ("tags", [0])])
def test_a_mark_that_does_not_fit_the_value_hides_all_that_it_could_mean(steps: Any) -> None:
    content = {"pw": "hunter2", "list": ["hunter2"], "tags": {"a": "hunter2"}}
    before = {"pw": "x", "list": ["x"], "tags": {"a": "x"}}
    document = read(resource("a.b", change(UPDATE, before, content, after=[path(*steps)])))
    [found] = document["resource_changes"]
    assert found["change"]["after_sensitive"] == {steps[0]: True}


def test_a_mark_inside_of_a_set_hides_the_set() -> None:
    element = message((1, message((1, "set"))), (1, message((2, value({"a": 1})))))
    [found] = read(resource("a.b", change(CREATE, {"set": [{"a": "x"}]}, after=[element])))["resource_changes"]
    assert found["change"]["after_sensitive"] == {"set": True}


@pytest.mark.parametrize("action", [DELETE_FIRST, CREATE_FIRST])
def test_the_new_side_of_a_replacement_hides_what_the_schema_hid_in_the_old_one(action: int) -> None:
    """The engine leaves the schema's marks out of the new side: docs/adr/0026-the-saved-plan-is-read.md."""
    old = {"pw": "hunter1", "rule": [{"port": 1, "key": "hunter2"}], "tags": {"a": "1", "b": "2"}}
    new = {"pw": "hunter3", "rule": [{"port": 1, "key": "hunter4"}, {"port": 2, "key": "hunter5"}]}
    marked = [path("pw"), path("rule", [0], "key"), path("tags", ["a"])]
    content = change(action, old, new | {"tags": {"a": "3", "b": "4"}}, before=marked)
    assert attributes(resource("a.b", content)) == [
        ("pw", "(sensitive)", "(sensitive)"),
        ("rule[0].key", "(sensitive)", "(sensitive)"),
        ("rule[1].key", "(none)", "(sensitive)"),
        ("rule[1].port", "(none)", "2"),
        ("tags.a", "(sensitive)", "(sensitive)"),
        ("tags.b", '"2"', '"4"'),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"rule": []}, {"rule": [{"key": "hunter2"}]}),
        ({"one": None}, {"one": {"key": "hunter2"}}),
        ({"rule": [{"in": []}]}, {"rule": [{"in": [{"key": "hunter2"}]}]}),
        ({"map": {"a": {"in": None}}}, {"map": {"b": {"in": {"key": "hunter2"}}}}),
        (None, {"key": "hunter2"}),
    ],
)
def test_a_replacement_with_a_part_that_was_not_there_before_is_left_to_the_engine(old: Any, new: Any) -> None:
    with pytest.raises(Unfamiliar, match="not there before"):
        read(resource("a.b", change(DELETE_FIRST, old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"rule": [{"key": 1}], "x": None}, {"rule": [], "x": "text"}),
        ({"map": {"a": {"key": 1}}}, {"map": {"b": {"key": 2}}}),
        ({"any": None}, {"any": typed(["object", {"a": "string"}], {"a": "x"})}),
        ({"list": []}, {"list": ["a", ["b"]], "empty": {}}),
    ],
)
def test_a_replacement_whose_parts_were_there_is_read(old: Any, new: Any) -> None:
    assert read(resource("a.b", change(DELETE_FIRST, old, new)))["resource_changes"]


def test_an_action_is_told_with_what_runs_it() -> None:
    trigger = message((1, "a.b"), (2, 1), (3, 1), (4, 2))
    config = value({"text": "hunter2", "open": UNKNOWN})
    run = message((1, "module.m.action.say.x[0]"), (4, config), (5, path("text")), (6, trigger))
    document = read((30, run))
    [found] = to_plan(document, is_empty=False).actions
    assert (found.address, found.action_type) == ("module.m.action.say.x[0]", "say")
    assert (found.trigger, found.event) == ("a.b", "before create")
    [raw] = document["action_invocations"]
    assert (raw["config_values"], raw["config_sensitive"]) == ({"text": "hunter2"}, {"text": True})
    assert raw["config_unknown"] == {"open": True}


_GOOD = resource("a.b", change(CREATE, {"a": 1}))
_UNFAMILIAR: dict[str, tuple[Part, ...]] = {
    "a deferred change": ((27, b""),),
    "a deferred action": ((31, b""),),
    "a state store": ((29, b""),),
    "a field that nobody knows": ((99, 1),),
    "a field in another form": ((20, b"\1"),),
    "a flag that stands there twice": ((20, 1), (20, 1)),
    "another mode": ((17, 3),),
    "a field of a resource": (resource("a.b", change(CREATE, {}), (15, "x")),),
    "a field of a change": (resource("a.b", change(CREATE, {}, more=[(9, b"")])),),
    "a field of an output": (output("a", change(CREATE, {}), (4, 1)),),
    "a field of a value": (resource("a.b", message((1, CREATE), (2, message((1, packb({})), (2, b""))))),),
    "a value without one": (resource("a.b", message((1, CREATE), (2, b""))),),
    "a field of a path": (resource("a.b", change(CREATE, {}, after=[message((2, b""))])),),
    "a field of a step": (resource("a.b", change(CREATE, {}, after=[message((1, message((3, 1))))])),),
    "a field of an import": (resource("a.b", change(NO_OP, {}, more=[(5, message((4, 1)))])),),
    "another action": (resource("a.b", change(4, {})),),
    "an action of later versions": (resource("a.b", change(LEAVE, {}, {})),),
    "OpenTofu's action": (resource("a.b", change(10, {}, {})),),
    "too few values": (resource("a.b", change(UPDATE, {})),),
    "too many values": (resource("a.b", change(CREATE, {}, {})),),
    "another reason": (resource("a.b", change(CREATE, {}), (12, 14)),),
    "an address of another kind": (resource("ephemeral.a.b", change(CREATE, {})),),
    "an address that is none": (resource("a", change(CREATE, {})),),
    "an extension": (resource("a.b", change(CREATE, {"a": ExtType(5, b"x")})),),
    "bytes": (resource("a.b", change(CREATE, {"a": b"x"})),),
    "a type that is none": (resource("a.b", change(CREATE, {"a": [b"[", 1]})),),
    "a number without an end": (resource("a.b", change(CREATE, {"a": float("inf")})),),
    "a number that is none": (resource("a.b", change(CREATE, {"a": typed("number", "x")})),),
    "an action without a trigger": ((30, message((1, "action.a.b"))),),
    "a field of a trigger": ((30, message((1, "action.a.b"), (6, message((1, "a.b"), (2, 1), (5, 1))))),),
    "another event": ((30, message((1, "action.a.b"), (6, message((1, "a.b"), (2, 7))))),),
}


@pytest.mark.parametrize("parts", _UNFAMILIAR.values(), ids=_UNFAMILIAR)
def test_whatever_is_not_known_is_left_to_the_engine(parts: tuple[Part, ...]) -> None:
    with pytest.raises(Unfamiliar):
        read(_GOOD, *parts)


@pytest.mark.parametrize(
    "content",
    [
        plan(_GOOD, version=4),
        plan(_GOOD, engine_version="1.15.6"),
        b'{"meta": {}, "encrypted_data": "x"}',
        b"",
        archive({}),
        archive({"tfplan": b"\x0d\0\0\0\0"}),
        archive({"tfplan": b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"}),
    ],
    ids=["format 4", "another engine", "encrypted", "empty", "no plan", "a wire type", "a length without an end"],
)
def test_another_file_is_left_to_the_engine(content: bytes) -> None:
    with pytest.raises(Unfamiliar):
        read_plan_of(content, ENGINE_VERSION)


def test_a_file_that_was_cut_or_changed_anywhere_is_read_as_it_was_or_not_at_all() -> None:
    """Each byte of the archive is under its checksum, or says where that is."""
    content = plan(_GOOD, resource("a.c", change(UPDATE, {"a": "x"}, {"a": "y"}, after=[path("a")])))
    whole = read_plan_of(content, ENGINE_VERSION)
    broken = [content[:length] for length in range(len(content))]
    broken += [content[:at] + bytes([content[at] ^ 0x11]) + content[at + 1 :] for at in range(len(content))]
    found = [_read_or_none(one) for one in broken]
    assert [one for one in found if one not in (whole, None)] == []
    assert all(one is None for one in found[: len(content)]), "a file that was cut is read"
    assert found.count(None) > len(found) / 2


def _read_or_none(content: bytes) -> Any:
    try:
        return read_plan_of(content, ENGINE_VERSION)
    except Unfamiliar:
        return None


_DEEP = b"\x91" * 1_000_000
_WIDE = b"\xdd\xff\xff\xff\xff" + b"\x90" * 1_000


@pytest.mark.parametrize(
    "content",
    [
        archive({"tfplan": bytes(MOST_BYTES + 1)}),
        plan(resource("a.b", message((1, CREATE), (2, message((1, _DEEP)))))),
        plan(resource("a.b", message((1, CREATE), (2, message((1, _WIDE)))))),
        plan(*[(5, b"")] * 1_000),
    ],
    ids=["a large file", "deep values", "many values", "many fields"],
)
def test_a_bomb_is_left_alone(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte of a file can become a hundred in memory: what is made of one file is counted."""
    monkeypatch.setattr("tfops.engine.planfile.document.Budget", lambda: Budget(left=500))
    with pytest.raises(Unfamiliar, match=r"too large|deep|parts"):
        read_plan_of(content, ENGINE_VERSION)


def test_only_engines_that_were_compared_are_read() -> None:
    content = plan(_GOOD)
    assert read_saved_plan(content, engine())["resource_changes"]
    for other in (engine("tofu"), engine(version="1.15.6"), engine(version="1.7.5")):
        assert not is_compared(other)
        with pytest.raises(Unfamiliar, match="not compared"):
            read_saved_plan(content, other)


def test_no_version_is_compared_whose_plans_lack_the_schemas_marks() -> None:
    """Terraform below 1.8 leaves what the provider marks as sensitive out of the file."""
    assert all(tuple(map(int, one.split(".")[:2])) >= (1, 8) for one in COMPARED["terraform"])
    assert set(COMPARED) == {"terraform"}


def test_a_length_is_read_in_all_its_bytes() -> None:
    assert varint(300) == b"\xac\x02"
    [found] = read(resource("a.b", change(CREATE, {"a": "x" * 300})))["resource_changes"]
    assert found["change"]["after"] == {"a": "x" * 300}
