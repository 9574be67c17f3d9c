"""Runs without a person: what holds them back, what the ledger is told, and the yes that lets a plan through."""

import pytest

from tests.support.engine_cases import FAILS, keyed, one, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop
from tfops.errors import EngineFailed, Locked, NeedsPerson, Refused, StoppedPartWay
from tfops.records.decision import SyncReason

_ENV = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, %s}\n"


def held_back(shop: Shop) -> NeedsPerson:
    with pytest.raises(NeedsPerson) as caught:
        shop.unattended()
    return caught.value


@pytest.fixture
def careful(play: Open) -> Shop:
    """A person must look at each plan."""
    shop = play("life", rules=_ENV % "sync: plan")
    one(shop)
    return shop


def test_it_applies_what_nothing_speaks_against(shop: Shop) -> None:
    one(shop)
    assert str(shop.unattended().version) == "v1"
    assert shop.card().approvals[0].how == "unattended"


def test_a_plan_that_waits_for_a_person_is_noted_with_its_digest(careful: Shop) -> None:
    error = held_back(careful)
    declined = careful.ledger().declined
    assert error.guard == "needs-approval" and declined is not None
    assert (declined.reason, declined.digest, declined.tries) == ("needs-approval", error.digest, 1)
    assert declined.commit == careful.git("rev-parse", "HEAD")
    assert "module.main.terraform_data.main" in declined.prints
    assert careful.decision().word == "needs-approval"
    assert not careful.state_file().exists()


def test_an_approved_plan_is_applied_in_the_name_of_who_approved(careful: Shop) -> None:
    held_back(careful)
    agreed = careful.approve()
    assert (agreed.missing, agreed.commit) == (0, careful.git("rev-parse", "HEAD"))
    assert str(careful.unattended().version) == "v1"
    assert careful.card().approvals[0].how == "approved by ann <ann@example.com>"
    assert careful.ledger().declined is None, "a version takes the note away"


def test_an_approval_is_for_the_commit_that_was_looked_at(careful: Shop) -> None:
    held_back(careful)
    careful.approve()
    two(careful)
    assert held_back(careful).guard == "needs-approval"
    declined = careful.ledger().declined
    assert declined and declined.agreed == ()


def test_two_people_must_approve_where_tfops_yaml_says_so(play: Open) -> None:
    shop = play("life", rules=_ENV % "sync: plan, approvals: 2")
    one(shop)
    held_back(shop)
    assert shop.approve().missing == 1
    with pytest.raises(Refused) as refused:
        shop.approve()
    assert refused.value.guard == "already-approved", "one person is one person"
    assert held_back(shop).guard == "needs-approval"
    shop.git("config", "user.name", "bob")
    shop.git("config", "user.email", "bob@example.com")
    assert shop.approve().missing == 0
    assert str(shop.unattended().version) == "v1"
    assert "ann" in shop.card().approvals[0].how and "bob" in shop.card().approvals[0].how


def test_nothing_can_be_approved_where_nothing_waits(shop: Shop) -> None:
    one(shop)
    with pytest.raises(Refused) as refused:
        shop.approve()
    assert refused.value.guard == "nothing-to-approve"


def test_only_what_is_planned_may_vary(careful: Shop) -> None:
    held_back(careful)
    with pytest.raises(Refused) as refused:
        careful.approve(varying=["module.main.terraform_data.man"])
    assert refused.value.guard == "not-planned" and "main" in refused.value.hint


def test_more_losses_than_allowed_wait_for_a_person(play: Open) -> None:
    shop = play("life", rules=_ENV % "deletes: 1")
    keyed(shop)
    shop.unattended()
    two(shop)
    error = held_back(shop)
    assert error.guard == "delete-limit" and "would delete or replace 2 of dev" in error.what
    shop.approve()
    assert str(shop.unattended().version) == "v2"


@pytest.mark.parametrize("version", ["1.11.4", "1.15.5"])
def test_an_engine_that_fails_is_tried_again_later_and_counted(play: Open, version: str) -> None:
    shop = play("broken", version=version)
    shop.wants("broken", value="four")
    for tries in (1, 2):
        with pytest.raises(EngineFailed):
            shop.unattended()
        declined = shop.ledger().declined
        assert declined and (declined.reason, declined.tries) == ("engine-failed", tries)
        assert declined.retry_at and declined.retry_at > declined.at
        assert "modules/broken/main.tf:2" in declined.text
    assert shop.decision().reason is SyncReason.RETRY


def test_a_change_that_stopped_is_noted_beside_its_receipt(play: Open) -> None:
    shop = play("stopping")
    shop.wants("failing", value="one", without=FAILS)
    with pytest.raises(StoppedPartWay):
        shop.unattended()
    present = shop.ledger()
    assert present.trouble and present.declined and present.declined.reason == "stopped-part-way"
    assert shop.events() == ["begun", "failed", "declined"]


def test_somebody_elses_lock_says_nothing_about_the_commit(shop: Shop) -> None:
    one(shop)
    shop.lock("an incident")
    with pytest.raises(Locked):
        shop.unattended()
    assert (shop.ledger().declined, shop.events()) == (None, ["locked"])
    assert shop.decision().reason is SyncReason.LOCKED


def test_a_hold_says_nothing_about_the_commit(shop: Shop) -> None:
    shop.runs(one)
    shop.hold("the demo")
    two(shop)
    with pytest.raises(Refused):
        shop.unattended()
    assert shop.ledger().declined is None


def test_a_person_may_apply_what_waits(careful: Shop) -> None:
    held_back(careful)
    assert str(careful.apply().version) == "v1"
    assert careful.ledger().declined is None
