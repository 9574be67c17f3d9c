"""What the latest version has and the state lacks: neither made a second time nor left alone without a word."""

import json
from typing import Any

import pytest

from tests.support.engine_cases import keyed, one, two
from tests.support.recorded_project import Shop
from tfops.errors import Refused

A, B = (f'module.main.terraform_data.each["{key}"]' for key in "ab")


def take_out(shop: Shop, name: str) -> dict[str, Any]:
    """As `terraform state rm` by hand: the real thing lives on. Returns the state from before."""
    state: dict[str, Any] = shop.state()
    kept = [resource for resource in state["resources"] if resource["name"] != name]
    shop.state_file().write_text(json.dumps(state | {"resources": kept, "serial": state["serial"] + 1}))
    return state


@pytest.fixture
def lacking(shop: Shop) -> Shop:
    """The state lacks the two resources with keys that v1 has; HEAD is v1's commit."""
    keyed(shop)
    shop.apply()
    take_out(shop, "each")
    return shop


def test_what_left_the_state_by_hand_is_not_made_a_second_time(lacking: Shop) -> None:
    with pytest.raises(Refused) as refused:
        lacking.apply()
    error = refused.value
    assert error.guard == "state-lacks" and A in error.what and B in error.what
    assert "something else than tfops wrote it" in error.why
    assert f"--allow-missing '{A}'" in error.hint
    assert lacking.ledger().intent is None and lacking.addresses() == ["main"]


def test_nor_is_it_left_alive_by_a_commit_that_no_longer_has_it(lacking: Shop) -> None:
    two(lacking)
    with pytest.raises(Refused) as refused:
        lacking.apply()
    assert refused.value.guard == "state-lacks"


@pytest.mark.parametrize("command", ["plan", "rollback", "destroy", "look"])
def test_every_command_that_reads_the_state_says_so(lacking: Shop, command: str) -> None:
    one(lacking)
    lacking.apply(allow_missing=[A, B])
    keyed(lacking)
    lacking.apply()
    take_out(lacking, "each")
    with pytest.raises(Refused) as refused:
        getattr(lacking, command)()
    assert refused.value.guard == "state-lacks"


def test_what_a_person_names_is_let_go_and_said_once_more(lacking: Shop) -> None:
    two(lacking)
    with pytest.raises(Refused):
        lacking.apply(allow_missing=[A])
    result = lacking.apply(allow_missing=[A, B])
    assert str(result.version) == "v2"
    assert [warning for warning in lacking.ui.warnings if "is left to itself" in warning]
    assert str(lacking.apply(allow_missing=[]).version) == "None", "from then on nothing lacks"


def test_a_state_that_is_put_back_is_as_before(shop: Shop) -> None:
    shop.runs(keyed)
    before = take_out(shop, "each")
    shop.state_file().write_text(json.dumps(before))
    assert shop.apply().version is None


def test_what_moved_to_another_address_by_hand_is_no_lack(shop: Shop) -> None:
    shop.runs(keyed)
    state = shop.state()
    for resource in state["resources"]:
        if resource["name"] == "each":
            resource["name"] = "every"
    shop.state_file().write_text(json.dumps(state | {"serial": state["serial"] + 1}))
    with pytest.raises(Exception, match="the plan failed"):  # no engine was asked this: it is asked, and not refused
        shop.apply()
