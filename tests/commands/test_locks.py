"""`lock` and `unlock`: an environment frozen by a person, and a lock that is broken on purpose."""

from pathlib import Path

import pytest

from tests.support.engine_cases import one, two
from tests.support.recorded_project import Shop
from tfops.errors import Locked, Refused


def test_a_lock_says_who_and_why_to_everybody(shared: Shop) -> None:
    one(shared)
    result = shared.lock("a migration")
    assert result.is_locked and result.text.endswith("a migration")
    row = shared.clone().status()
    assert row.lock and (row.lock.lock.reason, row.lock.is_ours, row.lock.lock.expires_at) == (
        "a migration",
        False,
        None,
    )


def test_a_lock_without_a_reason_says_so(shop: Shop) -> None:
    one(shop)
    assert "no reason given" in shop.lock().text


def test_a_reason_of_several_lines_is_one(shop: Shop) -> None:
    one(shop)
    shop.lock("first\n\tsecond")
    lock = shop.ledger().lock
    assert lock and lock.reason == "first second"


def test_a_locked_environment_is_not_locked_again(shared: Shop) -> None:
    one(shared)
    shared.lock("mine")
    with pytest.raises(Locked, match="mine"):
        shared.lock("again")
    with pytest.raises(Locked, match="mine"):
        shared.clone().lock("theirs")
    assert shared.events() == ["locked"]


def test_the_same_person_may_unlock_from_another_clone_and_a_stranger_only_by_force(
    shared: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one(shared)
    other = shared.clone()
    shared.lock("mine")
    monkeypatch.setenv("LOGNAME", "bob")
    with pytest.raises(Locked) as locked:
        other.unlock()
    assert locked.value.hint == "tfops unlock dev --force"
    assert "only broken by force" in locked.value.why
    other.unlock(force=True)
    assert any("if its holder is still alive" in warning for warning in other.ui.warnings)
    monkeypatch.delenv("LOGNAME")
    shared.lock("mine again")
    other.unlock()
    shared.status()
    assert shared.events() == ["locked", "unlocked-by-force", "locked", "unlocked"]


def test_what_is_not_locked_cannot_be_unlocked(shop: Shop) -> None:
    one(shop)
    for force in (False, True):
        with pytest.raises(Refused) as refused:
            shop.unlock(force=force)
        assert refused.value.guard == "not-locked"


def test_a_run_that_died_is_recovered_and_not_locked_over(shop: Shop) -> None:
    one(shop)
    shop.dies_at("begun", shop.apply)
    with pytest.raises(Locked) as locked:
        shop.lock("an incident")
    assert locked.value.hint == "tfops recover dev"
    assert shop.ledger().intent is not None


def test_a_run_that_lives_is_not_unlocked_without_force(shared: Shop) -> None:
    one(shared)
    with shared.meanwhile(shared.apply) as running, pytest.raises(Locked, match="is locked by"):
        shared.clone().unlock()
    assert running.code == 0 and shared.tags() == ["tfops/dev/v1"]


def test_a_broken_lock_keeps_what_the_run_had_told_the_ledger(shared: Shop) -> None:
    one(shared)
    other = shared.clone()
    with shared.meanwhile(shared.apply, after=4, renews=True) as running:
        running.wait_for(other.has_told)
        other.unlock(force=True)
        trouble = other.ledger().trouble
        assert trouble and trouble.done == ("module.main.terraform_data.main",)
        assert list(trouble.lost) == list(trouble.done), "for whoever goes on, with its id"


def test_without_an_answer_of_the_remote_nothing_is_locked(shared: Shop) -> None:
    remote = Path(shared.git("remote", "get-url", "origin"))
    one(shared)
    remote.rename(remote.with_suffix(".away"))
    with pytest.raises(Refused) as refused:
        shared.lock("a migration")
    assert refused.value.guard == "remote-unreachable"
    assert "nothing was written to the ledger of dev" in refused.value.what
    assert shared.ledger().lock is None


def test_two_people_at_once_get_one_lock(shared: Shop) -> None:
    """Bob's clone has not seen ann's lock: he reads again when his push comes too late."""
    one(shared)
    other = shared.clone()
    shared.lock("ann's")
    with pytest.raises(Locked, match="ann's"):
        other.lock("bob's")
    shared.unlock()
    other.lock("bob's")
    two(shared)
    with pytest.raises(Locked, match="bob's"):
        shared.apply()
