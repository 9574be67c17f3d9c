"""How soon a push runs, and how many pushes agents keep up with.

The first is measured: a real agent, a real remote, push events. Of the second what one turn costs is measured, the
rest is computed with the real queue.

A simulation, second by second: pushes arrive evenly, each changes one environment; an agent decides about all of its
environments when something moved (one survey at a time), and applies up to `parallel` at once. Processes share cores.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import Report, Scale
from tests.soak.idle import new_project
from tests.support.agents import Agent, running_agent
from tests.support.engines import available_engines
from tests.support.sandbox import Sandbox, new_sandbox, with_remote
from tfops.agent.queue import Queue
from tfops.records.decision import Decision, SyncReason
from tfops.records.names import EnvName
from tfops.resolve.shard import Shard
from tfops.views.reconcile import Act

ENVIRONMENTS, PUSHES_PER_MINUTE, MINUTES = 1_000, 100, 10
MEASURED = (20, 100)
PARALLEL = 8
# What an apply takes: of our own, one apply of five resources (above); of the engine's, what a cloud takes.
APPLY_S = (5, 30, 120)
AGENTS = (1, 2, 4, 8)
_STEP_S = 0.2
ROUNDS = 10
_POLL_S = 0.005
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of one survey: for itself, and for each environment whose branch's head is new."""

    base_s: float
    each_s: float

    def of(self, environments: int) -> float:
        return self.base_s + self.each_s * environments


def measure(sizes: Sequence[int]) -> Costs:
    """Whole processes; every environment is on one branch, whose head is new."""
    took = []
    for count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            shop = new_project(Path(folder), envs=count)
            shop.commit("a new head")
            shop.git("push", "--quiet")
            _survey(shop)
            took.append(min(_survey(shop) for _ in range(3)))
    each = (took[1] - took[0]) / (sizes[1] - sizes[0])
    return Costs(took[0] - each * sizes[0], each)


def _survey(shop: Sandbox) -> float:
    started = time.perf_counter()
    shop.cold("reconcile", "--dry-run", "--output", "json")
    return time.perf_counter() - started


def reactions(rounds: int) -> list[tuple[float, float]]:
    """Seconds from the end of `git push` until its change was begun, and until its version was recorded."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        laptop = new_sandbox(Path(folder) / "laptop", available_engines()[0])
        laptop.wish("start")
        with_remote(laptop, Path(folder) / "remote.git")
        clone = laptop.clone(str(Path(folder) / "remote.git"), Path(folder) / "agent")
        with running_agent(clone, "--interval", "1h") as agent:
            _heard(agent, " is now v1")
            for number in range(2, rounds + 2):
                laptop.wish(f"value {number}")
                laptop.git("push", "--quiet")
                pushed = time.perf_counter()
                agent.hook()
                begun = _heard(agent, " started ", number) - pushed
                found.append((begun, _heard(agent, f" is now v{number}") - pushed))
    return found


def _heard(agent: Agent, words: str, times: int = 1) -> float:
    end = time.perf_counter() + _PATIENCE_S
    while agent.said(words) < times:
        assert time.perf_counter() < end, agent.log.read_text()
        time.sleep(_POLL_S)
    return time.perf_counter()


class Simulated:
    """One agent; time is a number. `pushed` is when the oldest push came that an environment doesn't run yet."""

    def __init__(self, survey_s: float, apply_s: float) -> None:
        self.survey_s, self.apply_s = survey_s, apply_s
        self.queue, self.pushed = Queue(), dict[EnvName, float]()
        self.seen: list[EnvName] = []
        self.decided_at = 0.0
        self.applying: list[tuple[float, EnvName, float]] = []
        self.latencies: list[float] = []

    def turn(self, now: float) -> None:
        """What happens at a moment: applies end, a survey ends and the next begins, applies begin."""
        for end in [end for end in self.applying if end[0] <= now]:
            self.applying.remove(end)
            self.queue.ended(Act(end[1], "", 0, ""), now)
            self.latencies.append(now - end[2])
        if now >= self.decided_at:
            seen = (Decision(env, SyncReason.CHANGED, "", acts=True) for env in self.seen if env in self.pushed)
            self.queue.offer(seen, since=self.decided_at - self.survey_s)
            self.seen, self.decided_at = list(self.pushed), now + self.survey_s
        while len(self.applying) < PARALLEL and (decision := self.queue.take(now)) is not None:
            self.applying.append((now + self.apply_s, decision.env, self.pushed.pop(decision.env)))


def simulate(costs: Costs, *, agents: int, apply_s: float) -> tuple[float, float, int]:
    """Median and 95th percentile of seconds from push to running, and how many wait in the end."""
    choice = random.Random(1)
    shards = [
        (Shard(number, agents), Simulated(costs.of(ENVIRONMENTS // agents), apply_s)) for number in range(1, agents + 1)
    ]
    next_push, now = 0.0, 0.0
    while now < MINUTES * 60:
        while next_push <= now:
            env = EnvName(f"env-{choice.randrange(ENVIRONMENTS)}")
            agent = next(found for shard, found in shards if shard.has(env))
            agent.pushed.setdefault(env, next_push)
            next_push += 60 / PUSHES_PER_MINUTE
        for _, agent in shards:
            agent.turn(now)
        now += _STEP_S
    latencies = sorted(latency for _, agent in shards for latency in agent.latencies)
    waiting = sum(len(agent.pushed) for _, agent in shards)
    return statistics.median(latencies), latencies[int(len(latencies) * 0.95)], waiting


def report(scale: Scale) -> Report:
    rounds = scale.rounds(ROUNDS)
    begun, running = (sorted(column) for column in zip(*reactions(rounds), strict=True))
    costs = measure((2, 10) if scale.is_small else MEASURED)
    rows = [
        f"| {apply_s} s | {agents} | {median:.0f} | {late:.0f} | {waiting} |"
        for apply_s in APPLY_S
        for agents in AGENTS
        for median, late, waiting in [simulate(costs, agents=agents, apply_s=apply_s)]
    ]
    text = f"""\
From the end of `git push` with a push event, {rounds} times: until its change is begun {statistics.median(begun):.2f} s
(at most {begun[-1]:.2f} s), until its version is recorded {statistics.median(running):.2f} s (at most
{running[-1]:.2f} s), with {available_engines()[0].rpartition("/")[2]} and one built-in resource.

The agent, {ENVIRONMENTS:,} environments, {PUSHES_PER_MINUTE} pushes a minute for {MINUTES} minutes, each to one
environment, `--parallel {PARALLEL}`. Computed with the real queue from what was measured: deciding takes
{costs.base_s:.2f} s and {costs.each_s * 1000:.1f} ms for each environment whose branch moved, here all of them on one
branch: the worst case. Each agent has cores of its own, and a part of the environments (`--shard`).

| an apply takes | agents | push to running, median s | 95th percentile s | waiting at the end |
|---|---|---|---|---|
{chr(10).join(rows)}

The bound: pushes a minute times seconds of an apply, divided by 60, must be less than agents times `--parallel`. Above
it environments wait, and each runs its newest commit when its turn comes. Then: more agents with `--shard n/m`, a
higher `--parallel` where the cores are there, branches of their own for environments.
"""
    return Report(text, {})
