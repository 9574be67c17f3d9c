"""What a turn without a person leaves alone is told once, in the ledger, and to nobody who holds it."""

from pathlib import Path

from tests.support.engine_cases import one, two
from tests.support.recorded_project import Shop, Witness
from tfops.commands.note_blocked import note_waiting
from tfops.commands.reconcile_facts import decide_all


def note(shop: Shop) -> Witness:
    """As a turn of the agent does after it decided."""
    ui = Witness()
    rules, decisions = decide_all(shop.project, [], ui)
    note_waiting(shop.project, rules, decisions, ui)
    return ui


def held(shop: Shop) -> None:
    shop.runs(one)
    shop.hold("the demo")
    two(shop)


def test_a_commit_that_waits_is_told_with_its_reason(shared: Shop) -> None:
    held(shared)
    note(shared)
    waiting = shared.clone().ledger().waiting or shared.seen().waiting
    assert waiting and (waiting.reason, waiting.commit) == ("held", shared.git("rev-parse", "HEAD"))
    assert "the demo" in waiting.text
    assert shared.events()[-1] == "waiting"


def test_it_is_told_once_for_each_commit(shared: Shop) -> None:
    held(shared)
    for _ in range(2):
        note(shared)
    assert shared.events().count("waiting") == 1
    shared.wants("thing", value="three")
    note(shared)
    assert shared.events().count("waiting") == 2


def test_the_next_version_takes_the_note_away(shared: Shop) -> None:
    held(shared)
    note(shared)
    shared.lift()
    shared.apply()
    assert shared.ledger().waiting is None


def test_a_ledger_that_somebody_holds_is_theirs(shared: Shop) -> None:
    held(shared)
    shared.lock("an incident")
    note(shared)
    assert "waiting" not in shared.events()


def test_what_acts_is_not_noted(shared: Shop) -> None:
    one(shared)
    note(shared)
    assert shared.events() == []


def test_a_remote_that_refuses_is_said_and_stops_nothing(shared: Shop) -> None:
    held(shared)
    hook = Path(shared.git("remote", "get-url", "origin")) / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho closed >&2\nexit 1\n")
    hook.chmod(0o755)
    assert any("why commits wait" in warning for warning in note(shared).warnings)
    assert "waiting" not in shared.events()
