"""Which version is tried next, and which one it was."""

from collections.abc import Callable

import pytest

from tfops.records.bisect import Answer
from tfops.resolve.bisect import most_steps, narrowed


def _search(count: int, says: Callable[[int], Answer]) -> tuple[list[int], range]:
    answers: dict[int, Answer] = {}
    while (place := narrowed(count, answers).next) is not None:
        answers[place] = says(place)
    return list(answers), narrowed(count, answers).suspects


def _bad_from(first: int) -> Callable[[int], Answer]:
    return lambda place: Answer.BAD if place >= first else Answer.GOOD


@pytest.mark.parametrize("count", [2, 3, 4, 9, 21, 100])
def test_every_first_bad_version_is_found_in_the_steps_that_were_promised(count: int) -> None:
    for first_bad in range(1, count):
        tried, suspects = _search(count, _bad_from(first_bad))
        assert list(suspects) == [first_bad]
        assert len(tried) <= most_steps(count - 2)


def test_what_is_skipped_is_gone_around() -> None:
    tried, suspects = _search(9, lambda place: Answer.SKIP if place == 4 else Answer.GOOD if place < 6 else Answer.BAD)
    assert tried[0] == 4 and list(suspects) == [6]


def test_only_skipped_ones_before_the_bad_one_are_all_suspects() -> None:
    _, suspects = _search(6, lambda place: Answer.GOOD if place < 2 else Answer.SKIP if place < 4 else Answer.BAD)
    assert list(suspects) == [2, 3, 4]


def test_two_neighbours_are_the_answer_whatever_else_was_bad() -> None:
    """It was bad, repaired, and broken again."""
    _, suspects = _search(12, lambda place: Answer.BAD if place in (2, 3) or place > 8 else Answer.GOOD)
    assert list(suspects) in ([2], [9])
