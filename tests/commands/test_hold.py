"""`hold`, and the half of `resume` that lifts one."""

import pytest

from tests.support.engine_cases import one, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop
from tfops.errors import Refused, StoppedPartWay, UsageError
from tfops.records.decision import SyncReason


def test_a_held_environment_stays_at_its_version(shop: Shop) -> None:
    shop.runs(one)
    result = shop.hold("the demo")
    assert (str(result.version), result.reason, result.is_held) == ("v1", "the demo", True)
    two(shop)
    with pytest.raises(Refused) as refused:
        shop.apply()
    assert (refused.value.guard, "held at v1: the demo" in refused.value.what) == ("held", True)
    assert shop.decision().reason is SyncReason.HELD
    assert shop.status().current.hold == "the demo"  # type: ignore[union-attr]


def test_a_hold_is_no_version_and_leaves_the_card_alone(shop: Shop) -> None:
    shop.runs(one)
    before = shop.card()
    shop.hold("the demo")
    assert (shop.tags(), shop.card(), shop.events()[-1]) == (["tfops/dev/v1"], before, "held")


def test_a_lifted_hold_lets_the_next_commit_through(shop: Shop) -> None:
    shop.runs(one)
    shop.hold("the demo")
    lifted = shop.lift()
    assert lifted and (lifted.reason, lifted.is_held) == ("the demo", False)
    two(shop)
    assert str(shop.apply().version) == "v2"
    assert shop.events()[2:4] == ["held", "hold-lifted"]


def test_the_hold_of_a_rollback_is_lifted_the_same_way(shop: Shop) -> None:
    shop.runs(one, two)
    shop.rollback("v1")
    lifted = shop.lift()
    assert lifted and lifted.reason == "rolled back to v1"
    assert str(shop.apply().version) == "v4"


def test_where_nothing_is_held_nothing_is_lifted(shop: Shop) -> None:
    shop.runs(one)
    assert shop.lift() is None and shop.events() == ["begun", "recorded"]


def test_what_was_never_applied_cannot_be_held(shop: Shop) -> None:
    one(shop)
    with pytest.raises(Refused) as refused:
        shop.hold("the demo")
    assert (refused.value.guard, refused.value.hint) == ("never-applied", "tfops lock dev")


def test_a_hold_has_a_reason(shop: Shop) -> None:
    shop.runs(one)
    with pytest.raises(UsageError):
        shop.hold(" \n")


def test_a_hold_can_be_set_under_a_lock_by_hand(shop: Shop) -> None:
    shop.runs(one)
    shop.lock("an incident")
    assert shop.hold("until it is understood").is_held
    lock = shop.ledger().lock
    assert lock and lock.reason == "an incident"


def test_a_change_that_stopped_comes_before_a_hold(play: Open) -> None:
    shop = play("life")
    shop.runs(one)
    shop.hold("the demo")
    two(shop)
    with shop.engine.otherwise("apply", is_silent=True), pytest.raises(StoppedPartWay):
        shop.apply(allowed=["held"])
    assert shop.lift() is None, "`resume` finishes what stopped"
    assert str(shop.resume().version) == "v2"


def test_a_colleagues_clone_sees_the_hold(shared: Shop) -> None:
    shared.runs(one)
    shared.hold("the demo")
    assert shared.clone().status().current.hold == "the demo"  # type: ignore[union-attr]
