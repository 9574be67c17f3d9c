"""The fixture that keeps unit tests pure does its work."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.conftest import Impure
from tfops.system import process

_INSIDE_HOME = Path.home() / "tfops-must-not-be-here"


def _connect() -> None:
    with socket.socket() as plug:
        plug.connect(("127.0.0.1", 9))


@pytest.mark.parametrize(
    "act",
    [
        lambda: subprocess.run([sys.executable, "-V"], check=False),
        lambda: process.run([sys.executable, "-V"], env={}),
        lambda: os.popen("true"),
        _connect,
        lambda: _INSIDE_HOME.write_text("x"),
        lambda: _INSIDE_HOME.open("a"),
        lambda: os.open(_INSIDE_HOME, os.O_CREAT | os.O_WRONLY),
        _INSIDE_HOME.mkdir,
        lambda: tempfile.mkstemp(dir=Path.home()),
    ],
    ids=["run", "our runner", "popen", "connect", "write_text", "open", "os.open", "mkdir", "mkstemp"],
)
def test_reaching_outside_raises(act: Callable[[], object]) -> None:
    with pytest.raises(Impure):
        act()
    assert not _INSIDE_HOME.exists()


def test_a_folder_of_pytest_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "x"
