"""The time, always aware and in UTC; and how long to wait for others."""

import random
import time
from datetime import UTC, datetime, timedelta

from tfops.system import environ

# Who has waited this long looks as often as anyone does.
_AGED_S = 60.0
_LONGEST_PAUSE_S, _SHORTEST_PAUSE_S = 2.0, 0.2


def now() -> datetime:
    """The time of this machine; TFOPS_CLOCK_SHIFT_S moves it, for the fault suite."""
    shift = timedelta(seconds=int(environ.variable("TFOPS_CLOCK_SHIFT_S") or 0))
    return datetime.now(UTC).replace(microsecond=0) + shift


def zone() -> str:
    """The offset of this machine's clock now, as Git writes it: `+0200`."""
    return time.strftime("%z")


def parse_time(text: str) -> datetime:
    """An ISO 8601 time with its offset. Raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without an offset: {text!r}")
    return moment.astimezone(UTC)


class Patience:
    """A deadline, and the pauses until then: never in step with others, and shorter the longer it took.

    Who has waited longest looks most often, so that newcomers don't overtake for ever.
    """

    def __init__(self, wait_s: float) -> None:
        self._began = time.monotonic()
        self._wait_s = wait_s

    @property
    def is_over(self) -> bool:
        return self.left_s <= 0

    @property
    def left_s(self) -> float:
        return max(self._began + self._wait_s - time.monotonic(), 0.0)

    def pause(self) -> None:
        """Sleep a little before looking again."""
        age = min((time.monotonic() - self._began) / _AGED_S, 1.0)
        longest = _LONGEST_PAUSE_S + age * (_SHORTEST_PAUSE_S - _LONGEST_PAUSE_S)
        time.sleep(random.uniform(longest / 2, longest))  # noqa: S311 - only to keep out of step
