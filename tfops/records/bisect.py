"""What a probe said of versions."""

import enum

from tfops.dataclass import dataclass


class Answer(enum.StrEnum):
    """What a probe says of a version. `skip`: it can't say; or the version can't be brought there."""

    GOOD = "good"
    BAD = "bad"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Step:
    """One version that was tried: how long it took to bring it there and to probe it; `why` it was skipped."""

    answer: Answer
    seconds: float
    why: str = ""
