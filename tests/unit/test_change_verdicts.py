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


def test_what_was_moved_to_another_stack_is_lost_on_the_way_back() -> None:
    queue = {"module.queue.aws_sqs_queue.main": "q-1"}
    then, today = _of_two(network=queue, app={}), _of_two(network={}, app=queue)
    judgement = judge_cards(today, then)
    [reason] = [one for one in judgement.reasons if one.name == "moved-between"]
    assert (judgement.verdict, reason.subjects) == ("data-loss", ("app/module.queue.aws_sqs_queue.main",))
    assert not [one for one in judge_cards(today, today).reasons if one.name == "moved-between"]


def test_a_way_back_to_a_part_says_that_the_whole_commit_comes() -> None:
    part = _with_stack(targets=("module.app", "module.db.x.y", "module.a", "module.b"))
    judgement = judge_cards(_with_stack(), part)
    [reason] = [one for one in judgement.reasons if one.name == "partial"]
    assert (judgement.verdict, reason.subjects) == ("ok", part.targets)
    assert "--target of module.app, module.db.x.y, module.a and 1 more" in reason.text
    assert not [one for one in judge_cards(part, _with_stack()).reasons if one.name == "partial"]


def _of_two(**inventories: dict[str, str]) -> Card:
    card = make_card("0" * 40)
    part = card.stacks["main"]
    return replace(card, stacks={name: replace(part, inventory=known) for name, known in inventories.items()})


def _with_stack(**changes: Any) -> Card:
    card = make_card("0" * 40)
    return replace(card, stacks={"main": replace(card.stacks["main"], **changes)})
