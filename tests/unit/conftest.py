"""Unit tests are pure: no process, no network, nothing written to the user's home."""

import builtins
import io
import os
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

_REPOSITORY = Path(__file__).parent.parent.parent
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Impure(AssertionError):
    """A unit test reached outside."""


def _refuse(what: str) -> Callable[..., NoReturn]:
    def refuse(*_args: object, **_options: object) -> NoReturn:
        raise Impure(f"a unit test must not {what}")

    return refuse


@dataclass(frozen=True, slots=True)
class _Home:
    """The folder that nothing may be written to, but for what lies in `free`."""

    folder: Path
    free: tuple[Path, ...]

    def require_outside(self, target: Any, *, dir_fd: int | None = None) -> None:
        if isinstance(target, int) or dir_fd is not None:
            return
        path = Path(os.fsdecode(target)).resolve()
        if path.is_relative_to(self.folder) and not any(path.is_relative_to(folder) for folder in self.free):
            raise Impure(f"a unit test must not write below home: {path}")

    def guard_open(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def opens(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
            if set(mode) & set("wax+"):
                self.require_outside(file)
            return real(file, mode, *args, **options)

        return opens

    def guard_os_open(self, real: Callable[..., int]) -> Callable[..., int]:
        def opens(path: Any, flags: int, *args: Any, **options: Any) -> int:
            if flags & _WRITES:
                self.require_outside(path, dir_fd=options.get("dir_fd"))
            return real(path, flags, *args, **options)

        return opens

    def guard_mkdir(self, real: Callable[..., None]) -> Callable[..., None]:
        def makes(path: Any, *args: Any, **options: Any) -> None:
            self.require_outside(path, dir_fd=options.get("dir_fd"))
            real(path, *args, **options)

        return makes


@pytest.fixture(autouse=True)
def pure(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Processes, connections and writes below home raise; the repository and pytest's folder are free."""
    home = _Home(Path.home().resolve(), (_REPOSITORY.resolve(), tmp_path_factory.getbasetemp().resolve()))
    monkeypatch.setattr(subprocess.Popen, "__init__", _refuse("start a process"))
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _refuse("open a connection"))
    monkeypatch.setattr(builtins, "open", home.guard_open(builtins.open))
    monkeypatch.setattr(io, "open", home.guard_open(io.open))
    monkeypatch.setattr(os, "open", home.guard_os_open(os.open))
    monkeypatch.setattr(os, "mkdir", home.guard_mkdir(os.mkdir))
