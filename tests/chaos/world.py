"""Two agents and a laptop on the same environments, while the remote comes and goes and agents are killed.

What must be true in the end, however it went: every environment is what its branch says, each commit was applied
at most once, the ledger is sound, nobody holds a lock, and what is there is what was wished.
"""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.agents import Agent, start_agent
from tests.support.git_daemon import GitDaemon, git_daemon
from tests.support.sandbox import Sandbox, new_sandbox
from tests.support.state_server import StateServer, serve_states
from tfops.change.project import Project
from tfops.cli.terminal import Terminal
from tfops.commands.reconcile_facts import decide_all
from tfops.records.decision import Decision

_BRANCHES = ("main", "live", "next")
# A remote that doesn't answer must not cost a minute of a short test.
_IMPATIENT = {"TFOPS_NETWORK_TIMEOUT": "10"}


@dataclass(slots=True)
class World:
    """`wishes` is what each environment's branch says last."""

    laptop: Sandbox
    desk: Sandbox
    daemon: GitDaemon
    states: StateServer
    clones: dict[str, Sandbox]
    envs: dict[str, str]
    choice: random.Random
    agents: dict[str, Agent] = field(default_factory=dict)
    wishes: dict[str, str] = field(default_factory=dict)
    deeds: "Counter[str]" = field(default_factory=Counter)
    hand: "subprocess.Popen[str] | None" = None
    hand_env: str = ""
    owed: set[str] = field(default_factory=set)

    def start(self, name: str) -> None:
        self.agents[name] = start_agent(self.clones[name], "--interval", "1s", "--parallel", "2", "--grace", "60s")

    def push(self) -> None:
        """Someone changes one environment, or two of a branch at once."""
        env = self.choice.choice(list(self.envs))
        branch = self.envs[env]
        self.laptop.git("switch", "--quiet", branch)
        same = [other for other, where in self.envs.items() if where == branch]
        for changed in {env, self.choice.choice(same)}:
            self.wishes[changed] = f"wish {self.deeds['push']} of {changed}"
            wish(self.laptop, changed, self.wishes[changed])
        self.laptop.commit(f"push {self.deeds['push']}")
        self.deeds["push"] += 1
        self._deliver()

    def _deliver(self) -> None:
        """To the repository itself: people reach it when the agents don't."""
        for branch in _BRANCHES:
            self.laptop.git("push", "--quiet", str(self.daemon.folder / "shop.git"), branch)

    def kill(self) -> None:
        """An agent dies without a word, sometimes with everything that it started; a new one takes its clone."""
        name = self.choice.choice(list(self.agents))
        agent = self.agents[name]
        children = _children_of(agent.process.pid) if self.choice.random() < 0.5 else []
        agent.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.deeds["kill with children" if children else "kill"] += 1
        self.start(name)

    def outage(self) -> None:
        self.daemon.stop()
        time.sleep(self.choice.uniform(0.2, 2))
        self.daemon.start()
        self.deeds["outage"] += 1

    def apply_by_hand(self) -> None:
        """Someone applies what they have, beside all else; they may lose a race, be behind, or not reach the remote."""
        if self.hand is not None and self.hand.poll() is None:
            return
        self.hands_off()
        env = self.choice.choice(list(self.envs))
        self.desk.git("fetch", "--quiet", str(self.daemon.folder / "shop.git"), "+refs/heads/*:refs/remotes/origin/*")
        self.desk.git("checkout", "--quiet", "-B", self.envs[env], f"origin/{self.envs[env]}")
        self.hand_env = env
        self.hand = self.desk.start("apply", env, "--yes")

    def hands_off(self) -> None:
        """Wait for the apply by hand."""
        if self.hand is not None:
            _, said = self.hand.communicate(timeout=300)
            assert self.hand.returncode in (0, 11, 12, 20, 22), (self.hand.returncode, said)
            self.deeds[f"by hand: {self.hand.returncode}"] += 1
            if self.hand.returncode:
                self.owed.add(self.hand_env)
            self.hand = None

    def decisions(self) -> list[Decision]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.laptop.env.items():
                patch.setenv(name, value)
            return decide_all(Project.open(self.laptop.path), [], Terminal(quiet=True))[1]

    def settle(self, *, timeout_s: float) -> None:
        """Left alone, the agents bring everything to its branch's head; what someone left, they finish themselves."""
        self.hands_off()
        for env in self.owed:
            self.desk.run("recover", env)
        end = time.monotonic() + timeout_s
        while not all(found.is_in_sync for found in self.decisions()):
            dead = [name for name, agent in self.agents.items() if agent.process.poll() is not None]
            assert not dead, [self.agents[name].log.read_text()[-2000:] for name in dead]
            assert time.monotonic() < end, self.report()
            time.sleep(0.5)

    def report(self) -> str:
        logs = (f"{name}: {agent.log.read_text()[-3000:]}" for name, agent in self.agents.items())
        return "\n".join([*(f"{found.env} {found.word}: {found.text}" for found in self.decisions()), *logs])

    def check(self) -> None:
        """What must be true in the end."""
        self.laptop.git("fetch", "--quiet", "origin", "refs/tags/*:refs/tags/*")
        for env in self.envs:
            state = json.loads(self.states.states[f"/{env}/main"])
            [main] = [found for found in state["resources"] if found["name"] == "main"]
            assert main["instances"][0]["attributes"]["input"]["value"] == self.wishes[env]
            history = self.laptop.ok("history", env, "-o", "json").result
            commits = Counter(entry["record"]["commit"] for entry in history["entries"])
            assert max(commits.values()) == 1, (env, commits)
            assert self.laptop.run("verify", env).code == 0, self.laptop.run("verify", env).out
        status = self.laptop.ok("status", "-o", "json").result["environments"]
        assert not [row for row in status if row["lock"] or row["trouble"] or row["unrecorded"]]
        assert not self.states.locks


def wish(shop: Sandbox, env: str, value: str) -> None:
    shop.write(
        f"environments/{env}.yaml", json.dumps({"modules": {"main": {"source": "thing", "inputs": {"value": value}}}})
    )


def _children_of(pid: int) -> list[int]:
    """Only `tfops`: an engine that was orphaned finishes, as it does when a machine's tfops is killed."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if re.search(rf"^PPid:\t{pid}$", status.read_text(), re.MULTILINE):
                found.append(int(status.parent.name))
    return found


@contextlib.contextmanager
def new_world(folder: Path, engine: str, *, envs: int, seed: int) -> Iterator[World]:
    """The environments are spread over three branches; both agents run."""
    with serve_states() as states:
        names = {f"env-{number}": _BRANCHES[number % len(_BRANCHES)] for number in range(envs)}
        lines = "".join(f"  {env}: {{branch: {branch}}}\n" for env, branch in names.items())
        rules = (
            f"version: 1\nproject: shop\nagent: {{tries: 20, backoff: 1s}}\n{states.backend()}environments:\n{lines}"
        )
        laptop = new_sandbox(folder / "laptop", engine, rules=rules)
        (folder / "remotes").mkdir()
        with git_daemon(folder / "remotes") as daemon:
            wishes = {env: "the first" for env in names}
            for env in names:
                wish(laptop, env, "the first")
            laptop.commit("Start")
            for branch in _BRANCHES[1:]:
                laptop.git("branch", branch)
            laptop.git("init", "--quiet", "--bare", "--initial-branch=main", str(daemon.folder / "shop.git"))
            laptop.git("remote", "add", "origin", daemon.url("shop.git"))
            laptop.git("push", "--quiet", "origin", *_BRANCHES)
            clones = {name: laptop.clone(daemon.url("shop.git"), folder / name) for name in ("north", "south", "desk")}
            for clone in clones.values():
                clone.env.update(_IMPATIENT)
            desk = clones.pop("desk")
            world = World(laptop, desk, daemon, states, clones, names, random.Random(seed), wishes=wishes)
            try:
                for name in clones:
                    world.start(name)
                yield world
            finally:
                world.hands_off()
                for agent in world.agents.values():
                    agent.kill()


def rage(world: World, *, seconds: float) -> None:
    """Deeds at random, with pauses in which the agents get somewhere."""
    end = time.monotonic() + seconds
    deeds = [world.push] * 6 + [world.kill] * 2 + [world.outage] * 2 + [world.apply_by_hand] * 2
    while time.monotonic() < end:
        world.choice.choice(deeds)()
        time.sleep(world.choice.uniform(0.2, 2.5))
