"""What is got ahead of who works on it."""

import threading
from collections.abc import Iterator

import pytest

from tfops.system.ahead import ahead


@pytest.mark.parametrize("count", range(6))
def test_the_things_are_the_same(count: int) -> None:
    assert list(ahead(iter(range(count)), first=2)) == list(range(count))


def test_the_next_is_got_meanwhile_and_the_first_ones_are_not() -> None:
    got, third = list[int](), threading.Event()

    def numbers() -> Iterator[int]:
        for number in range(4):
            got.append(number)
            if number == 3:
                third.set()
            yield number

    things = ahead(numbers(), first=2)
    assert (next(things), next(things), got) == (0, 1, [0, 1])
    assert next(things) == 2
    assert third.wait(10), "while 2 is worked on"
    things.close()
    assert threading.active_count() == 1, "whoever stops leaves nothing running"


def test_what_goes_wrong_is_raised_where_it_is_asked_for() -> None:
    def numbers() -> Iterator[int]:
        yield from (1, 2, 3)
        raise ValueError("four")

    things = ahead(numbers(), first=1)
    assert [next(things) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(ValueError, match="four"):
        next(things)
