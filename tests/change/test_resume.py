"""Going on after a change that stopped half-way: forward with it, forward past it, or back."""

import pytest

from tests.support.engine_cases import FAILS, let_go, one, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop
from tfops.errors import Refused, StoppedPartWay
from tfops.records.version import Kind

SECOND = "module.main.terraform_data.second"


@pytest.fixture
def stopped(play: Open) -> Shop:
    """v1 runs; the change after it stopped half-way."""
    shop = play("stopping")
    shop.wants("failing", value="one", without=FAILS)
    with pytest.raises(StoppedPartWay):
        shop.apply()
    let_go(shop)
    shop.apply()
    (shop.workspace / "roots/dev/main/GO").unlink()
    shop.wants("failing", value="two", without=FAILS)
    with pytest.raises(StoppedPartWay):
        shop.apply()
    return shop


def test_resume_finishes_the_commit_that_stopped_and_not_what_came_since(stopped: Shop) -> None:
    tried = stopped.git("rev-parse", "HEAD")
    stopped.wants("failing", value="three", without=FAILS)
    let_go(stopped)
    result = stopped.resume()
    assert (str(result.version), result.commit.sha, stopped.card().commit) == ("v2", tried, tried)
    assert any("1 newer commit is on main and not part of this" in warning for warning in stopped.ui.warnings)
    assert any("done before: module.main.terraform_data.first" in note for note in stopped.ui.notes)
    assert stopped.ledger().trouble is None


def test_resume_that_fails_again_leaves_the_receipt(stopped: Shop) -> None:
    """The engine says nothing this time: what stopped before has still stopped."""
    with stopped.engine.otherwise("apply", is_silent=True), pytest.raises(StoppedPartWay):
        stopped.resume()
    trouble = stopped.ledger().trouble
    assert trouble is not None and stopped.tags() == ["tfops/dev/v1"]
    let_go(stopped)
    assert str(stopped.resume().version) == "v2"


def test_a_rollback_without_a_name_goes_to_the_last_whole_version(stopped: Shop) -> None:
    broke = stopped.git("log", "-1", "--format=%h %s")
    assert [one.subject for one in stopped.plan_rollback().undoes] == [broke.partition(" ")[2]]
    back = stopped.rollback(allow_destroy=[SECOND])
    assert "takes back 1 commit:" in stopped.ui.notes
    assert (str(back.restores), back.kind) == ("v1", Kind.ROLLBACK)
    assert "from the apply of" in stopped.ui.said and "that stopped" in stopped.ui.said
    assert stopped.ledger().trouble is None


def test_the_same_commit_applied_again_goes_on_too(stopped: Shop) -> None:
    let_go(stopped)
    assert str(stopped.apply().version) == "v2"


def test_where_nothing_stopped_there_is_nothing_to_resume(shop: Shop) -> None:
    one(shop)
    with pytest.raises(Refused, match="dev was never applied") as refused:
        shop.resume()
    assert refused.value.guard == "nothing-to-resume"
    shop.apply()
    with pytest.raises(Refused, match="dev is whole at v1"):
        shop.resume()


def test_where_a_hold_is_what_was_meant_the_way_on_is_said(shop: Shop) -> None:
    shop.runs(one, two)
    shop.rollback("v1")
    with pytest.raises(Refused) as refused:
        shop.resume()
    assert "--lift-hold" in refused.value.hint


def test_a_rollback_that_stopped_is_resumed_as_one(shop: Shop) -> None:
    shop.runs(one, two)
    with shop.engine.otherwise("apply", is_silent=True), pytest.raises(StoppedPartWay):
        shop.rollback("v1")
    assert shop.ledger().trouble and shop.ledger().trouble.restores == 1  # type: ignore[union-attr]
    result = shop.resume()
    assert (result.kind, str(result.restores), str(result.version)) == (Kind.ROLLBACK, "v1", "v3")


def test_a_destroy_that_stopped_is_resumed_as_one(shop: Shop) -> None:
    shop.runs(one)
    with shop.engine.otherwise("apply", is_silent=True), pytest.raises(StoppedPartWay):
        shop.destroy()
    result = shop.resume()
    assert (result.kind, shop.addresses()) == (Kind.DESTROY, [])
