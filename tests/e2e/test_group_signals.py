"""Signals to the whole process group, as Ctrl-C on a terminal and a CI system send them: at any moment of any command.

What docs/how-to/when-it-stops.md promises: exit code 130, no lock left behind, what was made is recorded or on the
receipt, and the message says which of these it is.
"""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.backends import serve
from tests.faults.kills import IN_CHANGE, IN_RECOVERY
from tests.faults.world import World, new_world
from tests.support.group import Job, job
from tests.support.sandbox import Ran, Sandbox, with_remote
from tests.support.state_server import serve_states

_HOW = ("SIGINT+group", "SIGTERM+group+again", "SIGTERM+group", "SIGINT+group+again")
_BEFORE_THE_LOCK = IN_CHANGE[: IN_CHANGE.index("intent-stored")]
_AFTER_THE_ENGINE = IN_CHANGE[IN_CHANGE.index("engine-ended") :]
_FINISHED = "The change was finished and recorded first."


@pytest.fixture
def world(tmp_path: Path, engine: str) -> Iterator[World]:
    with serve("local") as backend:
        yield new_world(tmp_path, backend, engine, seed=7)


def _kept(shop: Sandbox) -> set[str]:
    """What of a run stands in the ledger: `lock.json`, `intent.json`, `trouble.json`."""
    names = shop.git("ls-tree", "--name-only", "refs/tfops/envs/dev").split()
    return {name.removesuffix(".json") for name in names} & {"lock", "intent", "trouble"}


def _require_orderly(ran: Ran, fault: str) -> None:
    assert "a bug in tfops" not in ran.err and "Exception ignored" not in ran.err, f"{fault}: {ran.err}"


@pytest.mark.timeout(600)
def test_a_change_that_is_interrupted_anywhere_says_the_truth_and_leaves_no_lock(world: World) -> None:
    world.wish()
    world.run("apply", "dev", "--yes")
    for number, point in enumerate(IN_CHANGE):
        fault = f"{_HOW[number % len(_HOW)]} at {point}"
        world.wish()
        if point == "claimed":
            world.lose_a_race()
        before = world.shop.tags()
        ran = world.run("apply", "dev", "--yes", failpoint=f"{point}:{_HOW[number % len(_HOW)]}")
        _require_orderly(ran, fault)
        recorded = len(world.shop.tags()) - len(before)
        assert not _kept(world.shop) & {"lock", "intent"}, f"{fault}: {ran.err}"
        if point in _BEFORE_THE_LOCK:
            assert (ran.code, recorded, "Nothing was changed." in ran.err) == (130, 0, True), f"{fault}: {ran.err}"
        elif point in _AFTER_THE_ENGINE:
            assert (ran.code, recorded, _FINISHED in ran.err) == (130, 1, True), f"{fault}: {ran.err}"
        else:  # how far the engine got is its own affair
            assert (ran.code, recorded) in ((130, 0), (0, 1), (130, 1)), f"{fault}: {ran.err}"
            assert (_FINISHED in ran.err) == ((ran.code, recorded) == (130, 1)), f"{fault}: {ran.err}"
            way_on = "next: to finish: tfops resume dev" in ran.err
            assert recorded or way_on == ("trouble" in _kept(world.shop)), f"{fault}: {ran.err}"
            assert recorded or way_on != ("Nothing was changed." in ran.err), f"{fault}: {ran.err}"
    assert world.finish().code == 0
    world.check()


@pytest.mark.timeout(300)
def test_a_recovery_that_is_interrupted_anywhere_can_be_run_again(world: World) -> None:
    for number, point in enumerate((*IN_RECOVERY, "card-written", "version-pushed", "recorded")):
        fault = f"{_HOW[number % len(_HOW)]} while recovering, at {point}"
        world.wish()
        killed = "engine-ended:SIGKILL" if point in IN_CHANGE else "engine-working:SIGKILL+engine"
        world.run("apply", "dev", "--yes", failpoint=killed)
        ran = world.run("recover", "dev", "--wait", "60s", failpoint=f"{point}:{_HOW[number % len(_HOW)]}")
        _require_orderly(ran, fault)
        assert ran.code in (0, 130), f"{fault}: {ran.err}"
        again = world.run("recover", "dev", "--wait", "60s")
        assert again.code == 0, f"{fault}: {again.err}"
        assert not _kept(world.shop) & {"lock", "intent"}, f"{fault}: {again.err}"
    assert world.finish().code == 0
    world.check()


@pytest.mark.timeout(300)
def test_every_other_command_that_changes_something_is_interrupted_in_order_too(world: World) -> None:
    for _ in range(2):
        world.wish()
        assert world.run("apply", "dev", "--yes").code == 0
    back = ["rollback", "dev", "v1", "--yes", "--allow-stateless"]
    done, recorded = "It was done first: the ledger of dev has it.", _FINISHED
    tries = [
        (("lock", "dev"), "intent-pushed", done),
        (("unlock", "dev"), "intent-pushed", done),
        (("hold", "dev", "--reason", "a fair"), "intent-pushed", done),
        (("resume", "dev"), "intent-pushed", done),
        (back, "consented", "Nothing was changed."),
        (back, "version-stored", recorded),
        (("destroy", "dev", "--yes"), "begun", "Nothing was changed."),
        (("destroy", "dev", "--yes"), "engine-working", "next: to finish: tfops resume dev"),
        (("resume", "dev", "--yes"), "engine-ended", recorded),
    ]
    with serve_states() as states:
        for number, (argv, point, said) in enumerate(tries):
            fault = f"{_HOW[number % len(_HOW)]} at {point} of {argv}"
            ran = world.run(*argv, failpoint=f"{point}:{_HOW[number % len(_HOW)]}")
            _require_orderly(ran, fault)
            assert (ran.code, said in ran.err) == (130, True), f"{fault}: {ran.code} {ran.err}"
            assert _kept(world.shop) & {"lock", "intent"} == ({"lock"} if argv[0] == "lock" else set()), fault
        assert len(world.shop.tags()) == 4
        world.wish()
        world.run("apply", "dev", "--yes")
        elsewhere = states.backend()
        for number, point in enumerate(("state-copied", "state-marked")):
            rules = world.shop.path / "tfops.yaml"
            rules.write_text(_without_backend(rules.read_text()) + elsewhere.replace("/{env}/", f"/{point}/{{env}}/"))
            world.shop.commit(f"keep the state elsewhere, {number}")
            world.shop.git("push", "--quiet")
            ran = world.run("backend", "move", "dev", "--yes", failpoint=f"{point}:{_HOW[number]}")
            _require_orderly(ran, point)
            assert (ran.code, _FINISHED in ran.err) == (130, True), ran.err
        assert not _kept(world.shop)
        assert "No changes" in world.run("plan", "dev").out


def _without_backend(rules: str) -> str:
    return rules.partition("backend:")[0]


_SLOW = """\
variable "seconds" { type = number }
variable "marker" { type = string }
resource "terraform_data" "first" { input = "first" }
resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "touch '${var.marker}'; sleep ${var.seconds}" }
}
"""

# The remote takes its time with the push of a version: long enough to be interrupted in its middle. Before the engine
# has worked, the same push is only tried.
_SLOW_HOOK = """\
#!/bin/sh
grep -q refs/tags/tfops/ && test -e '{begun}' || exit 0
touch '{marker}'
sleep 1
"""


@pytest.fixture
def slow(shop: Sandbox, tmp_path: Path) -> Sandbox:
    shop.write("modules/slow/main.tf", _SLOW)
    shop.env["PYTHONPATH"] = str(Path(__file__).parents[2])
    _wish(shop, 0)
    hook = with_remote(shop, tmp_path / "remote.git") / "hooks/pre-receive"
    hook.write_text(_SLOW_HOOK.format(marker=shop.home / "pushing", begun=shop.home / "begun"))
    hook.chmod(0o755)
    return shop


def _wish(slow: Sandbox, seconds: float) -> None:
    inputs = {"seconds": seconds, "marker": str(slow.home / "begun")}
    slow.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "slow", "inputs": inputs}}}))
    slow.commit(f"{seconds} seconds")


def _interrupt(running: Job, way: str) -> None:
    if way == "ctrl-c":
        running.press()
    else:
        running.kill_group(signal.SIGTERM)


def _interrupt_until_it_ends(running: Job, way: str) -> None:
    """As a person does: Python doesn't hear a signal that comes in the moment before it waits for a line."""
    pressed = 0.0
    while running.process.poll() is None:
        if time.monotonic() - pressed >= 1:
            _interrupt(running, way)
            pressed = time.monotonic()
        running.hear(0.05)


@pytest.mark.parametrize("way", ["ctrl-c", "killpg"])
def test_a_job_is_interrupted_at_the_question_at_work_and_while_its_version_is_pushed(slow: Sandbox, way: str) -> None:
    with job(slow, "apply", "dev") as asked:
        asked.wait_until(lambda: "[y/N]" in asked.text)
        _interrupt_until_it_ends(asked, way)
        assert (asked.end(), "Nothing was changed." in asked.text) == (130, True), asked.text
    assert slow.git("for-each-ref", "refs/tfops") == ""

    with job(slow, "apply", "dev", "--yes") as pushing:
        pushing.wait_until((slow.home / "pushing").exists)
        _interrupt(pushing, way)
        _interrupt(pushing, way)
        assert (pushing.end(), _FINISHED in pushing.text) == (130, True), pushing.text
    assert (slow.tags(), _kept(slow)) == (["tfops/dev/v1"], set())

    (slow.home / "begun").unlink()
    slow.write("modules/slow/main.tf", _SLOW.replace("  depends_on", "  triggers_replace = [1]\n  depends_on"))
    _wish(slow, 30)
    slow.git("push", "--quiet")
    with job(slow, "apply", "dev", "--yes", module="tests.support.hasty") as working:
        working.wait_until((slow.home / "begun").exists)
        working.wait_until(lambda: "still at it" in slow.git("log", "--format=%s", "refs/tfops/envs/dev"))
        _interrupt(working, way)
        assert (working.end(), "Stopped part-way" in working.text) == (130, True), working.text
        assert "a bug in tfops" not in working.text
    assert (slow.tags(), _kept(slow)) == (["tfops/dev/v1"], {"trouble"})

    (slow.home / "begun").unlink()
    _wish(slow, 31)
    slow.git("push", "--quiet")
    with job(slow, "reconcile", "dev") as unattended:
        unattended.wait_until((slow.home / "begun").exists)
        _interrupt(unattended, way)
        assert (unattended.end(), "has stopped in an orderly way" in unattended.text) == (130, True), unattended.text
    assert (slow.tags(), _kept(slow)) == (["tfops/dev/v1"], {"trouble"})
