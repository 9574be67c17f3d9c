"""A saved plan's JSON becomes a `Plan`: classified, in order, without secrets, with a digest."""

import json
from pathlib import Path
from typing import Any

import pytest

from tfops.engine.plan import planned_outputs, read_plan, to_plan
from tfops.errors import Refused
from tfops.records.plan import Action, AttributeChange, Plan

RECORDED = Path(__file__).parent / "recorded" / "plan.json"
OF_TOFU = RECORDED.with_name("plans-opentofu-1.12.6.json")


def change(address: str = "a.b", *actions: str, **details: Any) -> dict[str, Any]:
    """One entry of `resource_changes`; details not of the change itself go to the entry."""
    outer = {
        key: details.pop(key) for key in ("previous_address", "action_reason", "mode", "deposed") if key in details
    }
    return {
        "address": address,
        "mode": "managed",
        "type": address.split(".", maxsplit=1)[0],
        "change": {"actions": list(actions or ("update",)), **details},
    } | outer


def plan(*changes: dict[str, Any], is_empty: bool = False, **document: Any) -> Plan:
    body = {"format_version": "1.2", "resource_changes": list(changes)} | document
    return to_plan(read_plan(json.dumps(body)), is_empty=is_empty)


def attributes(before: Any, after: Any, **details: Any) -> list[tuple[str, str, str]]:
    """(path, before, after) of an update."""
    [found] = plan(change(before=before, after=after, **details)).changes
    return [(item.path, item.before, item.after) for item in found.attributes]


@pytest.mark.parametrize(
    ("actions", "details", "expected"),
    [
        (["create"], {}, Action.CREATE),
        (["update"], {}, Action.UPDATE),
        (["delete"], {}, Action.DELETE),
        (["read"], {}, Action.READ),
        (["delete", "create"], {}, Action.REPLACE),
        (["create", "delete"], {}, Action.REPLACE),
        (["create", "forget"], {}, Action.DETACH),
        (["forget", "create"], {}, Action.DETACH),
        (["delete"], {"deposed": "0a1b2c3d"}, Action.CLEAN_UP),
        (["forget"], {}, Action.FORGET),
        (["no-op"], {"importing": {"id": "i-1"}}, Action.IMPORT),
        (["no-op"], {"previous_address": "a.c"}, Action.MOVE),
        (["update"], {"previous_address": "a.c"}, Action.UPDATE),
        (["update"], {"importing": {"id": "i-1"}}, Action.UPDATE),
    ],
)
def test_actions_are_classified(actions: list[str], details: dict[str, Any], expected: Action) -> None:
    [found] = plan(change("a.b", *actions, **details)).changes
    assert found.action is expected
    assert found.previous_address == details.get("previous_address", "")


def test_what_stays_is_counted_not_listed() -> None:
    found = plan(change("a.b", "no-op"), change("a.c", "no-op"), change("a.d", "no-op", mode="data"))
    assert found.changes == ()
    assert found.unchanged == 2


def test_the_worst_comes_first_then_by_address() -> None:
    kinds = {
        "x.create": ["create"],
        "x.update": ["update"],
        "x.replace": ["create", "delete"],
        "b.delete": ["delete"],
        "a.delete": ["delete"],
        "x.read": ["read"],
        "x.forget": ["forget"],
    }
    found = plan(*(change(address, *actions) for address, actions in kinds.items()))
    assert [item.address for item in found.changes] == [
        "a.delete",
        "b.delete",
        "x.replace",
        "x.update",
        "x.create",
        "x.forget",
        "x.read",
    ]
    assert [item.address for item in found.losing] == ["a.delete", "b.delete", "x.replace"]
    assert "x.read" not in [item.address for item in found.work]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("replace_because_cannot_update", "can't be changed in place"),
        ("delete_because_each_key", "its key is no longer in for_each"),
        ("delete_because_count_index", "its index is beyond count"),
        ("something_new", "something new"),
    ],
)
def test_the_engines_reason_is_said_in_words(reason: str, words: str) -> None:
    [found] = plan(change("a.b", "delete", action_reason=reason)).changes
    assert found.reason == words


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"x": 1}, {"x": 2}, [("x", "1", "2")]),
        ({"x": "a"}, {"x": "é\n"}, [("x", '"a"', '"é\\n"')]),
        ({"x": None}, {"x": True}, [("x", "null", "true")]),
        ({"x": 1}, {"x": "1"}, [("x", "1", '"1"')]),
        ({"x": 1, "y": 2}, {"x": 1, "y": 3}, [("y", "2", "3")]),
        ({}, {"x": 1}, [("x", "(none)", "1")]),
        ({"x": 1}, {}, [("x", "1", "(none)")]),
        ({"t": {"a": 1, "b": 2}}, {"t": {"a": 1, "b": 3}}, [("t.b", "2", "3")]),
        ({"l": [1, 2]}, {"l": [1, 3, 4]}, [("l[1]", "2", "3"), ("l[2]", "(none)", "4")]),
        ({"l": [{"a": [1]}]}, {"l": [{"a": [2]}]}, [("l[0].a[0]", "1", "2")]),
        ({"l": []}, {"l": [1]}, [("l", "[]", "(none)"), ("l[0]", "(none)", "1")]),
        ({"m": {}}, {"m": None}, [("m", "{}", "null")]),
    ],
)
def test_the_leaves_that_differ_are_shown(before: Any, after: Any, expected: list[tuple[str, str, str]]) -> None:
    assert attributes(before, after) == expected


@pytest.mark.parametrize("actions", [("create",), ("delete",), ("forget",)])
def test_what_is_made_or_taken_away_is_not_listed_by_attribute(actions: tuple[str, ...]) -> None:
    [found] = plan(change("a.b", *actions, before={"x": 1}, after={"x": 2})).changes
    assert found.attributes == ()


def test_long_and_hostile_values_are_made_harmless() -> None:
    [(path, before, after)] = attributes({"k\x1b[2J": "x" * 500}, {"k\x1b[2J": "\u202eevil\u200b\x9b"})
    assert path == "k [2J"
    assert before == '"' + "x" * 78 + "…"
    assert after == '" evil  "'


def test_a_sensitive_attribute_is_shown_as_changed_and_not_how() -> None:
    marks = {"before_sensitive": {"pw": True}, "after_sensitive": {"pw": True}}
    assert attributes({"pw": "old-secret"}, {"pw": "new-secret"}, **marks) == [("pw", "(sensitive)", "(sensitive)")]
    assert attributes({"pw": "same"}, {"pw": "same"}, **marks) == []


@pytest.mark.parametrize(
    ("before_marks", "after_marks"),
    [
        ({"pw": True}, {"pw": True}),
        ({"pw": True}, {}),
        ({}, {"pw": True}),
        (True, True),
        (True, {"pw": True}),
        ({"pw": {"deep": [False, True]}}, {"pw": {"deep": [False, True]}}),
        ({"pw": {"deep": [False, True]}}, {"pw": True}),
    ],
)
def test_no_marked_value_leaves_the_module(before_marks: Any, after_marks: Any) -> None:
    def values(secret: str) -> dict[str, Any]:
        nested = isinstance(before_marks, dict) and isinstance(before_marks.get("pw"), dict)
        return {"pw": {"deep": ["open", secret]} if nested else secret}

    found = plan(
        change(
            before=values("hidden-before") if before_marks else {"pw": None},
            after=values("hidden-after") if after_marks else {"pw": None},
            before_sensitive=before_marks,
            after_sensitive=after_marks,
        )
    )
    assert "hidden" not in repr(found)


def test_marks_for_fewer_elements_than_there_are_hide_what_they_name() -> None:
    found = attributes(
        {"l": ["hidden", "a", "b"]},
        {"l": ["hidden", "a", "c"]},
        before_sensitive={"l": [True]},
        after_sensitive={"l": [True]},
    )
    assert found == [("l[2]", '"b"', '"c"')]


def test_a_sensitive_value_is_hidden_in_unmarked_attributes_too() -> None:
    found = to_plan(read_plan(RECORDED.read_text(encoding="utf-8")), is_empty=False)
    assert "hunter2-secret" not in repr(found)


def test_a_sensitive_attribute_that_becomes_unknown_is_listed_once() -> None:
    marks = {"before_sensitive": {"pw": True}, "after_sensitive": {"pw": True}}
    found = attributes({"pw": "old"}, {}, after_unknown={"pw": True}, **marks)
    assert found == [("pw", "(sensitive)", "(known after apply)")]


def test_a_sensitive_value_inside_a_map_is_shown_as_changed() -> None:
    marks = {"before_sensitive": {"env": {"PW": True}}, "after_sensitive": {"env": {"PW": True}}}
    found = attributes({"env": {"PW": "old"}}, {"env": {"PW": "new"}}, **marks)
    assert found == [("env.PW", "(sensitive)", "(sensitive)")]


@pytest.mark.parametrize(
    ("before", "unknown", "expected"),
    [
        ({"id": "i-1"}, {"id": True}, [("id", '"i-1"', "(known after apply)")]),
        ({"out": {"a": 1, "b": [2, 3]}}, {"out": True}, [("out", "{…}", "(known after apply)")]),
        ({"out": [1, 2]}, {"out": True}, [("out", "{…}", "(known after apply)")]),
        ({"out": {"a": {"b": 1}, "c": 1}}, {"out": {"a": True}}, [
            ("out.a", "{…}", "(known after apply)"), ("out.c", "1", "(none)"),
        ]),
        ({"id": None}, {"id": True}, [("id", "null", "(known after apply)")]),
        ({"ab": 1}, {"a": True}, [("ab", "1", "(none)")]),
        ({}, {"new": True}, []),
    ],
)  # fmt: skip
def test_what_becomes_unknown_is_one_line(before: Any, unknown: Any, expected: list[tuple[str, str, str]]) -> None:
    assert attributes(before, {}, after_unknown=unknown) == expected


@pytest.mark.parametrize(
    ("paths", "forcing"),
    [
        ([["ami"]], {"ami"}),
        ([["disk", 0, "size"]], {"disk[0].size"}),
        ([["disk"]], {"disk[0].size"}),
        ([["dis"]], set()),
        ([], set()),
    ],
)
def test_attributes_that_force_a_replacement_are_marked(paths: list[list[Any]], forcing: set[str]) -> None:
    before, after = {"ami": 1, "disk": [{"size": 1}], "x": 1}, {"ami": 2, "disk": [{"size": 2}], "x": 2}
    [found] = plan(change("a.b", "delete", "create", before=before, after=after, replace_paths=paths)).changes
    assert {item.path for item in found.attributes if item.forces_replacement} == forcing
    assert len(found.attributes) == 3


def test_outputs_that_change_are_named_without_their_values() -> None:
    found = plan(
        output_changes={
            "b": {"actions": ["update"], "after": "hidden"},
            "a": {"actions": ["create"], "after": "hidden"},
            "same": {"actions": ["no-op"]},
        }
    )
    assert found.changed_outputs == ("a", "b")
    assert "hidden" not in repr(found)


def test_drift_is_named() -> None:
    other, same = {"before": {"x": 1}, "after": {"x": 2}}, {"before": {"x": 1}, "after": {"x": 1}}
    found = plan(
        resource_drift=[
            change("a.b", "update", **other),
            change("a.c", "delete"),
            change("a.d", "no-op"),
            change("a.e", "update", **same),  # read anew in another form, by a newer release of its provider
        ]
    )
    assert [(item.address, item.action) for item in found.drift] == [("a.c", Action.DELETE), ("a.b", Action.UPDATE)]


def test_the_engines_own_verdict_says_whether_it_is_empty() -> None:
    assert plan(is_empty=True).is_empty
    assert not plan(is_empty=False).is_empty


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"format_version": "2.0"}', '{"format_version": 1}', "{", ""])
def test_what_is_no_plan_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        read_plan(text)


def test_a_plan_without_changes_has_none() -> None:
    assert to_plan(read_plan('{"format_version": "1.0"}'), is_empty=True).changes == ()


ONE = change("a.one", before={"x": 1}, after={"x": 2})
TWO = change("a.two", "create", before=None, after={"y": [1, 2]}, after_unknown={"id": True})


def test_the_digest_does_not_depend_on_order_or_on_what_stays() -> None:
    digest = plan(ONE, TWO).digest
    assert len(digest) == 64
    assert plan(TWO, ONE, change("a.zzz", "no-op", before={"x": 1}, after={"x": 1})).digest == digest
    reordered = json.loads(json.dumps(ONE, sort_keys=True))
    assert plan(reordered, TWO).digest == digest


@pytest.mark.parametrize(
    "other",
    [
        change("a.two", before={"x": 1}, after={"x": 2}),
        change("a.one", before={"x": 1}, after={"x": 3}),
        change("a.one", "create", before=None, after={"x": 2}),
        change("a.one", before={"x": 1}, after={"x": 2}, after_unknown={"id": True}),
        change("a.one", before={"x": 1}, after={"x": 2}, previous_address="a.zero"),
        change("a.one", before={"x": 1}, after={"x": 2}, after_sensitive={"x": True}),
        change("a.one", "delete", "create", before={"x": 1}, after={"x": 2}),
    ],
    ids=["address", "value", "action", "unknown", "moved", "sensitive", "replace"],
)
def test_the_digest_differs_when_something_else_is_done(other: dict[str, Any]) -> None:
    assert plan(other).digest != plan(ONE).digest


def test_the_order_of_a_replacement_is_part_of_the_digest() -> None:
    assert plan(change("a.b", "create", "delete")).digest != plan(change("a.b", "delete", "create")).digest


def test_changed_outputs_are_part_of_the_digest() -> None:
    assert plan(ONE, output_changes={"o": {"actions": ["update"]}}).digest != plan(ONE).digest


def test_a_secrets_value_counts_and_stands_in_no_digest() -> None:
    digests = {
        plan(change(before={}, after={"pw": secret, "l": [secret]}, after_sensitive={"pw": True, "l": [True]})).digest
        for secret in ("hunter2", "correct horse")
    }
    assert len(digests) == 2


def test_a_recorded_plan_is_read_whole() -> None:
    found = to_plan(read_plan(RECORDED.read_text(encoding="utf-8")), is_empty=False)
    assert [(str(item.action), item.address) for item in found.changes] == [
        ("delete", "terraform_data.counted[1]"),
        ("delete", "terraform_data.gone"),
        ("replace", "terraform_data.new_first"),
        ("replace", "terraform_data.old_first"),
        ("update", "terraform_data.mixed"),
        ("update", "terraform_data.nested"),
        ("update", "terraform_data.secret"),
        ("create", "terraform_data.fails"),
        ("create", 'terraform_data.fresh["$${x}"]'),
        ("create", 'terraform_data.fresh["a b"]'),
        ("create", r'terraform_data.fresh["quo\"te"]'),
        ("import", "terraform_data.imported"),
        ("move", "terraform_data.after"),
        ("forget", "terraform_data.forgotten"),
    ]
    assert found.unchanged == 3
    assert found.changed_outputs == ("pw",)
    by_address = {item.address: item for item in found.changes}
    assert by_address["terraform_data.after"].previous_address == "terraform_data.before"
    assert by_address["terraform_data.nested"].attributes == (
        AttributeChange("input.a", "1", '"2"'),
        AttributeChange("input.deep.list[1]", '"y1"', '"y2"'),
        AttributeChange("output", "{…}", "(known after apply)"),
    )
    assert by_address["terraform_data.new_first"].attributes[1] == AttributeChange(
        "triggers_replace[0]", "1", '"2"', forces_replacement=True
    )
    assert "other-secret" not in repr(found)
    assert found.headline() == "4 created, 3 updated, 2 replaced, 2 deleted, 1 imported, 1 moved, 1 forgotten"


def test_of_the_outputs_only_what_is_known_is_told_on() -> None:
    def output(after: Any, unknown: Any) -> dict[str, Any]:
        return {"actions": ["update"], "after": after, "after_unknown": unknown, "after_sensitive": True}

    changes = {
        "net": output(
            {"cidr": "10.0.0.0/16", "none": None, "tags": {"a": 1}, "ids": ["x"]},
            {"vpc": True, "tags": {"a": False}, "ids": [False, True]},
        ),
        "app": output(None, True),
        "still": {"actions": ["no-op"], "after": {"name": "x"}, "after_unknown": False},
        "gone": output(None, False),
    }
    assert planned_outputs({"output_changes": changes}) == {
        "net": {"cidr": "10.0.0.0/16", "none": None, "tags": {"a": 1}},
        "still": {"name": "x"},
    }
    assert planned_outputs({}) == {}


ADDRESSES = {"before": {"id": "i-old"}}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"resource_changes": [change("a.b", "recreate")]}, "the action `recreate` for a.b"),
        ({"resource_changes": [change("a.b", "update", "forget")]}, "the action `update, forget` for a.b"),
        ({"resource_changes": [change("a.b", "create", mode="list")]}, "the mode `list` of a.b"),
        ({"resource_drift": [change("a.b", "recreate")]}, "the action `recreate` for a.b"),
        ({"output_changes": {"o": {"actions": ["rotate"]}}}, "the action `rotate` for the output o"),
        ({"errored": True}, "it is marked as one that ended with an error (`errored`)"),
        (
            {"complete": False},
            "it is marked as incomplete (`complete` is false): it leaves out what another plan must do",
        ),
        (
            {"deferred_changes": [{"reason": "x", "resource_change": change("a.b")}]},
            "a part `deferred_changes` (a.b)",
        ),
        (
            {"deferred_actions": [{"address": "action.x.y"}, {"address": "action.x.z"}]},
            "a part `deferred_actions` (action.x.y, …)",
        ),
        ({"new_things": {"a": 1}}, "a part `new_things`"),
        ({"new_flag": True}, "a part `new_flag`"),
    ],
)
def test_what_a_plan_holds_and_nobody_knows_is_refused_by_name(document: dict[str, Any], words: str) -> None:
    """`docs/explanation/engine.md`: unknown is never "nothing to do"."""
    with pytest.raises(Refused) as caught:
        plan(**document)
    assert (caught.value.guard, caught.value.why) == ("unknown-plan", words)


@pytest.mark.parametrize(
    "document",
    [
        {"errored": False, "complete": True, "applyable": False, "timestamp": "2026-11-30T00:00:00Z"},
        {"deferred_changes": [], "deferred_actions": None, "new_flag": False, "new_text": "", "new_map": {}},
    ],
    ids=["known", "empty"],
)
def test_what_says_nothing_is_not_refused(document: dict[str, Any]) -> None:
    assert plan(**document).changes == ()


def test_a_plan_of_named_resources_may_be_incomplete() -> None:
    body = {"format_version": "1.2", "complete": False, "resource_changes": []}
    assert to_plan(body, is_empty=True, is_partial=True).changes == ()


def test_a_deposed_object_is_shown_as_itself_and_counted_apart() -> None:
    """`docs/explanation/engine.md`: what an earlier replacement left over isn't the live object."""
    live, left = change("a.b", "update", **ADDRESSES), change("a.b", "delete", deposed="0a1b2c3d", **ADDRESSES)
    found = plan(live, left, change("a.c", "no-op", deposed="0a1b2c3d"))
    assert [(item.action, item.label) for item in found.changes] == [
        (Action.UPDATE, "a.b"),
        (Action.CLEAN_UP, "a.b (deposed object 0a1b2c3d)"),
    ]
    assert found.changes[1].resource_id == "i-old"
    assert (found.losing, found.unchanged) == ((), 0)
    assert found.headline() == "0 created, 1 updated, 0 replaced, 0 deleted, 1 deposed deleted"
    assert found.digest != plan(live).digest


def test_a_replacement_that_leaves_the_old_one_alive_names_it_and_asks() -> None:
    """`docs/reference/json-output.md`: `detach`."""
    found = plan(change("a.b", "forget", "create", **ADDRESSES), change("a.c", "forget", **ADDRESSES))
    assert [(item.address, item.action, item.resource_id) for item in found.changes] == [
        ("a.b", Action.DETACH, "i-old"),
        ("a.c", Action.FORGET, "i-old"),
    ]
    assert [item.address for item in found.losing] == ["a.b"]
    assert found.headline().endswith("1 replaced with the old one left alive, 1 forgotten")


@pytest.mark.parametrize(
    ("name", "action", "reason"),
    [
        ("replace", Action.DETACH, "a new one is made, the old one stays alive outside of the state"),
        ("destroy", Action.FORGET, "is left alive: its module says `destroy = false`"),
        ("gone", Action.FORGET, "is left alive: its module said `destroy = false`"),
        ("flag-gone", Action.REPLACE, "can't be changed in place"),
    ],
)
def test_recorded_plans_of_opentofu_say_what_stays_alive_and_which_one(name: str, action: Action, reason: str) -> None:
    """A resource with `destroy = false` that is replaced, destroyed, taken out; and replaced as the flag goes."""
    recorded = json.loads(OF_TOFU.read_text(encoding="utf-8"))[name]
    found = to_plan(read_plan(json.dumps(recorded)), is_empty=False)
    [change] = [change for change in found.changes if change.address == "terraform_data.kept"]
    assert (change.action, change.reason, len(change.resource_id)) == (action, reason, 36)
    assert [change.address for change in found.leaving] == ["terraform_data.kept"] * (action is not Action.REPLACE)
