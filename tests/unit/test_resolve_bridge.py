"""Which `moved` and `import` blocks keep things alive on the way back."""

import pytest

from tfops.records.plan import Action, Plan, ResourceChange
from tfops.resolve.bridge import Adoption, Bridge, Move, Past, find_bridge


def _plan(*changes: tuple[Action, str, str]) -> Plan:
    return Plan(
        changes=tuple(ResourceChange(address, kind, action) for action, address, kind in changes),
        changed_outputs=(),
        digest="",
        is_empty=not changes,
    )


def _renamed(kind_then: str = "disk") -> Plan:
    return _plan((Action.DELETE, "disk.new", "disk"), (Action.CREATE, f"{kind_then}.old", kind_then))


def test_the_same_id_at_another_address_is_moved_back() -> None:
    bridge = find_bridge(_renamed(), Past({"disk.old": "d-1"}), now={"disk.new": "d-1"}, declared={})
    assert bridge == Bridge(moves=(Move("disk.new", "disk.old"),))
    assert bridge.blocks() == {"moved": [{"from": "disk.new", "to": "disk.old"}]}


@pytest.mark.parametrize(
    ("plan", "then", "now"),
    [
        (_renamed(), {"disk.old": "d-1"}, {"disk.new": "d-2"}),
        (_renamed(), {"disk.old": ""}, {"disk.new": ""}),
        (_renamed("bucket"), {"bucket.old": "d-1"}, {"disk.new": "d-1"}),
        (_plan((Action.UPDATE, "disk.new", "disk")), {"disk.old": "d-1"}, {"disk.new": "d-1"}),
    ],
    ids=["another id", "no id", "another type", "nothing is lost"],
)
def test_nothing_is_moved_without_proof(plan: Plan, then: dict[str, str], now: dict[str, str]) -> None:
    assert find_bridge(plan, Past(then), now=now, declared={}).is_empty


def test_an_id_that_two_resources_share_proves_nothing() -> None:
    plan = _plan(
        (Action.DELETE, "rule.a", "rule"), (Action.DELETE, "rule.b", "rule"), (Action.CREATE, "rule.c", "rule")
    )
    assert find_bridge(plan, Past({"rule.c": "r"}), now={"rule.a": "r", "rule.b": "r"}, declared={}).is_empty


def test_what_was_let_go_is_taken_in_again_by_its_id_wherever_it_stood_then() -> None:
    plan = _plan((Action.CREATE, "disk.old", "disk"), (Action.CREATE, "disk.gone", "disk"))
    past = Past({"disk.old": "d-1", "disk.gone": "d-2"}, {"disk.old": "d-1"})
    bridge = find_bridge(plan, past, now={}, declared={})
    assert bridge == Bridge(adoptions=(Adoption("disk.old", "d-1"),))
    assert bridge.blocks() == {"import": [{"to": "disk.old", "id": "d-1"}]}


def test_what_is_back_in_the_state_is_not_taken_in_twice() -> None:
    plan = _plan((Action.CREATE, "disk.old", "disk"))
    assert find_bridge(
        plan, Past({"disk.old": "d-1"}, {"disk.old": "d-1"}), now={"disk.other": "d-1"}, declared={}
    ).is_empty


def test_a_bridge_ends_where_the_old_configurations_own_moves_begin() -> None:
    past, declared = Past({"disk.old": "d-1"}), {"disk.old": "disk.older", "disk.older": "disk.oldest"}
    assert find_bridge(_renamed(), past, now={"disk.new": "d-1"}, declared=declared).moves == (
        Move("disk.new", "disk.oldest"),
    )
    in_a_circle = {"disk.old": "disk.older", "disk.older": "disk.old"}
    assert find_bridge(_renamed(), past, now={"disk.new": "d-1"}, declared=in_a_circle).moves == (
        Move("disk.new", "disk.older"),
    )


def test_what_a_way_back_made_anew_is_still_the_thing_that_its_code_says() -> None:
    past = Past({"disk.old": "d-1"}, remade={"d-9": "d-1"})
    assert find_bridge(_renamed(), past, now={"disk.new": "d-9"}, declared={}).moves == (Move("disk.new", "disk.old"),)


def test_what_was_made_anew_and_then_let_go_is_taken_in_by_the_id_that_it_has_now() -> None:
    plan = _plan((Action.CREATE, "disk.old", "disk"))
    past = Past({"disk.old": "d-1"}, {"disk.old": "d-9"}, {"d-9": "d-1"})
    assert find_bridge(plan, past, now={}, declared={}).adoptions == (Adoption("disk.old", "d-9"),)
