"""`drill`: the way back rehearsed in another environment, and nothing of it in the one that is rehearsed."""

import pytest

from tests.support.engine_cases import one, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop
from tfops.commands.show import show
from tfops.errors import Refused

_RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n  place: {rehearses: dev}\n"


@pytest.fixture
def drilled(play: Open) -> Shop:
    """v1 and v2 of dev, and a place for its drills."""
    shop = play("life", rules=_RULES)
    shop.runs(one, two)
    return shop


def test_a_drill_goes_there_and_back_and_leaves_nothing(drilled: Shop) -> None:
    state = drilled.state()
    result = drilled.drill("v1")
    assert result.drill.is_ok, result.drill.why
    assert set(result.drill.seconds) == {"apply", "forward", "rollback"}
    assert (drilled.state(), drilled.state("place")["resources"]) == (state, [])
    assert drilled.events("place") == ["begun", "recorded"] * 4, "apply, forward, back, destroy"
    assert drilled.events()[-1] == "drilled"


def test_a_drill_is_told_beside_its_version(drilled: Shop) -> None:
    drilled.drill("v1")
    drill = show(drilled.project, "dev", "v1").drill
    assert drill and (drill.place, drill.is_ok) == ("place", True)
    assert show(drilled.project, "dev", "v2").drill is None


def test_a_drill_that_is_kept_stands_in_its_place(drilled: Shop) -> None:
    drilled.drill("v1", keep=True)
    assert drilled.addresses("place") == ["main"]
    assert drilled.card("place").rehearses == "dev"
    assert drilled.drill("v1").drill.is_ok, "what drills left is in no drill's way"


def test_a_drill_that_fails_says_at_which_step(drilled: Shop) -> None:
    with drilled.engine.otherwise("apply", is_silent=True):
        result = drilled.drill("v1")
    assert not result.drill.is_ok and result.exit_code == 13
    assert result.drill.why.startswith("apply: ")
    assert drilled.ledger().trouble is None, "dev is as it was"
    assert drilled.history()["v1"] is not None


def test_what_runs_now_has_no_way_back_to_rehearse(drilled: Shop) -> None:
    with pytest.raises(Refused, match="no way back to rehearse"):
        drilled.drill("v2")


def test_without_a_place_one_must_be_named(shop: Shop) -> None:
    shop.runs(one, two)
    with pytest.raises(Refused) as refused:
        shop.drill("v1")
    assert refused.value.guard == "drill" and "drill-dev: {rehearses: dev}" in refused.value.hint


def test_an_environment_is_no_place_for_its_own_drill(drilled: Shop) -> None:
    with pytest.raises(Refused, match="it is the one that is rehearsed"):
        drilled.drill("v1", place="dev")


def test_a_place_that_runs_something_of_its_own_is_left_alone(play: Open) -> None:
    shop = play(
        "life", rules="version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n  test: {branch: main}\n"
    )
    shop.runs(one, two)
    shop.wants("thing", "test", value="one")
    shop.apply("test")
    with pytest.raises(Refused, match="made by no drill"):
        shop.drill("v1", place="test")


def test_a_place_for_drills_is_never_applied_to(drilled: Shop) -> None:
    with pytest.raises(Refused) as refused:
        drilled.apply("place")
    assert refused.value.guard == "drill"
