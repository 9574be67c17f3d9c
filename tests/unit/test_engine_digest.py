"""The plan digest over generated plans: the same for the same work, another one for any other effect."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tfops.engine import digest
from tfops.engine.digest import SECRETS, seal
from tfops.engine.plan import read_plan, to_plan
from tfops.records.plan import Plan

_PLANS = 2_000
_ACTIONS = (["create"], ["update"], ["delete"], ["delete", "create"], ["create", "delete"])


@pytest.fixture(autouse=True)
def cheap_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested is what goes into the hash; what it costs is tested once, by itself."""
    monkeypatch.setattr(digest, "_COST", {"n": 2, "r": 1, "p": 1})


def _value(dice: random.Random, depth: int = 0) -> Any:
    kind = dice.randrange(7 if depth < 2 else 4)
    if kind < 2:
        return f"text-{dice.randrange(10**6)}"
    if kind < 4:
        return dice.choice([dice.randrange(10**6), True, 1.5, 10**20])
    if kind == 4:
        return [_value(dice, depth + 1) for _ in range(dice.randrange(1, 4))]
    return {f"k{number}": _value(dice, depth + 1) for number in range(dice.randrange(1, 4))}


def _change(dice: random.Random, number: int) -> dict[str, Any]:
    actions = dice.choice(_ACTIONS)
    names = [f"a{index}" for index in range(dice.randrange(1, 5))]
    before = None if actions == ["create"] else {name: _value(dice) for name in names}
    after = None if actions == ["delete"] else {name: _value(dice) for name in names}
    sensitive = {name: True for name in names if dice.random() < 0.3}
    return {
        "address": f"t.n{number}",
        "mode": "managed",
        "type": "t",
        "change": {
            "actions": actions,
            "before": before,
            "after": after,
            "before_sensitive": sensitive if before else {},
            "after_sensitive": sensitive if after else {},
            "after_unknown": {},
        },
    }


def _changes(dice: random.Random) -> list[dict[str, Any]]:
    return [_change(dice, number) for number in range(dice.randrange(1, 6))]


def _plan(changes: list[dict[str, Any]]) -> Plan:
    return to_plan(read_plan(json.dumps({"format_version": "1.2", "resource_changes": changes})), is_empty=False)


def _again(dice: random.Random, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same work as another run writes it: in another order, with other keys first, beside what stays."""
    found = json.loads(json.dumps(changes, sort_keys=True))
    dice.shuffle(found)
    idle = {"address": "t.idle", "mode": "managed", "type": "t", "change": {"actions": ["no-op"], "before": {"x": 1}}}
    return [*found, idle]


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _leaves(item, (*path, key))
    else:
        yield path


def _otherwise(dice: random.Random, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One thing else: a value afterwards, an action, an address, or one attribute more that changes."""
    found = copy.deepcopy(changes)
    one = dice.choice(found)
    after = one["change"]["after"]
    if after and dice.random() < 0.7:
        *way, last = dice.choice(list(_leaves(after)))
        for step in way:
            after = after[step]
        after[last] = f"{after[last]} else"
    elif dice.random() < 0.5:
        one["address"] += "x"
    else:
        one["change"]["actions"] = ["update"] if one["change"]["actions"] != ["update"] else ["delete", "create"]
    return found


def test_the_same_work_has_the_same_digest_and_any_other_effect_another_one() -> None:
    dice = random.Random(16)
    for _ in range(_PLANS):
        changes = _changes(dice)
        found = _plan(changes)
        assert _plan(_again(dice, changes)).digest == found.digest, changes
        assert _plan(_otherwise(dice, changes)).digest != found.digest, changes


def test_what_somebody_changed_by_hand_meanwhile_is_another_plan_although_it_ends_the_same() -> None:
    """The reviewed plan changes one attribute; now it would take back what was done by hand as well."""
    reviewed = _update(before={"size": 1, "tags": "a"}, after={"size": 1, "tags": "b"})
    now = _update(before={"size": 9, "tags": "a"}, after={"size": 1, "tags": "b"})
    assert _plan([reviewed]).digest != _plan([now]).digest
    assert _plan([reviewed]).prints["t.n"].whole != _plan([now]).prints["t.n"].whole


def test_a_secret_that_changed_is_one_thing_that_differs_and_its_hash_depends_on_all_others() -> None:
    def of(*secrets: str) -> Plan:
        after = {f"s{number}": secret for number, secret in enumerate(secrets)}
        return _plan([_update(before={}, after=after, after_sensitive=dict.fromkeys(after, True))])

    one, other = of("hunter2", "x"), of("hunter3", "x")
    assert {name for name in one.prints if one.prints[name] != other.prints[name]} == {SECRETS}
    assert one.prints[SECRETS].whole != of("hunter2", "y").prints[SECRETS].whole


def test_an_engine_that_leaves_a_replacements_new_side_unmarked_gives_the_same_digest() -> None:
    def of(**marks: Any) -> str:
        body = _update(before={"pw": "old-one", "n": 1}, after={"pw": "new-one", "n": 2}, **marks)
        return _plan([body | {"change": body["change"] | {"actions": ["delete", "create"]}}]).digest

    both = of(before_sensitive={"pw": True}, after_sensitive={"pw": True})
    assert of(before_sensitive={"pw": True}, after_sensitive={}) == both
    assert of(before_sensitive={}, after_sensitive={}) != both


def test_trying_a_value_costs_time_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    change = _update(before={}, after={"pw": "hunter2"}, after_sensitive={"pw": True})
    assert digest._COST["n"] * digest._COST["r"] * 128 >= 16 * 2**20  # bytes: RFC 7914
    assert len(seal([change], [])) == 128
    assert seal([_update(before={}, after={"pw": "plain"})], []) == ""


def _update(**details: Any) -> dict[str, Any]:
    return {"address": "t.n", "mode": "managed", "type": "t", "change": {"actions": ["update"], **details}}
