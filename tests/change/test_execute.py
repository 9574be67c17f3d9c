"""The apply itself: how an engine may end, what is then said, and what the ledger keeps of it."""

import pytest

from tests.support.engine_cases import FAILS, KILLS, one, stacks, state_lock, two
from tests.support.recorded_fixtures import VERSIONS, Open
from tests.support.recorded_project import Shop
from tfops.errors import EngineFailed, Locked, StoppedPartWay

FIRST, SECOND, THIRD = (f"module.main.terraform_data.{name}" for name in ("first", "second", "third"))
MAIN = "module.main.terraform_data.main"


def stopped(shop: Shop) -> StoppedPartWay:
    """The error of an apply that stops; the lock was given back, and a receipt is left."""
    with pytest.raises(StoppedPartWay) as caught:
        shop.apply()
    present = shop.ledger()
    assert (present.lock, present.intent) == (None, None)
    assert present.trouble is not None and present.trouble.receipt == caught.value.state.partition("\n")[0]
    return caught.value


@pytest.mark.parametrize("version", VERSIONS)
def test_a_first_apply_that_fails_leaves_a_receipt_and_no_version(play: Open, version: str) -> None:
    shop = play("stopping", version=version)
    commit = shop.wants("failing", value="one", without=FAILS)
    error = stopped(shop)
    assert error.state.splitlines() == [
        "Stopped part-way: 1 of 3 changes done.",
        f"  done: {FIRST}",
        f"  failed: {SECOND}",
        f"  never started: {THIRD}",
    ]
    assert "local-exec provisioner error" in error.why
    trouble = shop.ledger().trouble
    assert trouble and (trouble.commit, trouble.by, trouble.kind) == (commit, "ann", "apply")
    assert (trouble.done, trouble.failed, trouble.never_started) == ((FIRST,), (SECOND,), (THIRD,))
    assert (shop.tags(), shop.events()) == ([], ["begun", "failed"])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_change_that_fails_keeps_the_version_before_it(play: Open, version: str) -> None:
    shop = play("stopping", version=version)
    shop.wants("failing", value="one", without=FAILS)
    stopped(shop)
    (shop.workspace / "roots/dev/main/GO").touch()
    shop.apply()
    shop.wants("failing", value="two", without=FAILS)
    error = stopped(shop)
    assert "tfops rollback dev v1" in error.hint and "tfops resume dev" in error.hint
    assert shop.tags() == ["tfops/dev/v1"]
    row = shop.status()
    assert row.current and str(row.current.version) == "v1" and "Stopped part-way" in row.trouble
    assert "local-exec" in row.trouble_why


@pytest.mark.parametrize("version", VERSIONS)
def test_an_engine_that_is_killed_leaves_in_doubt_what_it_had_begun(play: Open, version: str) -> None:
    shop = play("killed", version=version)
    shop.wants("failing", value="one", without=KILLS)
    error = stopped(shop)
    assert "was killed by SIGKILL" in error.why
    trouble = shop.ledger().trouble
    assert trouble and (trouble.done, trouble.in_doubt, trouble.never_started) == ((FIRST,), (SECOND,), (THIRD,))
    assert f"In doubt (started, no answer): {SECOND}" in error.state


def test_an_engine_that_says_nothing_and_ends_well_is_not_believed(shop: Shop) -> None:
    one(shop)
    with shop.engine.otherwise("apply", is_silent=True):
        error = stopped(shop)
    assert f"doesn't hold it: {MAIN}" in error.what
    assert "tfops resume dev" in error.hint
    assert shop.tags() == []
    assert str(shop.resume().version) == "v1", "what it did not do is done"


def test_a_state_that_the_engine_could_not_save_is_saved_by_who_goes_on(shop: Shop) -> None:
    shop.runs(one)
    two(shop)
    before = shop.state_file().read_text()
    with shop.engine.otherwise("apply", cannot_save=True):
        error = stopped(shop)
    assert "the apply of dev failed" in error.what and shop.state_file().read_text() == before
    shop.resume()
    assert "could not save is saved now" in shop.ui.said, "errored.tfstate is pushed"
    assert shop.state()["outputs"]["main"]["value"] == {"value": "two"}


def test_an_engine_killed_before_it_began_anything_changes_nothing(shop: Shop) -> None:
    one(shop)
    with shop.engine.otherwise("apply", after=1, dies=True), pytest.raises(EngineFailed, match="before it changed"):
        shop.apply()
    assert (shop.ledger().trouble, shop.events()) == (None, ["begun", "closed"])
    assert not shop.state_file().exists()


def test_an_engine_killed_after_it_had_saved_everything_leaves_a_whole_receipt(shop: Shop) -> None:
    one(shop)
    with shop.engine.otherwise("apply", after=4, dies=True, saves=True):
        error = stopped(shop)
    assert "SIGKILL" in error.why
    assert shop.resume().plan.is_empty, "nothing was left to do"
    assert shop.tags() == ["tfops/dev/v1"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_state_that_somebody_else_holds_stops_the_apply_before_it_begins(play: Open, version: str) -> None:
    shop = play("life", version=version)
    shop.runs(one)
    two(shop)
    before = shop.state_file().read_text()
    with state_lock(shop.state_file()), pytest.raises(Locked) as locked:
        shop.apply()
    assert "bob@elsewhere" in locked.value.why, "whose lock it is"
    assert shop.state_file().read_text() == before
    assert (shop.ledger().trouble, shop.events()[-1]) == (None, "closed")
    assert str(shop.apply().version) == "v2", "when it is free again"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_object_left_by_a_replacement_that_stopped_is_cleaned_up_by_the_next(play: Open, version: str) -> None:
    shop = play("deposed", version=version)
    shop.wants("deposed", value="one")
    shop.plan()
    (shop.workspace / "roots/dev/main/GO").touch()
    shop.apply()
    shop.wants("deposed", value="two")
    error = stopped(shop)
    assert "Stopped part-way: 0 of 2" in error.state or "Stopped part-way: 1 of" in error.state
    assert "deposed" in str(shop.state()["resources"])
    result = shop.resume()
    assert "clean-up" in [change.action.value for change in result.plan.changes]
    assert "deposed" not in str(shop.state()["resources"])


def test_the_engines_output_of_a_change_that_stopped_stays_for_people(play: Open) -> None:
    shop = play("stopping")
    shop.wants("failing", value="one", without=FAILS)
    stopped(shop)
    kept = list(shop.workspace.glob("runs/dev/**/*-apply.out"))
    assert kept and "local-exec provisioner error" in kept[0].read_text()


def test_stacks_are_applied_in_the_order_that_they_need(play: Open) -> None:
    shop = play("several")
    stacks(shop, "10.0.0.0/16")
    result = shop.apply()
    assert {change.address.partition("/")[0] for change in result.plan.work} == {"network", "app", "db"}
    vpc = shop.state(stack="network")["outputs"]["net"]["value"]["vpc_id"]
    assert shop.state(stack="app")["resources"][0]["instances"][0]["attributes"]["input"]["value"] == vpc
    assert set(shop.card().stacks) == {"network", "app", "db"} and shop.tags() == ["tfops/dev/v1"]


def test_a_stack_that_waits_for_another_is_shown_as_waiting(play: Open) -> None:
    shop = play("several")
    stacks(shop, "10.0.0.0/16")
    planned = shop.plan().plan
    assert {waiting.stack: waiting.upstream for waiting in planned.waiting} == {"app": ("network",)}
    assert not any("stack_" in change.address for change in planned.changes), "what stands for an unknown isn't shown"


def test_one_stack_alone_is_a_version_and_the_others_stay_at_their_commit(play: Open) -> None:
    shop = play("several")
    first = stacks(shop, "10.0.0.0/16")
    shop.apply()
    stacks(shop, "10.1.0.0/16")
    shop.apply(only=["network"])
    assert {name: part.commit for name, part in shop.card().stacks.items()} == {
        "network": "",
        "app": first,
        "db": first,
    }
    assert str(shop.apply().version) == "v3"
    assert all(part.commit == "" for part in shop.card().stacks.values())


def test_a_stack_that_fails_stops_those_that_need_it_and_no_other(play: Open) -> None:
    shop = play("several")
    stacks(shop, "10.0.0.0/16")
    with shop.engine.otherwise("apply", is_silent=True):
        error = stopped(shop)
    trouble = shop.ledger().trouble
    assert trouble and "app/module.app.terraform_data.app" in trouble.never_started
    assert "network" in error.what and "db" in error.what
