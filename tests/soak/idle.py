"""Turns with nothing to do, one after the other without a pause: what they cost, and whether anything grows."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.cards import make_card
from tests.support.sandbox import Sandbox, new_sandbox, with_remote
from tfops.agent.agent_status import AgentStatus
from tfops.agent.log import Log
from tfops.agent.loop import AgentOptions, Loop
from tfops.agent.tell import Notifier
from tfops.agent.watch import Watch
from tfops.change.project import Project
from tfops.ledger.record import record_version
from tfops.resolve.shard import Shard
from tfops.system.remote import Refs
from tfops.system.repository import Repository

_PAGE = os.sysconf("SC_PAGE_SIZE")
_PATIENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Sample:
    """This process after so many turns."""

    turns: int
    seconds: float
    memory_mb: float
    handles: int
    children: int
    git_processes: int


@dataclass(frozen=True, slots=True)
class Soaked:
    """Samples over time; `surveys` is how often anything had to be decided."""

    samples: tuple[Sample, ...]
    surveys: int
    environments: int

    @property
    def git_processes_per_turn(self) -> float:
        first, last = self.samples[0], self.samples[-1]
        return (last.git_processes - first.git_processes) / (last.turns - first.turns)

    @property
    def ms_per_turn(self) -> tuple[float, float]:
        """Of the first and of the last part."""
        return _pace(*self.samples[:2]), _pace(*self.samples[-2:])


def _pace(before: Sample, after: Sample) -> float:
    return (after.seconds - before.seconds) / (after.turns - before.turns) * 1000


def new_project(folder: Path, *, envs: int) -> Sandbox:
    """Environments that all run their branch's head, as the ledger says; no engine was needed for that."""
    names = [f"env-{number}" for number in range(envs)]
    rules = "version: 1\nproject: shop\nenvironments:\n" + "".join(f"  {env}: {{branch: main}}\n" for env in names)
    shop = new_sandbox(folder / "shop", "none", rules=rules)
    for env in names:
        shop.write(f"environments/{env}.yaml", "modules: {main: {source: thing, inputs: {value: 1}}}\n")
    shop.commit("Start")
    with_remote(shop, folder / "remote.git")
    with environment_of(shop):
        repository = Repository(shop.path)
        refs = Refs(repository)
        for env in names:
            card = make_card(repository.head, environment=env, run_id=f"r-{env}")
            record_version(repository, refs, card, "1 created", base="")
    return shop


@contextmanager
def environment_of(shop: Sandbox) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in shop.env.items():
            patch.setenv(name, value)
        yield


def soak(shop: Sandbox, *, turns: int, envs: int, samples: int = 10) -> Soaked:
    """The loop in this process, without an interval, until it has looked so often."""
    with environment_of(shop), (shop.home / "agent.log").open("a") as stream:
        project = Project.open(shop.path)
        board, log = AgentStatus(silence_s=60), Log(stream=stream)
        options = AgentOptions(interval_s=0.0, parallel=1, grace_s=1.0, shard=Shard(1, 1))
        loop = Loop(project, options, Watch(project, "refs/tfops/envs/{env}"), board, log, Notifier(lambda _: None))
        taken: list[Sample] = []
        sampler = threading.Thread(target=_sample, args=(board, project.repository, taken, turns, samples), daemon=True)
        sampler.start()
        loop.run()
        sampler.join()
    return Soaked(tuple(taken), board.surveys, envs)


def _sample(board: AgentStatus, repository: Repository, taken: list[Sample], turns: int, samples: int) -> None:
    """Begin when everything was decided once, and stop the loop in the end."""
    try:
        _wait(lambda: board.surveys > 0)
        begun, started = board.looks["ok"], time.monotonic()
        for number in range(samples + 1):
            wanted = begun + number * turns // samples
            _wait(lambda wanted=wanted: board.looks["ok"] >= wanted)  # type: ignore[misc]
            done = board.looks["ok"] - begun
            taken.append(Sample(done, time.monotonic() - started, *_this_process(), repository.git.started))
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def _this_process() -> tuple[float, int, int]:
    """Memory in MB, open handles, children: how many there are just now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    children = sum(len(path.read_text().split()) for path in Path("/proc/self/task").glob("*/children"))
    return pages * _PAGE / 1e6, len(list(Path("/proc/self/fd").iterdir())), children
