"""The ledger through the front door: locks that hold everywhere, and the stories of runs that died."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import Ran, Sandbox, new_sandbox, wait_until, with_remote
from tests.support.state_server import StateServer, serve_states

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

_FAILING = """\
variable "value" { type = string }
resource "terraform_data" "first" { input = var.value }
resource "terraform_data" "broken" {
  input      = var.value
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "test ${var.value} != bad" }
}
"""

LEDGER = "refs/tfops/envs/dev"


@dataclass(frozen=True, slots=True)
class Team:
    """Two clones of one project, one bare remote, one shared state."""

    first: Sandbox
    second: Sandbox
    remote: Path
    states: StateServer

    @property
    def gate(self) -> Path:
        return self.first.home / "gate"

    def want(self, value: str, module: str = "gated") -> str:
        """Both clones have a new commit that wants `value`."""
        inputs = {"value": value} | ({"gate": str(self.gate)} if module == "gated" else {})
        body = {"modules": {"main": {"source": module, "inputs": inputs}}}
        self.first.write("environments/dev.yaml", json.dumps(body))
        commit = self.first.commit(f"dev wants {value}")
        self.first.git("push", "--quiet")
        self.second.git("pull", "--quiet")
        return commit

    def apply_until_slow(self, clone: Sandbox) -> "subprocess.Popen[str]":
        """An apply that is in the middle of its work until the gate is opened."""
        process = clone.start("apply", "dev", "--yes")
        reached = Path(f"{self.gate}.reached")
        wait_until(lambda: reached.exists() or process.poll() is not None)
        assert reached.exists(), process.communicate()
        return process

    def state(self) -> dict[str, str]:
        """Address to id, as the backend has them."""
        stored = json.loads(self.states.states.get("/dev/main", b'{"resources": []}'))
        return {
            f"{found['module']}.{found['type']}.{found['name']}": found["instances"][0]["attributes"]["id"]
            for found in stored["resources"]
        }


def _team(folder: Path, engine: str, states: StateServer, more: str = "") -> Team:
    rules = f"version: 1\nproject: shop\n{states.backend()}{more}environments:\n  dev: {{branch: main}}\n"
    first = new_sandbox(folder / "first", engine, rules=rules)
    first.write("modules/gated/main.tf", _GATED)
    first.write("modules/failing/main.tf", _FAILING)
    first.commit("Start")
    remote = with_remote(first, folder / "remote.git")
    return Team(first, first.clone(str(remote), folder / "second"), remote, states)


@pytest.fixture
def states() -> Iterator[StateServer]:
    with serve_states() as server:
        yield server


@pytest.fixture
def team(tmp_path: Path, engine: str, states: StateServer) -> Iterator[Team]:
    made = _team(tmp_path, engine, states)
    yield made
    made.gate.touch()  # whatever still waits, ends


def _status(clone: Sandbox) -> Any:
    return clone.ok("status", "-o", "json").result["environments"][0]


def _events(clone: Sandbox) -> list[tuple[str, str]]:
    """(kind, text), newest first."""
    return [(event["kind"], event["text"]) for event in clone.ok("log", "dev", "-o", "json").result["events"]]


def _kinds(clone: Sandbox) -> list[str]:
    return [kind for kind, _ in _events(clone)]


def _wide_status(clone: Sandbox) -> str:
    return " ".join(clone.ok("status").out.split())


def _remote_tags(team: Team) -> list[str]:
    return team.first.git("-C", str(team.remote), "tag", "--list", "tfops/*").split()


def _require_sound(team: Team, *, version: str) -> None:
    """Tags, ledger, state and inventory say the same, in the clone that did nothing as well."""
    for clone in (team.first, team.second):
        status = _status(clone)
        assert (status["lock"], status["trouble"], status["unrecorded"]) == (None, "", False)
        assert status["current"]["version"] == version
    assert "is whole" in team.second.ok("verify", "dev").out
    entries = team.second.ok("history", "dev", "-o", "json").result["entries"]
    assert next(entry["record"]["version"] for entry in entries) == version
    inventory = team.second.ok("inventory", "dev", "-o", "json").result["environments"]["dev"]
    assert inventory == team.state()


# Locks that people take


def test_a_locked_environment_is_changed_by_nobody_and_says_why(team: Team) -> None:
    team.want("one", "failing")
    team.first.ok("lock", "dev", "--reason", "incident 4711")
    for clone in (team.first, team.second):
        ran = clone.run("apply", "dev", "--yes", "-o", "json")
        assert (ran.code, ran.error["name"]) == (12, "locked")
        assert ran.error["what"].endswith(": incident 4711")
    assert team.second.run("lock", "dev").code == 12
    assert "incident 4711" in team.second.ok("status").out
    assert "was taken away" in team.second.ok("unlock", "dev").out, "the lock is the user's, in whichever clone"
    assert team.first.run("unlock", "dev", "-o", "json").error["guard"] == "not-locked"
    team.second.ok("apply", "dev", "--yes")
    assert _kinds(team.first) == ["recorded", "begun", "unlocked", "locked"]


def test_the_lock_of_someone_else_is_only_broken_by_force_and_the_ledger_names_it(team: Team) -> None:
    team.first.ok("lock", "dev", "-m", "do not touch", env={"LOGNAME": "bob"})
    refused = team.second.run("unlock", "dev", "-o", "json", env={"LOGNAME": "eve"})
    assert (refused.code, refused.error["hint"]) == (12, "tfops unlock dev --force")
    assert "locked by bob" in refused.error["what"]
    assert _status(team.first)["lock"]["reason"] == "do not touch"
    team.second.ok("unlock", "dev", "--force", env={"LOGNAME": "eve"})
    kind, text = _events(team.first)[0]
    assert kind == "unlocked-by-force"
    assert "bob" in text and "do not touch" in text and "by force" in text
    assert _status(team.first)["lock"] is None


def test_an_apply_elsewhere_is_named_and_waited_for(team: Team) -> None:
    commit = team.want("one")
    holder = team.apply_until_slow(team.first)
    ran = team.second.run("apply", "dev", "--yes", "-o", "json")
    assert ran.code == 12
    assert f"apply of {commit[:8]}" in ran.error["what"] and "--wait" in ran.error["hint"]
    assert team.second.run("lock", "dev").code == 12
    lock = _status(team.second)["lock"]
    assert (lock["what"], lock["is_ours"]) == (f"apply of {commit[:8]}", False)
    assert _status(team.first)["lock"]["is_ours"] is True
    waiting = team.second.start("apply", "dev", "--yes", "--wait", "60s")
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(2)
    team.gate.touch()
    assert "dev is now v1" in holder.communicate(timeout=60)[0]
    out, err = waiting.communicate(timeout=60)
    assert (waiting.returncode, "already at v1" in out) == (0, True), err
    _require_sound(team, version="v1")


def test_a_locked_environment_can_still_be_looked_at(team: Team) -> None:
    team.want("one", "failing")
    team.first.ok("lock", "dev", "-m", "frozen")
    assert "Plan: 2 to create" in team.second.ok("plan", "dev").out
    for command in ("status", "log", "history"):
        assert "frozen" in team.second.ok(command).out


# Runs that died


def test_an_engine_that_outlived_its_tfops_is_waited_for_as_long_as_the_user_says_and_named(team: Team) -> None:
    team.want("one")
    holder = team.apply_until_slow(team.first)
    holder.kill()
    holder.communicate()
    for command in (("recover", "dev", "--wait", "1s"), ("apply", "dev", "--yes")):
        ran = team.first.run(*command, "-o", "json")
        assert (ran.code, ran.error["name"]) == (12, "locked")
        pid = re.findall(r"process (\d+)", ran.error["what"])[0]
        assert Path(f"/proc/{pid}/cwd").readlink().is_relative_to(team.first.workspace / "roots")
    assert f"its process {holder.pid} is gone; its engine still works" in team.first.ok("status").out
    team.gate.touch()
    assert "everything was applied" in team.first.ok("recover", "dev", "--wait", "60s").out
    _require_sound(team, version="v1")


def _killed(clone: Sandbox, point: str, how: str = "SIGKILL") -> None:
    ran = clone.run("apply", "dev", "--yes", env={"TFOPS_FAILPOINT": f"{point}:{how}"})
    assert ran.code == -signal.SIGKILL, ran.err


@pytest.mark.parametrize("point", ["begun", "engine-ended", "card-written"])
def test_until_the_lease_is_over_only_the_clone_of_a_dead_run_may_recover(team: Team, point: str) -> None:
    commit = team.want("one", "failing")
    _killed(team.first, point)
    assert _kinds(team.second) == ["begun"]
    status = _status(team.second)
    assert (status["lock"]["what"], status["current"]) == (f"apply of {commit[:8]}", None)
    dead = re.compile(r"its process \d+ on this machine is gone")
    assert (status["lock"]["is_gone"], bool(dead.fullmatch(status["lock"]["fate"]))) == (True, True), status["lock"]
    for command in (("recover", "dev"), ("apply", "dev", "--yes"), ("unlock", "dev"), ("lock", "dev")):
        ran = team.second.run(*command, "-o", "json")
        assert (ran.code, f"apply of {commit[:8]}" in ran.error["what"]) == (12, True)
        assert dead.match(ran.error["why"]), ran.error
        assert ran.error["hint"].startswith("tfops recover dev   (in its clone; in the others after "), ran.error
    shown = (
        r"stopped: apply of .*; its process \d+ is gone\. Next: tfops recover dev|applied, not recorded: tfops recover"
    )
    assert re.search(shown, _wide_status(team.first))
    assert (_kinds(team.second), _remote_tags(team)) == (["begun"], [])


def test_a_run_that_died_before_the_engine_began_is_closed(team: Team) -> None:
    team.want("one", "failing")
    _killed(team.first, "begun")
    assert "nothing was applied, the intent is closed" in team.first.ok("recover", "dev").out
    assert _kinds(team.second) == ["closed", "begun"]
    assert (team.state(), _remote_tags(team)) == ({}, [])
    assert "never applied" in team.second.ok("status").out
    assert "dev is now v1" in team.second.ok("apply", "dev", "--yes").out


@pytest.mark.parametrize(
    ("point", "story"),
    [("engine-ended", "everything was applied"), ("card-written", "its run could not record it: recorded as v1")],
)
def test_a_run_that_died_after_the_engine_ended_is_recorded(team: Team, point: str, story: str) -> None:
    team.want("one", "failing")
    _killed(team.first, point)
    made = team.state()
    ran = team.first.ok("recover", "dev")
    assert story in ran.out and (ran.out + ran.err).count("recorded as v1") == 1, ran.out + ran.err
    assert _kinds(team.second) == ["recorded", "begun"]
    assert (team.state(), _remote_tags(team)) == (made, ["tfops/dev/v1"])
    assert "nothing to recover" in team.first.ok("recover", "dev").out
    _require_sound(team, version="v1")


def test_a_run_that_died_when_its_version_was_pushed_left_nothing_to_do(team: Team) -> None:
    team.want("one", "failing")
    _killed(team.first, "version-pushed")
    assert (team.first.tags(), _remote_tags(team)) == ([], ["tfops/dev/v1"])
    assert "in sync" in team.second.ok("status").out, "others wait for a run that has recorded its version"
    assert "recorded as v1" in team.first.ok("recover", "dev").out
    assert _remote_tags(team) == team.first.tags() == ["tfops/dev/v1"]
    assert _kinds(team.second) == ["recorded", "begun"]
    _require_sound(team, version="v1")


def _made(clone: Sandbox) -> dict[str, str]:
    """Address to id of what the engine of a dead run said that it made."""
    [output] = clone.workspace.glob("runs/dev/*/*-apply.out")
    hooks = [json.loads(line).get("hook", {}) for line in output.read_text().splitlines() if "apply_complete" in line]
    return {hook["resource"]["addr"]: hook["id_value"] for hook in hooks}


def test_what_was_made_but_lost_from_the_state_is_taken_in_by_id_and_the_rest_is_named(team: Team) -> None:
    team.want("one")
    _killed(team.first, "engine-working", "SIGKILL+engine")
    made = _made(team.first)
    assert (list(made), team.state()) == (["module.main.terraform_data.first"], {}), (
        "the engine saved more than planned"
    )
    recovered = team.first.ok("recover", "dev")
    assert "half-applied" in recovered.out
    assert team.state() == made
    assert (_kinds(team.second), _remote_tags(team)) == (["failed", "begun"], [])
    status = _status(team.second)
    assert status["trouble"].startswith("Stopped part-way: 1 of 2 changes done.")
    slow, is_begun = "module.main.terraform_data.slow", Path(f"{team.gate}.reached").exists()
    assert slow in status["trouble"] or not is_begun, "what is in doubt must be named"
    assert (slow in status["trouble"]) == (slow in recovered.out), "there and here"
    assert status["lock"] is None
    assert "degraded" in team.second.ok("status").out
    team.gate.touch()
    finished = team.second.ok("apply", "dev", "--yes")
    assert "dev is degraded since" in finished.err
    assert "dev is now v1" in finished.out
    assert team.state().items() > made.items(), "what was made must not be made again"
    _require_sound(team, version="v1")


class _Closed(dict[str, bytes]):
    """States that can be read, while every write ends in a broken connection."""

    def __setitem__(self, key: str, value: bytes) -> None:
        raise ConnectionError("closed for writing")


def test_a_state_that_could_not_be_saved_is_kept_and_saved_by_recover(team: Team) -> None:
    team.want("one", "failing")
    team.states.states = _Closed(team.states.states)
    ran = team.first.run("apply", "dev", "--yes", "-o", "json")
    assert (ran.code, ran.error["name"]) == (21, "stopped-part-way")
    made = _made(team.first)
    assert (len(made), team.state()) == (2, {})
    team.states.states = dict(team.states.states)
    assert _kinds(team.second) == ["failed", "begun"]
    assert "saved now" in team.first.ok("recover", "dev").out
    assert team.state() == made
    assert "degraded" in team.second.ok("status").out
    assert "dev is now v1 · nothing to change, recorded" in team.second.ok("apply", "dev", "--yes").out
    assert team.state() == made
    _require_sound(team, version="v1")


def test_a_failed_apply_is_an_event_with_a_receipt_that_everyone_sees(team: Team) -> None:
    team.want("bad", "failing")
    ran = team.first.run("apply", "dev", "--yes")
    assert ran.code == 21
    (kind, text), _ = _events(team.second)
    assert (kind, text) == ("failed", "dev: apply stopped part-way")
    assert _status(team.second)["trouble"] == "Stopped part-way: 1 of 2 changes done."
    assert "nothing to recover" in team.first.ok("recover", "dev").out
    team.want("good", "failing")
    team.second.ok("apply", "dev", "--yes")
    assert _kinds(team.first) == ["recorded", "begun", "failed", "begun"]
    _require_sound(team, version="v1")


# What verify finds


def _verify(shop: Sandbox) -> list[str]:
    """The topics of what was found."""
    ran: Ran = shop.run("verify", "dev", "-o", "json")
    found = [finding["topic"] for finding in ran.result["findings"]]
    assert ran.code == (11 if found else 0)
    return found


@pytest.fixture
def applied(shop: Sandbox) -> Sandbox:
    """`dev` is at v1, and verify finds nothing."""
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    assert _verify(shop) == []
    return shop


def _retag(shop: Sandbox, tag: str, message: str) -> None:
    (shop.home / "message").write_text(message)
    shop.git("tag", "-f", "-a", "--cleanup=verbatim", "-F", str(shop.home / "message"), tag, "HEAD")


def _message(shop: Sandbox) -> str:
    return shop.git("for-each-ref", "--format=%(contents)", "refs/tags/tfops/dev/v1") + "\n"


def test_verify_finds_a_tag_that_was_deleted(applied: Sandbox) -> None:
    applied.git("tag", "-d", "tfops/dev/v1")
    assert _verify(applied) == ["missing-tag"]


def test_verify_finds_a_version_that_no_event_recorded(applied: Sandbox) -> None:
    run_id = applied.ok("show", "dev", "-o", "json").result["card"]["run_id"]
    forged = _message(applied).replace(run_id, "forged").replace('"version": 1,', '"version": 2,')
    _retag(applied, "tfops/dev/v2", forged)
    assert _verify(applied) == ["foreign-version"]


def test_verify_finds_a_tag_that_is_none_of_tfops(applied: Sandbox) -> None:
    applied.git("tag", "tfops/dev/v2")
    assert _verify(applied) == ["foreign-tag"]


def test_verify_finds_a_card_that_was_copied_to_another_version(applied: Sandbox) -> None:
    _retag(applied, "tfops/dev/v2", _message(applied))
    assert _verify(applied) == ["damaged-tag"]


def test_verify_finds_a_commit_in_the_ledger_that_is_no_event(applied: Sandbox) -> None:
    foreign = applied.git("commit-tree", f"{LEDGER}^{{tree}}", "-p", LEDGER, "-m", "by hand")
    applied.git("update-ref", LEDGER, foreign)
    assert _verify(applied) == ["foreign-event"]


@pytest.mark.parametrize("what", ["the card", "the commit"])
def test_verify_finds_a_version_that_was_rewritten_under_its_run_id(applied: Sandbox, what: str) -> None:
    """The ledger has the card as it was recorded, and the card has the commit: both can be compared."""
    message = _message(applied)
    if what == "the commit":
        applied.commit("Never applied")
    else:
        message = re.sub(r'"engine": \{\n    "name": "\w+"', '"engine": {\n    "name": "another"', message)
        assert message != _message(applied)
    _retag(applied, "tfops/dev/v1", message)
    assert _verify(applied) != []


# Other places for the ledger


def test_a_host_that_takes_only_branches_gets_the_ledger_as_a_branch(
    tmp_path: Path, engine: str, states: StateServer
) -> None:
    team = _team(tmp_path, engine, states, 'ledger: {ref: "refs/heads/tfops/{env}"}\n')
    team.want("one", "failing")
    team.first.ok("apply", "dev", "--yes")
    team.want("two", "failing")
    team.first.ok("lock", "dev", "-m", "frozen")
    assert team.second.run("apply", "dev", "--yes", "-o", "json").error["what"].endswith(": frozen")
    team.second.ok("unlock", "dev")
    team.second.ok("apply", "dev", "--yes")
    assert "dev is now v3 (content of v1)" in team.first.ok("rollback", "dev", "--yes").out
    assert "held: rolled back to v1" in team.second.ok("status").out
    there = team.first.git("-C", str(team.remote), "for-each-ref", "--format=%(refname)").split()
    assert "refs/heads/tfops/dev" in there and not [ref for ref in there if ref.startswith("refs/tfops/")]
    assert _kinds(team.second) == ["recorded", "begun"] * 2 + ["unlocked", "locked", "recorded", "begun"]
    _require_sound(team, version="v3")


def test_without_a_remote_the_ledger_does_the_same(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("lock", "dev", "-m", "frozen")
    assert shop.run("apply", "dev", "--yes").code == 12
    shop.ok("unlock", "dev")
    _killed(shop, "engine-ended")
    assert "recorded as v1" in shop.ok("recover", "dev").out
    assert _kinds(shop) == ["recorded", "begun", "unlocked", "locked"]
    assert (_status(shop)["lock"], _verify(shop)) == (None, [])


def test_a_damaged_ledger_is_told_by_the_exit_code_and_the_others_are_shown(shop: Sandbox) -> None:
    """docs/reference/commands.md, `status`; docs/how-to/agent.md."""
    shop.write(
        "tfops.yaml", "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n  test: {branch: main}\n"
    )
    shop.wish("one")
    shop.ok("lock", "test", "--reason", "ours")
    shop.ok("lock", "dev", "--reason", "mine")
    blob = shop.git("rev-parse", "HEAD:tfops.yaml")
    (shop.path / ".git" / LEDGER).write_text(f"{blob}\n")
    status = shop.run("status", "-o", "json")
    rows = {row["env"]: row["damage"] for row in status.result["environments"]}
    assert (status.code, rows) == (11, {"dev": "the ledger of dev can't be read", "test": ""})
    said = shop.run("status")
    assert said.code == 11 and "tfops verify dev" in said.out and "locked by" in said.out
    turn = shop.run("reconcile", "--dry-run", "-o", "json")
    reasons = {one["env"]: one["reason"] for one in turn.result["decisions"]}
    assert (turn.code, reasons) == (11, {"dev": "damaged-ledger", "test": "bad-configuration"})
    assert shop.run("verify", "dev").code == 11
    assert shop.run("apply", "dev", "--yes", "-o", "json").error["guard"] == "damaged-ledger"
