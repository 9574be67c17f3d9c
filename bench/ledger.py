"""What the ledger adds to an apply, against a bare repository on the same disk: three swaps, timed apart."""

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.measuring import Report, Scale
from tests.support.cards import make_card
from tests.support.sandbox import new_sandbox, with_remote
from tfops.ledger.chain import NewEvent, prepare, read_present
from tfops.ledger.record import record_version
from tfops.records.event import EventKind
from tfops.records.lock import Lock
from tfops.records.names import EnvName
from tfops.system import clock
from tfops.system.remote import Refs
from tfops.system.repository import Repository

ROUNDS = 30
DEV = EnvName("dev")


def _timed(deed: Callable[[], object]) -> float:
    started = time.perf_counter()
    deed()
    return (time.perf_counter() - started) * 1000


def measure(rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each step, per round."""
    took: dict[str, list[float]] = {"fetch": [], "lock and intent": [], "tag, ledger and unlock": []}
    with tempfile.TemporaryDirectory() as folder:
        shop = new_sandbox(Path(folder) / "shop", "none")
        shop.commit()
        with_remote(shop, Path(folder) / "remote.git")
        repository = Repository(shop.path)
        refs = Refs(repository)
        for number in range(rounds + 1):
            run_id = f"r-{number}"
            took["fetch"].append(_timed(refs.fetch))
            lock = Lock(run_id=run_id, clone="c", who="ann", host="h", pid=1, what="apply", since=clock.now())
            event = NewEvent(EventKind.BEGUN, "begun", run_id, lock=lock)
            took["lock and intent"].append(_timed(partial(_append, repository, refs, event)))
            card = make_card(repository.head, run_id=run_id)
            record = partial(record_version, repository, refs, card, "x", base=None)
            took["tag, ledger and unlock"].append(_timed(record))
    return {name: values[1:] for name, values in took.items()}


def _append(repository: Repository, refs: Refs, event: NewEvent) -> None:
    refs.swap(prepare(repository, read_present(repository, DEV), event))


def report(scale: Scale) -> Report:
    """The table, measured now."""
    rounds = scale.rounds(ROUNDS)
    lines = [
        f"The ledger against a bare repository on the same disk, {rounds} rounds after one warm-up. An apply makes",
        "each of these round trips once; without a ledger it would need the first and a push of the tag.",
        "",
        "| round trip | median ms |",
        "|---|---|",
    ]
    lines += [f"| {name} | {statistics.median(values):.0f} |" for name, values in measure(rounds).items()]
    return Report("\n".join(lines), {})
