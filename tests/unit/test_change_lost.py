"""What a run made and no state holds: by the engine's output, and by what the ledger was told."""

from tfops.change.lost import Lost, lost_by, lost_from
from tfops.engine.events import Progress
from tfops.records.engine_events import ResourceEvent, Step
from tfops.records.names import StackName
from tfops.records.state import ABSENT_STATE, StackState

NEW, OLD, OLDER = "id-new", "id-old", "id-older"


def event(step: Step, action: str, known: str = "", *, key: str = "id") -> ResourceEvent:
    return ResourceEvent(step, "a.b", action, known, id_key=key if known else "")


def told(*events: ResourceEvent) -> Progress:
    progress = Progress()
    for one in events:
        progress.add(one)
    return progress


def holding(known: str) -> StackState:
    return StackState("l", 1, "", {"a.b": known}, {})


MADE = event(Step.COMPLETED, "create", NEW)
DELETING, DELETED = event(Step.STARTED, "delete", OLD), event(Step.COMPLETED, "delete")


def test_what_was_made_and_is_at_no_address_is_lost() -> None:
    found = Lost({"a.b": NEW}, {})
    assert lost_by(told(MADE), ABSENT_STATE) == lost_by(told(MADE), None) == found
    assert lost_from({"a.b": NEW}, {}, None) == found
    assert lost_by(told(MADE), holding(NEW)) == lost_from({"a.b": NEW}, {}, holding(NEW)) == Lost({}, {})


def test_an_older_state_has_the_object_that_was_destroyed() -> None:
    replaced = told(DELETING, DELETED, MADE)
    found = Lost({"a.b": NEW}, {"a.b": [OLD]})
    assert lost_by(replaced, holding(OLD)) == found
    assert lost_from(replaced.made, replaced.replaced, holding(OLD)) == found
    assert lost_by(replaced, holding(NEW)) == Lost({}, {})


def test_an_object_that_was_made_beside_the_old_one_is_lost_and_the_old_one_is_not_gone() -> None:
    assert lost_by(told(MADE, DELETING), holding(OLD)) == Lost({"a.b": NEW}, {})


def test_a_name_is_not_compared_with_an_id() -> None:
    named = told(event(Step.COMPLETED, "create", "web", key="name"))
    assert lost_by(named, holding("5")) == lost_by(named, holding("")) == Lost({}, {})


def test_of_several_deletions_at_an_address_none_counts_before_all_are_done() -> None:
    """The stream says at their beginning which object is meant, and at their end only the address."""
    deposed = event(Step.STARTED, "delete", OLDER)
    assert told(deposed, DELETING, DELETED, MADE).replaced == {}
    assert told(deposed, DELETING, DELETED, DELETED, MADE).replaced == {"a.b": [OLDER, OLD]}


def test_the_parts_of_stacks_are_told_apart_by_their_addresses() -> None:
    found = Lost({"a.b": NEW}, {"a.b": [OLD]}).qualified(StackName("net"))
    assert Lost({"a.b": NEW}, {}).joined(found) == Lost({"a.b": NEW, "net/a.b": NEW}, {"net/a.b": [OLD]})
    assert found.of({"a.b"}) == Lost({}, {})
