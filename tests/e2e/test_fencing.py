"""A lock that was broken fences its holder off; a lock that was not is followed by nobody; nothing gets lost
in a race.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.rival import be_faster_once
from tests.support.sandbox import Ran, Sandbox, new_sandbox, wait_until, with_remote
from tests.support.state_server import StateServer, serve_states
from tests.support.terminal import run_in_terminal
from tfops.ledger.chain import NewEvent, prepare, read_present
from tfops.records.event import EventKind
from tfops.records.lock import Lock
from tfops.records.names import EnvName
from tfops.system.remote import Refs, Swap
from tfops.system.repository import Repository

# `first` is made at once; `slow` says that it began, and ends when the gate is opened.
_GATED = """\
variable "value" { type = string }
variable "gate" { type = string }
resource "terraform_data" "first" { input = var.value }
resource "terraform_data" "slow" {
  triggers_replace = var.value
  depends_on       = [terraform_data.first]
  provisioner "local-exec" {
    command = "touch ${var.gate}.reached; for i in $(seq 200); do test -e ${var.gate} && exit 0; sleep 0.1; done"
  }
}
"""


@dataclass(frozen=True, slots=True)
class Duel:
    """Two clones with one shared state; the first one's apply is in the middle of its work."""

    first: Sandbox
    second: Sandbox
    remote: Path
    states: StateServer
    holder: "subprocess.Popen[str]"

    def open_gate(self) -> None:
        (self.first.home / "gate").touch()

    def holder_ends(self) -> Ran:
        out, err = self.holder.communicate(timeout=60)
        return Ran(self.holder.returncode, out, err)

    def engine_has_finished(self) -> bool:
        stored = json.loads(self.states.states.get("/dev/main", b'{"resources": []}'))
        return len(stored["resources"]) == 2 and not self.states.locks

    def remote_tags(self) -> list[str]:
        return self.first.git("-C", str(self.remote), "tag", "--list", "tfops/*").split()


@pytest.fixture
def states() -> Iterator[StateServer]:
    with serve_states() as server:
        yield server


def _rules(states: StateServer) -> str:
    return f"version: 1\nproject: shop\n{states.backend()}environments:\n  dev: {{branch: main}}\n"


@pytest.fixture
def duel(tmp_path: Path, engine: str, states: StateServer) -> Iterator[Duel]:
    first = new_sandbox(tmp_path / "first", engine, rules=_rules(states))
    first.write("modules/gated/main.tf", _GATED)
    gate = first.home / "gate"
    body = {"modules": {"main": {"source": "gated", "inputs": {"value": "one", "gate": str(gate)}}}}
    first.write("environments/dev.yaml", json.dumps(body))
    first.commit("dev wants one")
    remote = with_remote(first, tmp_path / "remote.git")
    second = first.clone(str(remote), tmp_path / "second")
    holder = first.start("apply", "dev", "--yes", "-o", "json")
    reached = Path(f"{gate}.reached")
    wait_until(lambda: reached.exists() or holder.poll() is not None)
    assert reached.exists(), holder.communicate()
    yield Duel(first, second, remote, states, holder)
    gate.touch()  # whatever still waits, ends
    if holder.poll() is None:
        holder.send_signal(signal.SIGCONT)
        holder.communicate(timeout=60)


def _events(clone: Sandbox) -> list[str]:
    return [event["kind"] for event in clone.ok("log", "dev", "-o", "json").result["events"]]


def test_a_holder_whose_lock_was_broken_records_nothing_and_says_so(duel: Duel) -> None:
    refused = duel.second.run("unlock", "dev")
    assert refused.code == 12, "the lock of a living run is not taken away without force"
    duel.second.ok("unlock", "dev", "--force")
    assert "degraded" in duel.second.ok("status").out, "nobody knows how far the broken run got"
    duel.open_gate()
    ended = duel.holder_ends()
    assert ended.code == 22
    assert "its lock was broken meanwhile" in ended.error["what"]
    assert "infrastructure may not be what any version says" in ended.error["state"]
    assert (duel.remote_tags(), duel.first.tags()) == ([], [])
    assert _events(duel.second) == ["unlocked-by-force", "begun"]
    assert "dev is now v1" in duel.second.ok("apply", "dev", "--yes").out
    assert "is whole" in duel.second.ok("verify", "dev").out


def test_a_sleeping_holder_that_wakes_up_after_others_went_on_records_nothing(duel: Duel) -> None:
    """SIGSTOP is what a closed laptop is: neither dead nor answering."""
    duel.holder.send_signal(signal.SIGSTOP)
    duel.second.ok("unlock", "dev", "--force")
    duel.open_gate()
    wait_until(duel.engine_has_finished)
    assert "dev is now v1" in duel.second.ok("apply", "dev", "--yes").out
    before = duel.first.git("-C", str(duel.remote), "for-each-ref")
    duel.holder.send_signal(signal.SIGCONT)
    ended = duel.holder_ends()
    assert (ended.code, ended.error["name"]) == (22, "not-recorded")
    assert "its lock was broken meanwhile" in ended.error["what"]
    assert duel.first.git("-C", str(duel.remote), "for-each-ref") == before
    assert "is whole" in duel.second.ok("verify", "dev").out


@pytest.mark.parametrize("command", [("apply", "dev", "--yes"), ("recover", "dev")])
def test_after_its_lock_was_broken_a_clone_can_go_on_as_the_error_says(duel: Duel, command: tuple[str, ...]) -> None:
    duel.second.ok("unlock", "dev", "--force")
    duel.open_gate()
    hint = duel.holder_ends().error["hint"]
    if "tfops apply dev" not in hint or duel.remote_tags():
        pytest.fail(f"another hint than expected: {hint}")
    ran = duel.first.run(*command)
    assert ran.code == 0


def test_a_copy_of_the_holders_clone_does_not_follow_the_living_holder(duel: Duel, tmp_path: Path) -> None:
    """CI caches, images and `cp -r` copy `.git/tfops/clone-id`: it is bound to its folder."""
    shutil.copytree(duel.first.path, tmp_path / "copy", symlinks=True)
    copy = Sandbox(tmp_path / "copy", duel.first.home, duel.first.env["TFOPS_ENGINE"])
    held = dict(duel.states.locks)
    ran = copy.run("recover", "dev", "--wait", "0s")
    assert (ran.code, duel.states.locks) == (12, held)


# Who may follow whom


def _dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def leave_lock(shop: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes the lock of a run of another clone into the ledger of `shop`."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(shop.home / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    shop.wish("one")

    def leave(*, pid: int, host: str, expires_at: datetime) -> None:
        repository = Repository(shop.path)
        lock = Lock(
            run_id="r-1", clone="another", who="bob", host=host, pid=pid, what="apply of 12345678",
            since=expires_at - timedelta(minutes=5), expires_at=expires_at,
        )  # fmt: skip
        event = NewEvent(EventKind.BEGUN, "dev: apply of 12345678", "r-1", lock=lock)
        swap = prepare(repository, read_present(repository, EnvName("dev")), event)
        assert Refs(repository).swap(swap) is Swap.WON

    return leave


_LONG_PAST = datetime(2001, 1, 1, tzinfo=UTC)
_FAR_AWAY = datetime(2101, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lives", "is_here", "expires_at"),
    [(True, True, _LONG_PAST), (False, False, _LONG_PAST), (False, True, _FAR_AWAY)],
    ids=["over, but its process lives", "over, but on another machine", "its process is gone, but it is not over"],
)
def test_a_lease_is_not_followed_when(
    shop: Sandbox, leave_lock: Callable[..., None], lives: bool, is_here: bool, expires_at: datetime
) -> None:
    host = socket.gethostname() if is_here else "elsewhere"
    leave_lock(pid=os.getpid() if lives else _dead_pid(), host=host, expires_at=expires_at)
    for command in (("recover", "dev"), ("apply", "dev", "--yes")):
        ran = shop.run(*command, "-o", "json")
        assert (ran.code, "bob on" in ran.error["what"]) == (12, True)
    assert _events(shop) == ["begun"]


def test_a_lease_that_is_over_and_whose_process_is_gone_is_followed(
    shop: Sandbox, leave_lock: Callable[..., None]
) -> None:
    leave_lock(pid=_dead_pid(), host=socket.gethostname(), expires_at=_LONG_PAST)
    assert "dev is now v1" in shop.ok("apply", "dev", "--yes").out
    assert _events(shop) == ["recorded", "begun", "closed", "begun"]


# Lost races


@pytest.fixture
def shared(shop: Sandbox, tmp_path: Path) -> tuple[Sandbox, Path]:
    """A project with a remote, where dev is at v1."""
    shop.wish("one")
    remote = with_remote(shop, tmp_path / "remote.git")
    shop.ok("apply", "dev", "--yes")
    return shop, remote


def _want(shop: Sandbox, value: str) -> None:
    shop.wish(value)
    shop.git("push", "--quiet")


def test_who_lost_a_race_plans_again_under_a_claim_and_cannot_lose_again(shared: tuple[Sandbox, Path]) -> None:
    shop, remote = shared
    _want(shop, "two")
    be_faster_once(shop, remote)
    ran = shop.ok("apply", "dev", "--yes")
    assert "changed by someone else meanwhile" in ran.err and "dev is now v2" in ran.out
    assert _events(shop) == ["recorded", "begun", "claimed", "closed", "recorded", "begun"]
    shop.commit("Nothing changes")
    shop.git("push", "--quiet")
    be_faster_once(shop, remote)
    assert "dev is now v3 · nothing to change, recorded" in shop.ok("apply", "dev", "--yes").out
    assert _events(shop)[:3] == ["recorded", "claimed", "closed"], "the claim ends with the version"
    assert "is whole" in shop.ok("verify", "dev").out


def test_a_claim_is_given_back_by_whoever_can_and_settled_by_the_next_command_else(
    shared: tuple[Sandbox, Path],
) -> None:
    shop, remote = shared
    _want(shop, "two")
    for how, code, kinds in (("SIGINT", 130, ["closed", "claimed", "closed"]), ("SIGKILL", -9, ["claimed", "closed"])):
        be_faster_once(shop, remote)
        ran = shop.run("apply", "dev", "--yes", env={"TFOPS_FAILPOINT": f"claimed:{how}"})
        assert (ran.code, _events(shop)[: len(kinds)]) == (code, kinds)
    assert "apply of" in shop.ok("status").out
    assert "dev is now v2" in shop.ok("apply", "dev", "--yes").out
    assert _events(shop)[:4] == ["recorded", "begun", "closed", "claimed"]


def test_a_person_is_asked_again_instead(shared: tuple[Sandbox, Path]) -> None:
    """Nobody holds an environment while they read a plan."""
    shop, remote = shared
    _want(shop, "two")
    be_faster_once(shop, remote)
    answers = [("Apply to dev?", "y")] * 2
    seen = run_in_terminal(shop.command("apply", "dev"), cwd=shop.path, env=shop.env, answers=answers)
    assert "changed by someone else meanwhile" in seen.text and "dev is now v2" in seen.text
    assert _events(shop)[:3] == ["recorded", "begun", "closed"]
