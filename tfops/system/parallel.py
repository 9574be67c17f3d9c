"""Work in parallel: threads for waiting on child processes, processes for computing."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The results in the order of the items; one thread per processor. The first exception ends it."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(work, items))


def in_processes(work: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item]) -> list[Result]:
    """`work` over as many parts of the items as there are processors, each in a process of its own."""
    count = os.cpu_count() or 1
    if count == 1:
        return work(items)
    parts = [items[start::count] for start in range(count)]
    # A forked child would share our pipes to Git: each begins anew.
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        return [result for results in pool.map(work, parts) for result in results]
