"""Recovery, case by case as docs/explanation/recovery.md has them: each run is killed where the case begins."""

import json

import pytest

from tests.support.engine_cases import FAILS, KILLS, let_go, one, two
from tests.support.recorded_fixtures import VERSIONS, Open
from tests.support.recorded_project import Shop
from tfops.errors import Locked, Refused, StoppedPartWay

FIRST, SECOND, THIRD = (f"module.main.terraform_data.{name}" for name in ("first", "second", "third"))


def assert_finished(shop: Shop) -> None:
    """Nothing waits, nobody holds it, and another recovery finds nothing."""
    present = shop.ledger()
    assert (present.lock, present.intent) == (None, None)
    head = shop.git("rev-parse", "refs/tfops/envs/dev")
    assert shop.recover().story == "" and shop.git("rev-parse", "refs/tfops/envs/dev") == head


# 1. A card waits on disk


def test_a_card_that_waits_is_recorded(shop: Shop) -> None:
    commit = one(shop)
    shop.dies_at("card-written", shop.apply)
    assert shop.tags() == [] and shop.status().unrecorded
    found = shop.recover()
    assert str(found.recorded) == "v1" and f"the apply of {commit[:8]} was made" in found.story
    assert (shop.tags(), shop.card().commit) == (["tfops/dev/v1"], commit)
    assert_finished(shop)


def test_a_card_whose_push_arrived_is_not_recorded_twice(shared: Shop) -> None:
    one(shared)
    shared.dies_at("version-pushed", shared.apply)
    assert shared.status().unrecorded
    found = shared.recover()
    assert (str(found.recorded), shared.tags()) == ("v1", ["tfops/dev/v1"])
    assert shared.events() == ["begun", "recorded"]
    assert_finished(shared)


def test_the_next_change_records_a_waiting_card_first(shop: Shop) -> None:
    one(shop)
    shop.dies_at("card-written", shop.apply)
    two(shop)
    assert str(shop.apply().version) == "v2"
    assert any("recorded as v1" in note for note in shop.ui.notes)


def test_a_card_whose_lock_was_broken_meanwhile_is_dropped_and_said(shared: Shop) -> None:
    one(shared)
    shared.dies_at("card-written", shared.apply)
    shared.clone().unlock(force=True)
    shared.recover()
    assert any("its lock was broken meanwhile" in warning for warning in shared.ui.warnings)
    assert (shared.tags(), shared.status().unrecorded) == ([], False)


# 2. A lock and an intent, and nobody behind them


@pytest.mark.parametrize("place", ["begun", "engine-started"])
def test_where_nothing_was_applied_the_intent_is_closed(shop: Shop, place: str) -> None:
    one(shop)
    with shop.engine.otherwise("apply", after=1, dies=True):
        shop.dies_at(place, shop.apply)
        shop.wait_for_engine()
    assert shop.ledger().intent is not None
    assert shop.recover().story == "dev: nothing was applied, the intent is closed"
    assert (shop.events(), shop.tags()) == (["begun", "closed"], [])
    assert_finished(shop)


@pytest.mark.parametrize("place", ["engine-ended", "state-read-back", "verified"])
def test_where_everything_was_applied_the_version_is_recorded(shop: Shop, place: str) -> None:
    one(shop)
    shop.dies_at(place, shop.apply)
    found = shop.recover()
    assert (str(found.recorded), found.story) == ("v1", "dev: everything was applied")
    card = shop.card()
    assert "recovered" in shop.git("tag", "-l", "--format=%(subject)", "tfops/dev/v1")
    assert [approval.how for approval in card.approvals] == ["--yes"], "who had consented"
    assert_finished(shop)


def test_a_rollback_that_died_when_all_was_done_is_recorded_as_a_rollback(shop: Shop) -> None:
    shop.runs(one, two)
    shop.dies_at("engine-ended", lambda: shop.rollback("v1"))
    assert str(shop.recover().recorded) == "v3"
    assert (shop.card().kind, shop.card().restores) == ("rollback", 1)


def test_a_destroy_that_died_when_all_was_gone_is_recorded_as_one(shop: Shop) -> None:
    shop.runs(one)
    shop.dies_at("engine-ended", shop.destroy)
    assert str(shop.recover().recorded) == "v2"
    assert shop.card().kind == "destroy" and shop.addresses() == []


@pytest.mark.parametrize("version", VERSIONS)
def test_where_some_was_applied_a_receipt_is_left(play: Open, version: str) -> None:
    shop = play("killed", version=version)
    shop.wants("failing", value="one", without=KILLS)
    shop.dies_at("engine-ended", shop.apply)
    story = shop.recover().story
    assert "half-applied. Stopped part-way: 1 of 3 changes done." in story and SECOND in story
    trouble = shop.ledger().trouble
    assert trouble and (trouble.done, trouble.in_doubt, trouble.never_started) == ((FIRST,), (SECOND,), (THIRD,))
    assert shop.tags() == []
    assert_finished(shop)
    let_go(shop)
    assert str(shop.resume().version) == "v1"


def test_a_failed_apply_whose_run_died_before_it_could_say_so_is_told_by_the_engines_output(play: Open) -> None:
    shop = play("stopping")
    shop.wants("failing", value="one", without=FAILS)
    shop.dies_at("engine-ended", shop.apply)
    shop.recover()
    trouble = shop.ledger().trouble
    assert trouble and (trouble.done, trouble.failed, trouble.never_started) == ((FIRST,), (SECOND,), (THIRD,))


def test_a_state_torn_by_a_dying_engine_is_put_back(shop: Shop) -> None:
    shop.runs(one)
    whole = shop.state_file().read_text()
    two(shop)
    with shop.engine.otherwise("apply", after=1, dies=True):
        shop.dies_at("engine-started", shop.apply)
        shop.wait_for_engine()
    shop.state_file().with_name("main.tfstate.backup").write_text(whole)
    shop.state_file().write_text("")
    assert shop.recover().story == "dev: nothing was applied, the intent is closed"
    assert any("its backup was put back" in note for note in shop.ui.notes)
    assert shop.state_file().read_text() == whole
    assert str(shop.apply().version) == "v2"


def test_a_backup_of_another_state_is_not_put_back(shop: Shop) -> None:
    shop.runs(one)
    state = shop.state()
    two(shop)
    with shop.engine.otherwise("apply", after=1, dies=True):
        shop.dies_at("engine-started", shop.apply)
        shop.wait_for_engine()
    foreign = json.dumps(state | {"lineage": "00000000-0000-4000-8000-00000000ffff"})
    shop.state_file().with_name("main.tfstate.backup").write_text(foreign)
    shop.state_file().write_text("")
    shop.recover()
    assert shop.state_file().read_text() == "" and "was put back" not in shop.ui.said
    assert shop.ledger().trouble is not None, "people are told that v1 isn't there"


def test_a_state_that_could_not_be_saved_is_pushed(shop: Shop) -> None:
    shop.runs(one)
    two(shop)
    with shop.engine.otherwise("apply", cannot_save=True):
        shop.dies_at("engine-ended", shop.apply)
    assert str(shop.recover().recorded) == "v2"
    assert "could not save is saved now" in shop.ui.said
    assert shop.state()["outputs"]["main"]["value"] == {"value": "two"}


def test_a_state_that_could_not_be_saved_and_is_empty_is_for_a_person(shop: Shop) -> None:
    shop.runs(one)
    two(shop)
    with shop.engine.otherwise("apply", after=1, dies=True):
        shop.dies_at("engine-started", shop.apply)
        shop.wait_for_engine()
    (shop.workspace / "roots/dev/main/errored.tfstate").write_text("")
    with pytest.raises(Refused) as refused:
        shop.recover()
    assert refused.value.guard == "errored-state" and shop.ledger().intent is not None


def test_a_recovery_that_is_killed_finds_the_same_story_again(shop: Shop) -> None:
    one(shop)
    shop.dies_at("engine-ended", shop.apply)
    shop.dies_at("lock-released", shop.recover)
    assert shop.events() == ["begun"], "it changes the ledger once, at its end"
    assert str(shop.recover().recorded) == "v1"


def test_looking_repairs_nothing(shop: Shop) -> None:
    one(shop)
    shop.dies_at("engine-ended", shop.apply)
    row = shop.status()
    assert row.lock and (row.lock.is_gone, row.lock.is_ours, row.lock.hint) == (True, True, "tfops recover dev")
    shop.history()
    assert shop.events() == ["begun"]


def test_an_apply_recovers_before_it_begins(shop: Shop) -> None:
    one(shop)
    shop.dies_at("engine-ended", shop.apply)
    two(shop)
    assert str(shop.apply().version) == "v2"
    assert shop.tags() == ["tfops/dev/v1", "tfops/dev/v2"]
    assert "recorded as v1" in shop.ui.said


# Whose story may be finished


def test_another_clone_is_told_who_holds_it_until_the_lock_expires(shared: Shop) -> None:
    one(shared)
    other = shared.clone()
    shared.dies_at("engine-ended", shared.apply)
    with pytest.raises(Locked) as locked:
        other.recover()
    assert "stopped unexpectedly" in locked.value.what and "is gone" in locked.value.why
    assert shared.events() == ["begun"]


def test_a_clone_on_the_same_machine_may_finish_it_when_the_lock_has_expired(
    shared: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one(shared)
    other = shared.clone()
    shared.dies_at("begun", shared.apply)
    monkeypatch.setenv("TFOPS_CLOCK_SHIFT_S", "301")
    assert other.recover().story == "dev: nothing was applied, the intent is closed"
    assert_finished(other)


def test_a_run_that_lives_is_not_recovered_however_old_its_lock_is(
    shared: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one(shared)
    other = shared.clone()
    with shared.meanwhile(shared.apply):
        monkeypatch.setenv("TFOPS_CLOCK_SHIFT_S", "3600")
        with pytest.raises(Locked, match="is being changed"):
            other.recover()
        monkeypatch.delenv("TFOPS_CLOCK_SHIFT_S")
    assert shared.tags() == ["tfops/dev/v1"]


def test_a_broken_lock_leaves_the_plan_as_the_receipt_and_the_way_is_free(shared: Shop) -> None:
    one(shared)
    shared.dies_at("begun", shared.apply)
    shared.clone().unlock(force=True)
    shared.status()
    trouble = shared.ledger().trouble
    assert trouble and "how far it got is not known" in trouble.receipt
    assert str(shared.apply().version) == "v1", "who looked goes on"


# 3 and 4


def test_where_nothing_died_there_is_nothing_to_recover(shop: Shop) -> None:
    one(shop)
    assert shop.recover().story == ""
    shop.apply()
    assert (shop.recover().story, shop.recover().recorded) == ("", None)


def test_a_half_applied_environment_says_so_before_each_change(play: Open) -> None:
    shop = play("stopping")
    shop.wants("failing", value="one", without=FAILS)
    with pytest.raises(StoppedPartWay):
        shop.apply()
    let_go(shop)
    shop.apply()
    assert any("dev is degraded since the apply of" in warning for warning in shop.ui.warnings)
    assert shop.ledger().trouble is None, "the next version takes the receipt away"
    assert shop.events() == ["begun", "failed", "begun", "recorded"], "it stays in the chain"


def test_an_engine_that_outlived_its_run_is_waited_for_and_never_doubled(shop: Shop) -> None:
    one(shop)
    gate = shop.path.parent / "gate"
    with shop.engine.otherwise("apply", after=2, until=str(gate)):
        shop.dies_at("engine-started", shop.apply)
        try:
            with pytest.raises(Locked, match="an engine that outlived its tfops"):
                shop.recover()
            assert shop.ledger().intent is not None
        finally:
            gate.touch()
    found = shop.recover(wait_s=30)
    assert str(found.recorded) == "v1", "what it went on to do is recorded"
