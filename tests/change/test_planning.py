"""Before anybody is asked: what stops a plan, and that nothing was changed by it."""

import json

import pytest

from tests.support.engine_cases import one, two
from tests.support.recorded_fixtures import VERSIONS, Open
from tests.support.recorded_project import Shop
from tfops.errors import EngineFailed, Refused


def refused(shop: Shop) -> Refused:
    with pytest.raises(Refused) as caught:
        shop.apply()
    assert shop.ledger().lock is None and shop.ledger().intent is None
    return caught.value


@pytest.mark.parametrize("version", VERSIONS)
def test_an_error_in_a_module_is_told_with_its_place_in_the_module(play: Open, version: str) -> None:
    shop = play("broken", version=version)
    shop.wants("broken", value="four")
    with pytest.raises(EngineFailed) as failed:
        shop.apply()
    assert "modules/broken/main.tf:2" in failed.value.why and "Invalid function argument" in failed.value.why
    assert (shop.tags(), shop.events()) == ([], []), "nothing was begun"
    shop.wants("broken", value="4")
    assert str(shop.apply().version) == "v1"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_provider_that_is_nowhere_stops_at_the_initialization(play: Open, version: str) -> None:
    shop = play("absent", version=version)
    shop.wants("absent")
    with pytest.raises(EngineFailed, match="the initialization failed") as failed:
        shop.plan()
    assert "tfops/absent" in failed.value.why
    assert not shop.state_file().exists()


def test_a_state_of_another_lineage_is_not_planned_on(shop: Shop) -> None:
    shop.runs(one)
    two(shop)
    state = shop.state()
    shop.state_file().write_text(json.dumps(state | {"lineage": "00000000-0000-4000-8000-00000000ffff"}))
    assert refused(shop).guard == "state-lineage"


def test_a_state_that_is_older_than_the_card_is_not_planned_on(shop: Shop) -> None:
    shop.runs(one)
    before = shop.state_file().read_text()
    two(shop)
    shop.apply()
    shop.state_file().write_text(before)
    one(shop)
    assert refused(shop).guard == "state-older"


def test_a_state_that_is_gone_is_not_made_anew(shop: Shop) -> None:
    shop.runs(one)
    shop.state_file().unlink()
    two(shop)
    error = refused(shop)
    assert (error.guard, "everything would be created twice" in error.why) == ("state-absent", True)
    assert not shop.state_file().exists()


def test_a_first_version_is_not_made_over_somebody_elses_state(shop: Shop) -> None:
    shop.runs(one)
    found = shop.state_file().read_text()
    for ref in ("refs/tags/tfops/dev/v1", "refs/tfops/envs/dev"):
        shop.git("update-ref", "-d", ref)
    two(shop)
    assert refused(shop).guard == "state-exists"
    assert shop.state_file().read_text() == found


def test_an_older_engine_than_the_one_that_applied_is_refused(play: Open) -> None:
    shop = play("life", version=VERSIONS[-1])
    shop.runs(one)
    two(shop)
    shop.engine.play("life", VERSIONS[0])
    assert refused(shop).guard == "older-engine"
    shop.engine.play("life", VERSIONS[-1])
    assert str(shop.apply().version) == "v2"


def test_an_engine_that_tfops_yaml_forbids_is_not_started(shop: Shop) -> None:
    shop.rules("version: 1\nproject: shop\nengine: {version: '~> 1.9.0'}\nenvironments:\n  dev: {branch: main}\n")
    one(shop)
    with pytest.raises(Exception, match=r"asks for an engine ~> 1\.9\.0"):
        shop.plan()
    assert not (shop.workspace / "roots").exists() or not list((shop.workspace / "roots").rglob("plan*"))


def test_a_newer_engine_initializes_the_root_again(play: Open) -> None:
    shop = play("life", version=VERSIONS[0])
    shop.runs(one)
    shop.engine.play("life", VERSIONS[-1])
    two(shop)
    assert (str(shop.apply().version), shop.card().engine.version) == ("v2", VERSIONS[-1])


def test_a_plan_starts_the_engine_no_more_often_than_needed(shop: Shop) -> None:
    one(shop)
    assert shop.apply().engine_starts == 4, (
        "init, plan, apply; and show, because its plan file is none of a real engine"
    )
    two(shop)
    assert shop.apply().engine_starts == 3, "the root is initialized"


def test_the_mistake_in_an_environments_file_is_told_before_any_engine_runs(shop: Shop) -> None:
    shop.wants("thing", value="one", vlaue="two")
    with pytest.raises(Exception, match="mistake") as caught:
        shop.plan()
    assert getattr(caught.value, "exit_code", None) == 10
    assert not list(shop.workspace.glob("runs/dev/*/*/*-init.out"))


def test_an_engine_that_shows_nothing_of_its_plan_and_ends_well_has_failed(shop: Shop) -> None:
    one(shop)
    with (
        shop.engine.otherwise("show", is_silent=True),
        pytest.raises(EngineFailed, match="the plan can't be read") as failed,
    ):
        shop.apply()
    assert "`show -json` of terraform" in failed.value.why
    assert (shop.tags(), shop.events()) == ([], []), "nothing was begun"
    assert str(shop.apply().version) == "v1"
