"""How a forge is asked: how often, how long, and what its refusals come to.

A question is asked again when the forge didn't answer it, something that is written never is: `comment.py` and
`statuses.py` look first whether it arrived. The time that all of a run's failures may take together is bounded, so
that a forge that hangs costs a minute and not a minute for each call.
"""

import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import ClassVar, TypeVar

from tfops.dataclass import dataclass
from tfops.errors import TfopsError, in_a_line
from tfops.exits import Exit
from tfops.plain import plain
from tfops.system import clock

TIMEOUT_S = 15
TRIES = 4
_MOST_LOST_S = 60.0
_LONGEST_TEXT = 300
_OVER_LIMIT = re.compile(r"rate limit|abuse|too many requests", re.IGNORECASE)

T = TypeVar("T")


class ForgeFailed(TfopsError):
    """A forge didn't do what it was asked for."""

    exit_code = Exit.NOT_PASSED
    name = "forge-failed"
    passes: ClassVar[bool] = False
    pause_s: float = 0.0


class Gone(ForgeFailed):
    """What was asked for isn't there, or the token may not see it."""


class Busy(ForgeFailed):
    """Too many requests: it did nothing, and says to come back after `pause_s`."""

    passes = True


class Unsure(ForgeFailed):
    """It didn't answer, or with an error of its own: what was to be written may stand there."""

    passes = True


def told(tell: Callable[[], object]) -> str:
    """Tell a forge something. What went wrong in one line, empty when nothing did: it stops no change."""
    try:
        tell()
    except ForgeFailed as failure:
        return in_a_line(failure)
    return ""


class NoSuccess(Exception):
    """An answer that isn't a success. `status` is 0 when there was none; header names are in lower case."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {text}")
        self.status = status
        self.text = text
        self.headers = dict(headers or {})


@dataclass(slots=True)
class Asking:
    """Asks one forge in one run. `title` is its name, `token` is kept out of every text.

    `scope_of` finds the permission that a refusal names, empty when it names none; `needs` are all that tfops uses.
    """

    title: str
    token: str = field(repr=False)
    scope_of: Callable[[NoSuccess], str]
    needs: str
    left_s: float = _MOST_LOST_S

    def read(self, what: str, call: Callable[[], T]) -> T:
        """The answer to a question, asked up to four times. `what` goes before "can't be read"."""
        return self._repeated(f"{what} can't be read", call)

    def set(self, what: str, call: Callable[[], T]) -> T:
        """The same for what may be done twice without harm: the same text again. `what` is a whole clause."""
        return self._repeated(what, call)

    def write(self, what: str, call: Callable[[], T]) -> T:
        """Done once. Raises Busy, Unsure: the caller looks before it tries again, after `pause`."""
        began = time.monotonic()
        try:
            return call()
        except NoSuccess as answer:
            self.left_s -= time.monotonic() - began
            raise self._failure(what, answer) from None
        except (KeyError, TypeError, ValueError) as error:
            why = f"{self.title} answered what it doesn't document: {type(error).__name__} {error}"
            raise ForgeFailed(what, why=plain(why)[:_LONGEST_TEXT]) from error

    def pause(self, failure: ForgeFailed, *, tried: int) -> None:
        """Wait before trying again. Raises `failure` when that is no use, or there is no time left."""
        pause_s = failure.pause_s or random.uniform(0.5, 1.0) * 2**tried  # noqa: S311 - only to keep out of step
        if not failure.passes or tried >= TRIES or pause_s > self.left_s:
            raise failure
        self.left_s -= pause_s
        time.sleep(pause_s)

    def _repeated(self, what: str, call: Callable[[], T]) -> T:
        tried = 0
        while True:
            try:
                return self.write(what, call)
            except ForgeFailed as failure:
                tried += 1
                self.pause(failure, tried=tried)

    def _failure(self, what: str, answer: NoSuccess) -> ForgeFailed:
        text = plain(answer.text.replace(self.token, "***") if self.token else answer.text)[:_LONGEST_TEXT]
        if answer.status == 0:
            return Unsure(what, why=f"{self.title} gave no answer: {text}", hint="try again later")
        why = f"{self.title} answered {answer.status}" + (f": {text}" if text.strip() else "")
        pause_s = _pause_asked(answer)
        if pause_s is not None:
            busy = Busy(what, why=f"{why}; it takes requests again in {pause_s:.0f} s", hint="try again then")
            busy.pause_s = max(pause_s, 0.1)
            return busy
        if answer.status >= 500:
            return Unsure(what, why=why, hint="try again later")
        return self._refusal(what, why, answer)

    def _refusal(self, what: str, why: str, answer: NoSuccess) -> ForgeFailed:
        if answer.status in (404, 410):
            return Gone(what, why=f"{why}: it doesn't exist, or the token may not see it", hint=f"needed: {self.needs}")
        if answer.status == 401:
            return ForgeFailed(what, why=f"{why}: the token is wrong, or has expired")
        if answer.status == 403:
            scope = plain(self.scope_of(answer))[:_LONGEST_TEXT]
            missing = f"give the token {scope}" if scope else f"the token needs all of: {self.needs}"
            return ForgeFailed(what, why=why, hint=missing)
        return ForgeFailed(what, why=why)


def _pause_asked(answer: NoSuccess) -> float | None:
    """The seconds that a forge wants to be left alone; None when it isn't about how many requests it got."""
    is_limit = answer.status == 429 or (answer.status == 403 and _is_over_limit(answer))
    if not is_limit and not (answer.status == 503 and "retry-after" in answer.headers):
        return None
    after = _seconds(answer.headers.get("retry-after", ""))
    if after is not None:
        return after
    reset = next(
        (answer.headers[name] for name in ("x-ratelimit-reset", "ratelimit-reset") if name in answer.headers), ""
    )
    try:
        return max(float(reset) - clock.now().timestamp(), 0.0)
    except ValueError:
        return 1.0


def _is_over_limit(answer: NoSuccess) -> bool:
    is_used_up = answer.headers.get("x-ratelimit-remaining") == "0"
    return is_used_up or "retry-after" in answer.headers or _OVER_LIMIT.search(answer.text) is not None


def _seconds(text: str) -> float | None:
    """Of a Retry-After: a number, a fraction, or a date."""
    try:
        return max(float(text), 0.0)
    except ValueError:
        pass
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - slow, and hardly ever needed

    try:
        return max((parsedate_to_datetime(text) - clock.now()).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
