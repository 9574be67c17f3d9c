"""Real repositories and bare remotes, no engine."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tfops.system.repository import Repository

Clone = Callable[[str], Repository]


@pytest.fixture(autouse=True)
def clean_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's Git configuration and any repository around the tests stay out."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    (tmp_path / "gitconfig").write_text("[user]\n\tname = ann\n\temail = ann@example.com\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder: Path, *argv: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *argv], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit_file(folder: Path, path: str, text: str) -> str:
    """Write a file, commit it, return the commit."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", f"Write {path}")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A repository on main with one commit."""
    folder = tmp_path / "here"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit_file(folder, "tfops.yaml", "version: 1\n")
    return folder


@pytest.fixture
def remote(tmp_path: Path, here: Path) -> Path:
    """A bare remote `origin` of `here` that has main."""
    folder = tmp_path / "remote.git"
    git(here, "init", "--quiet", "--bare", "--initial-branch=main", str(folder))
    git(here, "remote", "add", "origin", str(folder))
    git(here, "push", "--quiet", "--set-upstream", "origin", "main")
    return folder


@pytest.fixture
def clone(tmp_path: Path, remote: Path) -> Clone:
    """Makes named clones of the remote."""

    def make(name: str) -> Repository:
        git(tmp_path, "clone", "--quiet", str(remote), str(tmp_path / name))
        return Repository(tmp_path / name)

    return make
