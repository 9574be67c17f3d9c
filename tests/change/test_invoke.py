"""`invoke` before any action runs: who may, with what, on what."""

import pytest

from tests.support.engine_cases import one
from tests.support.recorded_fixtures import VERSIONS, Open
from tests.support.recorded_project import Shop
from tfops.change.invoke import pending_actions
from tfops.errors import EngineFailed, Locked, Refused
from tfops.records.names import EnvName

_ACTION = "module.main.action.demo_tell.it"


def test_an_engine_without_actions_is_told_so_before_anything_is_locked(play: Open) -> None:
    shop = play("life", version=VERSIONS[0])
    shop.runs(one)
    with pytest.raises(Refused, match=r"terraform 1\.11\.4 has no actions") as refused:
        shop.invoke(_ACTION)
    assert refused.value.guard == "no-actions" and shop.events() == ["begun", "recorded"]


def test_an_environment_that_does_not_run_has_nothing_to_invoke(shop: Shop) -> None:
    one(shop)
    with pytest.raises(Refused) as refused:
        shop.invoke(_ACTION)
    assert refused.value.guard == "never-applied"


def test_a_stack_that_is_not_there_is_named(shop: Shop) -> None:
    shop.runs(one)
    with pytest.raises(Refused) as refused:
        shop.invoke(f"network/{_ACTION}")
    assert refused.value.guard == "unknown-stack"


def test_whoever_holds_the_environment_is_not_disturbed(shop: Shop) -> None:
    shop.runs(one)
    shop.lock("an incident")
    with pytest.raises(Locked, match="an incident"):
        shop.invoke(_ACTION)
    assert shop.events()[-1] == "locked"


def test_an_action_that_the_engine_does_not_know_changes_nothing(shop: Shop) -> None:
    shop.runs(one)
    with pytest.raises(EngineFailed, match="can't be planned"):
        shop.invoke(_ACTION)
    assert shop.ledger().lock is None and shop.events() == ["begun", "recorded"]


def test_a_change_that_came_to_its_end_left_no_action(shop: Shop) -> None:
    shop.runs(one)
    assert not pending_actions(shop.project, EnvName("dev"))
