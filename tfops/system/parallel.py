"""Work in parallel: threads for waiting on child processes, processes for computing."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from concurrent.futures.thread import ThreadPoolExecutor
from typing import TypeVar

from tfops.errors import TfopsError
from tfops.system import signals

Item = TypeVar("Item")
Result = TypeVar("Result")

_TICK_S = 0.05
# An engine is a process of some 100 MB that mostly waits for a cloud.
_MOST_ENGINES = 8


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The results in the order of the items; one thread per processor. The first exception ends it."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(work, items))


def side_by_side(
    tasks: Sequence[Callable[[], Result]],
    *,
    on_signal: signals.OnSignal,
    on_tick: Callable[[], None] = lambda: None,
) -> list[Result | TfopsError]:
    """Run engines at the same time, and hand every signal on to all of them: each task's result, or what it raised.

    Called in the main thread, where `on_tick` is called every 50 ms or so. A single task has the thread to itself:
    it hears the signals, and ticks by its own means.
    """
    if len(tasks) == 1:
        try:
            return [tasks[0]()]
        except TfopsError as error:
            return [error]
    with signals.routed_to_all(on_signal) as tell, ThreadPoolExecutor(max_workers=_MOST_ENGINES) as pool:
        running = [pool.submit(_outcome, task) for task in tasks]
        waiting: set[Future[Result | TfopsError]] = set(running)
        while waiting:
            _, waiting = wait(waiting, timeout=_TICK_S)
            tell()
            on_tick()
        tell()
    return [future.result() for future in running]


@contextlib.contextmanager
def meanwhile(task: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """A task that waits for a child process, in a thread of its own: it is over when the block is. What is given tells
    its result, or raises what it raised."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool.submit(task).result


def _outcome(task: Callable[[], Result]) -> Result | TfopsError:
    try:
        return task()
    except TfopsError as error:
        return error


def in_processes(work: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item]) -> list[Result]:
    """`work` over as many parts of the items as there are processors, each in a process of its own."""
    count = os.cpu_count() or 1
    if count == 1:
        return work(items)
    parts = [items[start::count] for start in range(count)]
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - 40 modules for the few that compute
    from multiprocessing import get_context  # noqa: PLC0415 - as above

    # A forked child would share our pipes to Git: each begins anew.
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        return [result for results in pool.map(work, parts) for result in results]
