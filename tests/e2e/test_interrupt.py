"""Signals in the middle of an apply: the engine gets one, finishes cleanly, nothing is tagged."""

import json
import os
import signal
import subprocess
import time

import pytest

from tests.support.sandbox import Sandbox, wait_until

# `first` is made at once, `slow` takes as long as it is told, `last` comes after both.
_SLOW = """\
variable "seconds" { type = number }
variable "marker" { type = string }
resource "terraform_data" "first" { input = "first" }
resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "touch '${var.marker}'; sleep ${var.seconds}" }
}
resource "terraform_data" "last" {
  input = terraform_data.slow.id
}
"""


@pytest.fixture
def slow(shop: Sandbox) -> Sandbox:
    shop.write("modules/slow/main.tf", _SLOW)
    return shop


def _wish(slow: Sandbox, seconds: float) -> None:
    inputs = {"seconds": seconds, "marker": str(slow.home / "begun")}
    slow.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "slow", "inputs": inputs}}}))
    slow.commit(f"{seconds} seconds")


def _begun(slow: Sandbox) -> bool:
    return (slow.home / "begun").exists()


def _apply_until_slow(slow: Sandbox, *args: str) -> "subprocess.Popen[str]":
    process = slow.start("apply", "dev", "--yes", *args)
    wait_until(lambda: _begun(slow) or process.poll() is not None)
    assert _begun(slow), process.communicate()
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_is_sound_untagged_and_can_be_finished(slow: Sandbox, number: int) -> None:
    _wish(slow, 30)
    process = _apply_until_slow(slow, "-o", "json")
    started = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, time.monotonic() - started < 15) == (130, True)
    error = json.loads(out)["error"]
    assert error["name"] == "interrupted"
    assert error["state"].startswith("Stopped part-way: 1 of 3 changes done.")
    assert err.count("interrupt sent") == 1
    assert slow.tags() == []
    _wish(slow, 0)
    assert "dev is now v1" in slow.ok("apply", "dev", "--yes").out, "the state or its lock is not sound"


def test_a_second_interrupt_is_answered_and_not_passed_on(slow: Sandbox) -> None:
    _wish(slow, 30)
    process = _apply_until_slow(slow)
    process.send_signal(signal.SIGINT)
    time.sleep(0.03)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert "Two interrupts received" not in err
    assert len(slow.state()["resources"]) >= 1, "what was made before the interrupt is lost"


def test_an_interrupt_that_comes_too_late_still_gives_a_version(slow: Sandbox) -> None:
    _wish(slow, 0)
    process = _apply_until_slow(slow)
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, "dev is now v1" in out) == (0, True)


def test_a_killed_tfops_leaves_the_engine_to_finish_and_the_next_one_to_record(slow: Sandbox) -> None:
    _wish(slow, 2)
    process = _apply_until_slow(slow)
    process.kill()
    process.communicate()
    assert slow.tags() == []
    wait_until(lambda: slow.resources() == 3)
    again = slow.ok("apply", "dev", "--yes")
    assert "stopped unexpectedly" in again.err and "everything was applied" in again.err
    assert ("already at v1" in again.out, slow.tags()) == (True, ["tfops/dev/v1"])


def test_two_at_once_on_one_machine_the_second_is_told_who_holds_the_lock(slow: Sandbox) -> None:
    _wish(slow, 3)
    process = _apply_until_slow(slow)
    second = slow.run("apply", "dev", "--yes", "-o", "json")
    assert second.code == 12
    assert "apply of" in second.error["what"]
    assert str(process.pid) in second.error["why"]
    assert "locked: apply of" in slow.ok("status").out
    waited = slow.ok("apply", "dev", "--yes", "--wait", "30s")
    process.communicate()
    assert "already at v1" in waited.out


def test_whoever_stops_reading_stops_nothing(shop: Sandbox) -> None:
    """`tfops apply --yes 2>&1 | head`: the change goes on to its end, and so does an answer in JSON or in text."""
    shop.wish("one")
    read, write = os.pipe()
    os.close(read)
    for words in (("apply", "dev", "--yes"), ("status",), ("status", "-o", "json")):
        ran = subprocess.run(
            shop.command(*words), cwd=shop.path, env=shop.env, stdin=subprocess.DEVNULL, stdout=write, stderr=write,
            check=False,
        )  # fmt: skip
        assert ran.returncode == 0, words
    os.close(write)
    assert shop.tags() == ["tfops/dev/v1"]
