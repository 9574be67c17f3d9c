"""`apply --if-changed`: nothing is planned where the commit renders what runs, whole and well."""

import pytest

from tests.support.engine_cases import FAILS, let_go, one, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import RULES, Shop
from tfops.errors import EngineFailed, NotVerified, Refused, StoppedPartWay
from tfops.views.change import ChangeResult


def asked(shop: Shop) -> ChangeResult:
    return shop.apply(only_if_changed=True)


def test_no_engine_starts_where_git_says_that_it_runs(shop: Shop) -> None:
    shop.runs(one)
    shop.engine.path.unlink()  # nobody is asked, not even for a version
    again = asked(shop)
    assert (again.was_planned, again.version, str(again.previous), again.engine_starts) == (False, None, "v1", 0)
    shop.write("README.md", "More\n")
    shop.commit("Nothing that an engine reads")
    assert not asked(shop).was_planned
    assert (shop.tags(), shop.ledger().lock) == (["tfops/dev/v1"], None)


def test_an_input_and_a_module_are_changes(shop: Shop) -> None:
    shop.runs(one)
    two(shop)
    assert str(asked(shop).version) == "v2"
    shop.write("modules/thing/more.tf", "# read by an engine\n")
    shop.commit("A module")
    with pytest.raises(EngineFailed, match="the modules can't be taken in"):  # it was asked, and nobody recorded that
        asked(shop)


def test_before_the_first_version_and_after_a_destroy_there_is_something_to_do(shop: Shop) -> None:
    one(shop)
    assert str(asked(shop).version) == "v1"
    shop.destroy()
    assert str(asked(shop).version) == "v3"


def test_what_stopped_half_way_is_planned(play: Open) -> None:
    shop = play("stopping")
    shop.wants("failing", value="one", without=FAILS)
    with pytest.raises(StoppedPartWay):
        shop.apply()
    let_go(shop)
    assert str(asked(shop).version) == "v1"
    (shop.workspace / "roots/dev/main/GO").unlink()
    shop.wants("failing", value="two", without=FAILS)
    with pytest.raises(StoppedPartWay):
        shop.apply()
    shop.wants("failing", value="one", without=FAILS)
    assert asked(shop).was_planned


def test_a_version_that_is_not_verified_is_verified_again(shop: Shop) -> None:
    shop.rules(f"{RULES[:-1].removesuffix('}')}, verify: [{{name: up, command: [test, -e, up]}}]}}\n")
    one(shop)
    with pytest.raises(NotVerified):
        shop.apply()
    with pytest.raises(NotVerified):
        asked(shop)


def test_the_guards_speak_as_ever(shop: Shop) -> None:
    shop.runs(one)
    shop.write("modules/thing/more.tf", "# not committed\n")
    with pytest.raises(Refused) as refused:
        asked(shop)
    assert refused.value.guard == "dirty"
