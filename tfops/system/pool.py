"""Children side by side: at most so many at once, each given back as it ends."""

import contextlib
import os
import select
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import field
from typing import TypeVar

from tfops.dataclass import dataclass
from tfops.errors import TfopsError
from tfops.system.children import Child

Item = TypeVar("Item")

_POLL_S = 0.02


@dataclass(slots=True)
class Pool:
    """At most `parallel` children at once; `running` are those that work now, by name."""

    parallel: int
    running: dict[str, Child] = field(default_factory=dict)
    has_begun: bool = False

    def each(
        self, items: Iterable[Item], start: Callable[[Item], Child], *, name: Callable[[Item], str]
    ) -> Iterator[tuple[Item, Child | TfopsError]]:
        """Start a child for each item, and give it back as it ends; in its place what `start` raised.

        Who gets a KeyboardInterrupt meanwhile calls `hand_over`, and asks for no more: nothing new is started then.
        """
        waiting, about = list(items), dict[str, Item]()
        while waiting or self.running:
            while waiting and len(self.running) < self.parallel:
                item = waiting.pop(0)
                try:
                    self.running[name(item)] = start(item)
                except TfopsError as error:
                    yield item, error
                else:
                    about[name(item)], self.has_begun = item, True
            wait_for_any(self.running.values())
            for one in [one for one, child in self.running.items() if not child.is_running]:
                yield about[one], self.running.pop(one)

    def hand_over(self) -> None:
        """Pass one interrupt on, and wait: each engine saves its state, each run tells the ledger how far it got."""
        for child in self.running.values():
            child.stop()
        for child in self.running.values():
            child.process.wait()


def wait_for_any(children: Collection[Child], *, longest_s: float | None = None) -> None:
    """Return when one of them has ended, or after `longest_s`; at once where there is none."""
    if not hasattr(os, "pidfd_open"):
        end = None if longest_s is None else time.monotonic() + longest_s
        while children and all(child.is_running for child in children) and (end is None or time.monotonic() < end):
            time.sleep(_POLL_S)
    elif children and all(child.is_running for child in children):
        with contextlib.ExitStack() as opened:
            select.select([_handle(child, opened) for child in children], [], [], longest_s)


def _handle(child: Child, opened: contextlib.ExitStack) -> int:
    """What is readable when the child has ended."""
    handle = os.pidfd_open(child.process.pid)  # it ran a moment ago, and nobody but us takes its exit code
    opened.callback(os.close, handle)
    return handle
