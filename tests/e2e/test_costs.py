"""Counts, not times: what an apply costs in engine starts and in round trips to the remote."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engines import starts_to_show
from tests.support.sandbox import Sandbox, with_remote
from tfops.config.project import EngineChoice
from tfops.engine.locate import find_engine

_SHIM = """\
#!/bin/sh
echo x >> '{log}-all'
for word in "$@"; do
  case "$word" in fetch|push|ls-remote) echo "$word" >> '{log}'; break;; commit|tag|for-each-ref) break;; esac
done
exec {git} "$@"
"""


@pytest.fixture
def counted(shop: Sandbox, tmp_path: Path) -> Sandbox:
    """A project with a remote, and a `git` on PATH that writes down its round trips."""

    shop.wish("one")
    with_remote(shop, tmp_path / "remote.git")
    shop.git("remote", "set-head", "origin", "--auto")  # as in a clone
    shim = tmp_path / "bin/git"
    shim.parent.mkdir()
    shim.write_text(_SHIM.format(log=tmp_path / "trips", git=shutil.which("git")))
    shim.chmod(0o755)
    shop.env["PATH"] = f"{shim.parent}:{shop.env['PATH']}"
    return shop


def _trips(tmp_path: Path) -> list[str]:
    log = tmp_path / "trips"
    found = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return found


def test_an_apply_is_one_fetch_a_push_that_is_only_judged_and_two_pushes(
    counted: Sandbox, tmp_path: Path, engine: str
) -> None:
    """The first push changes nothing: the remote says before the consent whether it would take the two others."""
    result = counted.ok("apply", "dev", "--yes", "-o", "json").result
    assert _trips(tmp_path) == ["fetch", "push", "push", "push"]
    assert result["engine_starts"] == 3 + starts_to_show(engine), "init, plan, apply"


# Each waits until the other is at work: one after the other they would wait for ever.
_MEETING = """\
#!/bin/sh
meet() {{
  touch "{folder}/$1"
  for _ in $(seq 200); do [ -e "{folder}/$2" ] && return 0; sleep 0.1; done
  touch "{folder}/alone"
}}
case " $* " in *" {word} "*) meet {mine} {other};; esac
exec {real} "$@"
"""


def test_an_apply_waits_three_times_for_the_remote(counted: Sandbox, tmp_path: Path, engine: str) -> None:
    """Fetch, lock, version: the push that is only judged happens while the engine plans."""
    git, real = tmp_path / "bin/git", find_engine(EngineChoice(), engine).executable
    counting = git.rename(tmp_path / "counting-git")
    shims = {
        git: ("push --porcelain", counting, "judged", "planning"),
        tmp_path / "tf": ("plan", real, "planning", "judged"),
    }
    for shim, (word, program, mine, other) in shims.items():
        text = _MEETING.format(folder=tmp_path, word=word, mine=mine, other=other, real=program)
        shim.write_text(text)
        shim.chmod(0o755)
    counted.ok("apply", "dev", "--yes", "--engine", str(tmp_path / "tf"))
    assert (tmp_path / "judged").exists() and not (tmp_path / "alone").exists()
    assert len(_trips(tmp_path)) - 1 == 3


def test_git_is_started_as_often_as_the_decision_says(counted: Sandbox, tmp_path: Path) -> None:
    """docs/adr/0023-git-asked-once.md, CHANGELOG.md."""
    every = tmp_path / "trips-all"
    counted.ok("apply", "dev", "--yes")
    counted.wish("two")
    counted.git("push", "--quiet")
    every.unlink()
    counted.ok("apply", "dev", "--yes")
    assert len(every.read_text().split()) == 12
    every.unlink()
    counted.ok("status")
    assert len(every.read_text().split()) == 5


def test_nothing_to_change_is_one_fetch(counted: Sandbox, tmp_path: Path, engine: str) -> None:
    counted.ok("apply", "dev", "--yes")
    _trips(tmp_path)
    result = counted.ok("apply", "dev", "--yes", "-o", "json").result
    assert _trips(tmp_path) == ["fetch"]
    assert result["engine_starts"] == 1 + starts_to_show(engine), "plan"


def test_status_of_all_environments_is_one_fetch(counted: Sandbox, tmp_path: Path) -> None:
    counted.ok("apply", "dev", "--yes")
    _trips(tmp_path)
    counted.ok("status")
    assert _trips(tmp_path) == ["fetch"]


def test_changed_modules_are_taken_in_without_another_init(shop: Sandbox, tmp_path: Path, engine: str) -> None:
    log, shim = tmp_path / "runs", tmp_path / "terraform"
    real = find_engine(EngineChoice(), engine).executable
    shim.write_text(f'#!/bin/sh\necho "$1" >> {log}\nexec {real} "$@"\n')
    shim.chmod(0o755)
    shop.wish("one")
    shop.ok("apply", "dev", "--yes", "--engine", str(shim))
    assert "init" in log.read_text().split()
    log.unlink()
    shop.write("modules/thing/more.tf", 'resource "terraform_data" "more" {}\n')
    shop.commit("Another resource")
    result = shop.ok("apply", "dev", "--yes", "--engine", str(shim), "-o", "json").result
    assert [change["address"] for change in result["plan"]["changes"]] == ["module.main.terraform_data.more"]
    assert log.read_text().split() == ["get", "plan", *["show"] * starts_to_show(engine), "apply"]


_TRACED = """\
import sys
from pathlib import Path
import tfops.system.following as following
follow = following.follow
def traced(command, listener, **options):
    frame, found = sys._getframe(1), []
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith("tfops"):
            found.append(f"{name}:{frame.f_code.co_name}")
        frame = frame.f_back
    if command.argv[1:2] == ["apply"]:
        Path("FOUND").write_text("\\n".join(found))
    return follow(command, listener, **options)
following.follow = traced
from tfops.cli import main
sys.argv = ["tfops", "apply", "dev", "--yes"]
main()
"""


def test_from_main_to_the_engine_it_is_a_short_way(shop: Sandbox, tmp_path: Path) -> None:
    """Who reads from `tfops apply` to the engine's apply shall get there: docs/adr/0024."""
    shop.wish("one")
    script = _TRACED.replace("FOUND", str(tmp_path / "frames"))
    subprocess.run([sys.executable, "-c", script], cwd=shop.path, env=shop.env, check=True, capture_output=True)
    frames = (tmp_path / "frames").read_text().splitlines()
    assert frames[0].startswith("tfops.engine.runner:") and frames[-1].startswith("tfops.cli")
    assert len(frames) <= 10, frames
