"""State surgery that is killed, at every boundary and while the engine works: done and recorded, or not begun."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import engine_program
from tests.support.sandbox import Ran, Sandbox, new_sandbox, wait_until, with_remote

MAIN = "module.main.terraform_data.main"
ONE = 'module.main.terraform_data.each["one"]'


@pytest.fixture
def shared(tmp_path: Path, engine: str) -> Sandbox:
    """`dev` v1 with two resources, on a remote."""
    shop = new_sandbox(tmp_path / "shop", engine)
    shop.wish("a", keys=["one"])
    with_remote(shop, tmp_path / "remote.git")
    shop.ok("apply", "dev", "--yes")
    return shop


def _is_removed(shop: Sandbox) -> bool:
    return ONE not in shop.ok("state", "list", "dev").out.splitlines()


def _check(shop: Sandbox, *, is_removed: bool) -> None:
    """State, tags and ledger agree; nobody holds it; nothing is unexplained."""
    assert _is_removed(shop) is is_removed
    assert shop.tags() == ["tfops/dev/v1", "tfops/dev/v2"][: 1 + is_removed]
    [env] = shop.ok("status", "-o", "json").result["environments"]
    assert (env["lock"], env["trouble"], env["unrecorded"]) == (None, "", False)
    assert shop.run("verify", "dev").code == 0
    card = shop.ok("show", "dev", "-o", "json").result["card"]
    assert (ONE in card["stacks"]["main"]["inventory"]) is not is_removed
    assert (ONE in card["stacks"]["main"]["forgotten"]) is is_removed
    changes = shop.ok("plan", "dev", "-o", "json").result["plan"]["changes"]
    assert [change["action"] for change in changes] == ["create"] * is_removed


# What the ledger has of it, and with which ends; while the engine works it may be faster.
_KILLS = {
    "intent-stored:SIGKILL": [False], "intent-pushed:SIGKILL": [False], "surgery-begun:SIGKILL": [False],
    "surgery-working:SIGKILL": [True], "surgery-working:SIGKILL+engine": [False, True],
    "surgery-done:SIGKILL": [True], "card-written:SIGKILL": [True], "version-stored:SIGKILL": [True],
    "version-pushed:SIGKILL": [True], "recorded:SIGKILL": [True],
}  # fmt: skip


@pytest.mark.parametrize("kill", _KILLS)
def test_surgery_that_is_killed_was_done_or_was_not_begun(shared: Sandbox, kill: str) -> None:
    killed = shared.run("state", "rm", "dev", ONE, "--yes", env={"TFOPS_FAILPOINT": kill})
    assert killed.code == -9
    shared.ok("recover", "dev", "--wait", "30s")
    is_removed = _is_removed(shared)
    assert is_removed in _KILLS[kill]
    _check(shared, is_removed=is_removed)
    if not is_removed:
        shared.ok("state", "rm", "dev", ONE, "--yes")
        _check(shared, is_removed=True)
    assert "nothing to recover" in shared.ok("recover", "dev").out


@pytest.mark.parametrize("point", ["surgery-begun", "surgery-working", "surgery-done", "version-stored"])
@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGINT+again"])
def test_surgery_that_is_interrupted_is_told_to_its_end(shared: Sandbox, point: str, how: str) -> None:
    ended = shared.run("state", "rm", "dev", ONE, "--yes", env={"TFOPS_FAILPOINT": f"{point}:{how}"})
    assert ended.code in (0, 1, 130), ended.err
    _check(shared, is_removed=_is_removed(shared))


def test_an_engine_that_is_killed_is_told_as_its_failure(shared: Sandbox, tmp_path: Path) -> None:
    """The engine alone dies; who started it lives, and says so."""
    ended = _with_engine(shared, tmp_path, "kill -9 $$", "state", "rm", "dev", ONE, "--yes")
    assert ended.code == 128 + signal.SIGKILL and "was killed by SIGKILL" in ended.err
    assert "the state is as it was" in ended.out
    _check(shared, is_removed=False)


def test_an_engine_that_fails_after_it_wrote_is_recorded(shared: Sandbox, tmp_path: Path) -> None:
    """Its exit code is its own; what the state says is recorded all the same."""
    ended = _with_engine(shared, tmp_path, '"$REAL" "$@"; exit 3', "state", "rm", "dev", ONE, "--yes")
    assert ended.code == 3 and "recorded as v2" in ended.out
    _check(shared, is_removed=True)


def _with_engine(shop: Sandbox, folder: Path, then: str, *args: str) -> Ran:
    """With an engine that does `then` in the place of `state rm`."""
    real = engine_program(shop.env["TFOPS_ENGINE"])
    program = folder / "bin/terraform"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nREAL={real}\ncase "$1 $2" in "state rm") {then} ;; esac\nexec "$REAL" "$@"\n')
    program.chmod(0o755)
    return shop.run(*args, env={"TFOPS_ENGINE": str(program)})


def test_a_console_that_is_killed_leaves_nothing(shared: Sandbox) -> None:
    before = shared.git("rev-parse", "refs/tfops/envs/dev")
    with subprocess.Popen(
        shared.command("engine", "dev", "--", "console"), cwd=shared.path, env=shared.env,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as talking:  # fmt: skip
        wait_until(lambda: _is_talking(talking.pid))
        shared.ok("engine", "dev", "--", "state", "list")  # meanwhile
        talking.send_signal(signal.SIGKILL)
    assert shared.git("rev-parse", "refs/tfops/envs/dev") == before
    _check(shared, is_removed=False)


def _is_talking(pid: int) -> bool:
    """Whether the engine runs below a process."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return any(b"console" in Path(f"/proc/{child}/cmdline").read_bytes() for child in children)


def test_an_import_that_is_killed_is_finished(shared: Sandbox) -> None:
    known = _inventory(shared)[ONE]
    shared.ok("state", "rm", "dev", ONE, "--yes")
    words = ("state", "import", "dev", ONE, known, "--yes")
    assert shared.run(*words, env={"TFOPS_FAILPOINT": "surgery-working:SIGKILL"}).code == -9
    shared.ok("recover", "dev", "--wait", "30s")
    if not _inventory(shared).get(ONE):
        shared.ok(*words)
    card = shared.ok("show", "dev", "-o", "json").result["card"]
    assert (card["version"], card["stacks"]["main"]["imported"]) == (3, [ONE])
    assert json.loads(shared.ok("state", "pull", "dev").out)["lineage"] == card["stacks"]["main"]["lineage"]


def _inventory(shop: Sandbox) -> Any:
    return shop.ok("show", "dev", "-o", "json").result["card"]["stacks"]["main"]["inventory"]
