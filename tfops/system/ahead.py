"""The next thing is got while the one before is worked on: for what waits for a process of its own."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


def ahead(things: Iterator[Thing], *, first: int) -> Generator[Thing, None, None]:
    """The same things. The `first` ones are got when they are asked for, because whoever takes so few may stop there.

    What getting one raises is raised where it is asked for.
    """
    for _ in range(first):
        try:
            thing = next(things)
        except StopIteration:
            return
        yield thing
    coming = _FetchedAhead(things)
    try:
        while (got := coming.result()) is not None:
            coming = _FetchedAhead(things)
            yield from got
    finally:
        coming.end()


class _FetchedAhead(Generic[Thing]):
    """One thing, got by a thread; nothing when there are no more."""

    def __init__(self, things: Iterator[Thing]) -> None:
        self._got: list[Thing] | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(things,), daemon=True)
        self._thread.start()

    def result(self) -> list[Thing] | None:
        self.end()
        if self._error is not None:
            raise self._error
        return self._got

    def end(self) -> None:
        self._thread.join()

    def _run(self, things: Iterator[Thing]) -> None:
        try:
            self._got = [next(things)]
        except StopIteration:
            self._got = None
        except BaseException as error:  # noqa: BLE001 - raised where it is asked for
            self._error = error
