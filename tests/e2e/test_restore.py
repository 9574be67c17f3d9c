"""`restore`: an empty machine, a bare repository, no other file."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox, new_sandbox, with_remote
from tests.support.state_server import StateServer, serve_states
from tfops.exits import Exit

_RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n  qa: {branch: qa}\n"


@pytest.fixture
def states() -> Iterator[StateServer]:
    with serve_states() as server:
        yield server


def _only_a_bare_repository(tmp_path: Path, engine: str, rules: str, *how: str) -> tuple[Sandbox, str]:
    """v1 and v2 are applied, the repository is copied, and all else is deleted. A clone of it, and the old state."""
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.write("environments/qa.yaml", '{"modules": {"main": {"source": "thing", "inputs": {"value": 0}}}}')
    shop.wish("one", keys=("a",))
    remote = with_remote(shop, tmp_path / "remote.git")
    shop.ok("apply", "dev", "--yes")
    shop.wish("two", keys=("a", "b"))
    shop.git("push", "--quiet")
    shop.ok("apply", "dev", "--yes")
    state = shop.state_file.read_text() if shop.state_file.exists() else ""
    backup = tmp_path / "backup.git"
    subprocess.run(["git", "clone", "--quiet", *how, str(remote), str(backup)], env=shop.env, check=True)
    new = Sandbox(tmp_path / "new", tmp_path / "new-home", engine)
    subprocess.run(["git", "clone", "--quiet", str(backup), str(new.path)], env=new.env, check=True)
    for path in (shop.path, shop.home, remote):
        shutil.rmtree(path)
    return new, state


def test_with_a_shared_backend_the_repository_alone_is_enough(tmp_path: Path, engine: str, states: StateServer) -> None:
    new, _ = _only_a_bare_repository(tmp_path, engine, _RULES + states.backend(), "--mirror")
    assert [row["current"]["version"] for row in new.ok("status", "-o", "json").result["environments"][:1]] == ["v2"]
    assert len(new.ok("history", "dev", "-o", "json").result["entries"]) == 2
    assert "~ main.value: one → two" in new.ok("diff", "dev", "v1", "v2").out
    assert "1 to delete" in new.ok("rollback", "dev", "v1", "--plan").out
    told = new.ok("restore")
    assert "as v2 left it" in told.out and "all of it is here" in told.out
    assert max(map(len, told.out.splitlines())) <= 80
    dev, qa = new.ok("restore", "-o", "json").result["environments"]
    assert (dev["ledger"], dev["state"], qa["ledger"], qa["state"]) == ("whole", "here", "none", "none")
    refused = new.run("restore", "dev", "--rebuild", "--yes", "-o", "json").error
    assert refused["guard"] == "state-exists"

    states.states.clear()
    gone = new.run("restore", "dev", "-o", "json")
    assert gone.code == Exit.NOT_PASSED
    assert json.loads(gone.out)["result"]["environments"][0]["state"] == "absent"


def test_a_state_that_only_one_clone_had_is_lost_and_can_be_rebuilt(tmp_path: Path, engine: str) -> None:
    new, old = _only_a_bare_repository(tmp_path, engine, _RULES, "--mirror")
    assert new.run("rollback", "dev", "v1", "--plan", "-o", "json").error["guard"] == "state-absent"
    told = new.run("restore")
    assert told.code == Exit.NOT_PASSED
    assert "tfops restore dev --rebuild" in told.out and ".git/tfops/state/dev" in told.out
    assert max(map(len, told.out.splitlines())) <= 80
    unasked = new.run("restore", "dev", "--rebuild", "-o", "json")
    assert (unasked.code, unasked.error["name"]) == (Exit.NOT_PASSED, "not-approved")

    rebuilt = new.ok("restore", "dev", "--rebuild", "--yes", "-o", "json").result
    assert rebuilt["version"] == "v3"
    assert _ids(new.state()) == _ids(json.loads(old)), "what still exists was taken in, nothing was made twice"
    assert new.ok("restore", "dev", "-o", "json").result["environments"][0]["state"] == "here"
    assert "1 to delete" in new.ok("rollback", "dev", "v1", "--plan").out
    assert "is whole" in new.ok("verify", "dev").out


def test_a_plain_bare_copy_lacks_the_ledgers_and_that_is_said(tmp_path: Path, engine: str, states: StateServer) -> None:
    """Git copies tags and branches only; all that is only looked at is there."""
    new, _ = _only_a_bare_repository(tmp_path, engine, _RULES + states.backend(), "--bare")
    told = new.run("restore")
    assert told.code == Exit.NOT_PASSED
    assert "missing" in told.out and "git clone --mirror" in told.out
    assert "missing-ledger" in new.ok("status").out
    assert len(new.ok("history", "dev", "-o", "json").result["entries"]) == 2, "tags were copied"
    assert 'each["b"]' in new.ok("diff", "dev", "v1", "v2").out
    assert "1 to delete" in new.ok("rollback", "dev", "v1", "--plan").out
    refused = new.run("rollback", "dev", "v1", "--yes", "--allow-stateless", "-o", "json").error
    assert refused["guard"] == "missing-ledger"
    new.ok("unlock", "dev", "--force")
    back = new.ok("rollback", "dev", "v1", "--yes", "--allow-stateless", "-o", "json").result
    assert back["version"] == "v3"
    [row] = json.loads(new.run("restore", "dev", "-o", "json").out)["result"]["environments"]
    assert (row["state"], row["ledger"]) == ("here", "damaged")
    assert row["findings"] == [f"foreign-version: tfops/dev/{one} has no event in the ledger" for one in ("v1", "v2")]


def test_in_the_bare_repository_itself_the_way_out_is_named(tmp_path: Path, engine: str) -> None:
    new, _ = _only_a_bare_repository(tmp_path, engine, _RULES, "--mirror")
    there = Sandbox(tmp_path / "backup.git", new.home, engine)
    refused = there.run("restore", "-o", "json").error
    assert f"git clone {tmp_path / 'backup.git'} FOLDER" in refused["hint"]


def _ids(state: dict[str, list[dict[str, list[dict[str, dict[str, str]]]]]]) -> list[str]:
    return sorted(one["attributes"]["id"] for resource in state["resources"] for one in resource["instances"])
