"""`state` and `backend` where the state isn't in a bucket: a refusal with the way on, and nothing is touched."""

import pytest

from tests.support.engine_cases import one
from tests.support.recorded_project import Shop, Witness
from tfops.commands.states import restore, versions
from tfops.errors import Refused


def test_a_local_state_has_no_versions(shop: Shop) -> None:
    shop.runs(one)
    with pytest.raises(Refused) as refused:
        versions(shop.project, "dev", everything=False, fetch=False, ui=Witness())
    assert "local" in refused.value.what + refused.value.why


def test_and_none_of_them_can_be_restored(shop: Shop) -> None:
    shop.runs(one)
    before = shop.state()
    with pytest.raises(Refused):
        restore(shop.project, "dev", "abc", shop.request("dev"), Witness())
    assert shop.state() == before and shop.ledger().lock is None


def test_a_stack_that_is_not_there_is_named(shop: Shop) -> None:
    shop.runs(one)
    with pytest.raises(Refused) as refused:
        versions(shop.project, "dev", stack="network", everything=False, fetch=False, ui=Witness())
    assert refused.value.guard == "several-stacks"
