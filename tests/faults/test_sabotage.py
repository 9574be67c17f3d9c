"""One scenario per safeguard: sound with it, and seen to be unsound without it."""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.backends import Backend
from tests.faults.world import World, kill_engines, new_world
from tests.support.engines import require_engine
from tests.support.sandbox import Sandbox
from tests.support.state_server import StateServer, serve_states

Scenario = Callable[[World, StateServer], None]


@pytest.fixture
def states() -> Iterator[StateServer]:
    with serve_states() as server:
        yield server


def what_a_dead_engine_made_comes_back(world: World, _: StateServer) -> None:
    """The engine dies after something was made and before the remote state was written."""
    world.seconds = 5  # the first is made, and this long before the others: no machine is too slow to die in between
    world.wish()
    world.run("apply", "dev", "--yes", failpoint="engine-working:SIGKILL+engine")
    world.run("recover", "dev")
    world.run("apply", "dev", "--yes")
    world.check()


def a_living_engine_is_waited_for(world: World, _: StateServer) -> None:
    world.seconds = 20 if world.sabotage else 3  # who doesn't wait is faster than that on any machine
    world.wish()
    world.run("apply", "dev", "--yes", failpoint="engine-started:SIGKILL")
    recovered = world.run("recover", "dev", "--wait", "90s")
    kill_engines(world.shop.workspace)
    # Whoever waited has the engine's last word: nothing is in doubt, however fast or slow the machine is.
    is_certain = "everything was applied" in recovered.out and "in doubt" not in recovered.out
    assert is_certain, recovered.out + recovered.err


def an_engine_outlives_its_tfops(world: World, _: StateServer) -> None:
    world.wish()
    world.run("apply", "dev", "--yes", failpoint="engine-started:SIGKILL")
    recovered = world.run("recover", "dev", "--wait", "30s")
    assert "everything was applied" in recovered.out, recovered.out + recovered.err


def a_state_that_was_overwritten_is_noticed(world: World, states: StateServer) -> None:
    """Another run, without the lock, puts an old state over the one of this apply."""
    world.wish()
    world.run("apply", "dev", "--yes")
    [(place, old)] = states.states.items()
    states.frozen[place] = re.sub(rb'"serial":\s*\d+', b'"serial": 999', old)
    world.wish()
    ran = world.run("apply", "dev", "--yes")
    states.frozen.clear()
    assert ran.code == 21, ran.out + ran.err
    assert world.shop.tags() == ["tfops/dev/v1"]


def two_machines_do_not_overwrite_each_other(world: World, _: StateServer) -> None:
    """One stops right before it pushes its intent; the other does everything; then the first goes on."""
    world.wish()
    remote = world.shop.git("remote", "get-url", "origin")
    other: Sandbox = world.shop.clone(remote, world.shop.path.parent / "other")
    env = world.shop.env | {"TFOPS_FAILPOINT": "intent-stored:SIGSTOP", "PYTHONPATH": str(Path(__file__).parents[2])}
    first = subprocess.Popen(
        world.argv("apply", "dev", "--yes"), cwd=world.shop.path, env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    os.waitpid(first.pid, os.WUNTRACED)
    other.ok("apply", "dev", "--yes")
    first.send_signal(signal.SIGCONT)
    first.communicate(timeout=60)
    verified = other.run("verify", "dev")
    assert verified.code == 0, verified.out + verified.err


_SCENARIOS: dict[str, Scenario] = {
    "without-import": what_a_dead_engine_made_comes_back,
    "without-wait": a_living_engine_is_waited_for,
    "with-a-pipe": an_engine_outlives_its_tfops,
    "without-read-back": a_state_that_was_overwritten_is_noticed,
    "without-lease": two_machines_do_not_overwrite_each_other,
}


def _world(tmp_path: Path, states: StateServer, sabotage: str) -> World:
    backend = Backend("http", states.backend())
    return new_world(tmp_path, backend, require_engine(fast=True), seed=4, sabotage=sabotage)


@pytest.mark.parametrize("name", _SCENARIOS)
def test_with_the_safeguard_all_is_sound(tmp_path: Path, states: StateServer, name: str) -> None:
    _SCENARIOS[name](_world(tmp_path, states, ""), states)


@pytest.mark.parametrize("name", _SCENARIOS)
def test_without_the_safeguard_the_scenario_turns_red(tmp_path: Path, states: StateServer, name: str) -> None:
    with pytest.raises(AssertionError):
        _SCENARIOS[name](_world(tmp_path, states, name), states)
