"""Which version to try next, and which one it was: a binary search between a good and a bad one.

Between two neighbours of which one is good and the next bad lies what broke it, whatever the others are.
"""

from collections.abc import Mapping

from tfops.dataclass import dataclass
from tfops.records.bisect import Answer


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Places in a row of versions: the last good one, the first bad one after it, and what is between them untried."""

    good: int
    bad: int
    untried: tuple[int, ...]

    @property
    def next(self) -> int | None:
        """The untried one that halves what is left; None when there is none."""
        middle = (self.good + self.bad) / 2
        return min(self.untried, key=lambda place: (abs(place - middle), place), default=None)

    @property
    def suspects(self) -> range:
        """One of these it is: the bad one, and those before it that could only be skipped."""
        return range(self.good + 1, self.bad + 1)


def narrowed(count: int, answers: Mapping[int, Answer]) -> Narrowed:
    """Of `count` versions, the first of which is good and the last bad; `answers` by place."""
    good, bad = 0, count - 1
    for place in sorted(place for place in answers if 0 < place < count - 1):
        if answers[place] is Answer.BAD:
            bad = place
            break
        if answers[place] is Answer.GOOD:
            good = place
    return Narrowed(good, bad, tuple(place for place in range(good + 1, bad) if place not in answers))


def most_steps(between: int) -> int:
    """How many must be tried at most of so many versions, where none is skipped."""
    return between.bit_length()
