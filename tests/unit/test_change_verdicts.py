"""The verdict from two cards."""

from dataclasses import replace
from typing import Any

from tests.support.cards import make_card
from tfops.change.verdicts import judge_cards
from tfops.records.card import Card

PET, PET_OF_THEN = "random_pet.new", "random_pet.old"


def test_a_twin_that_was_let_go_too_is_known_as_what_it_was_made_for() -> None:
    """A way back made it a second time, and then let that one go as well: another one would be the third."""
    then = _with_stack(inventory={PET_OF_THEN: "calm-ox"})
    today = _with_stack(inventory={}, forgotten={PET: "wry-elk"}, remade={"wry-elk": "calm-ox"})
    [reason] = [one for one in judge_cards(today, then).reasons if one.name == "made-twice"]
    assert reason.subjects == (PET_OF_THEN,)


def _with_stack(**changes: Any) -> Card:
    card = make_card("0" * 40)
    return replace(card, stacks={"main": replace(card.stacks["main"], **changes)})
