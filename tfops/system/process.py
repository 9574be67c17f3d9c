"""The one runner: argument lists, never a shell.

`run` is for short questions (Git, `terraform version`), `probe` and `ask` for programs of the user's. The engine has a
runner of its own: `tfops.system.following`.
"""

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from tfops.dataclass import dataclass
from tfops.errors import ProjectError
from tfops.system import answer

_POLL_S = 0.02
_ENDING_S = 2.0  # an engine that was killed right now, or is about to end, needs no patience of the user's
_LONGEST_TAIL = 4096

MOST_STARTS = 5

TOO_LATE = -signal.SIGALRM


@dataclass(frozen=True, slots=True)
class Completed:
    """A finished short process. `code` is negative when a signal ended it."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        return self.stdout.decode("utf-8", "replace")


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: bytes = b"",
    timeout_s: float | None = None,
) -> Completed:
    """Run a short command to its end. Raises ProjectError when there is no such program.

    It leads a session: Ctrl-C on a terminal, and a CI system that ends a job, signal our whole group, and Git must
    be able to record what was done. It can't ask on a terminal, therefore. Where we are interrupted, it is ended too.
    """
    return _started_for_sure(lambda: _run(argv, env=env, cwd=cwd, stdin=stdin, timeout_s=timeout_s))


def _run(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: Path | None, stdin: bytes, timeout_s: float | None
) -> Completed:
    child = _answering(argv, env=env, cwd=cwd, stdin=stdin)
    try:
        heard = answer.hear(child, stdin=stdin, timeout_s=timeout_s)
    finally:
        answer.stop(child, politely=True)
    if heard.is_cut:
        return Completed(code=TOO_LATE, stdout=b"", stderr=f"no answer within {timeout_s:.0f} s")
    return Completed(child.returncode, heard.stdout, heard.stderr.decode("utf-8", "replace"))


def _started_for_sure(start: Callable[[], Completed]) -> Completed:
    """Start it again when it was hit before it began.

    Between fork and setsid a new process is still in our group: a signal to the group that comes right then kills it,
    without a word, though it was not meant.
    """
    for _ in range(MOST_STARTS - 1):
        done = start()
        if not was_hit_at_its_start(done.code, done.stdout, done.stderr):
            return done
    return start()


def was_hit_at_its_start(code: int, *said: bytes | str) -> bool:
    """Whether a signal to the group killed it before it was in a session of its own."""
    return code in (-signal.SIGINT, -signal.SIGTERM) and not any(said)


def _answering(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: Path | None, stdin: bytes
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        where = f": {error.filename}" if error.filename not in (None, argv[0]) else ""
        raise ProjectError(f"could not run `{argv[0]}`", why=(error.strerror or str(error)) + where) from error


def probe(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    timeout_s: float,
    on_tick: Callable[[], None] = lambda: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Completed:
    """Run a program of the user's, in a session of its own, and keep the end of what it says.

    After `timeout_s`, or when `is_stopped`, it is killed with everything that it started. Raises
    ProjectError when there is no such program.
    """
    return _started_for_sure(
        lambda: _probe(argv, env=env, cwd=cwd, timeout_s=timeout_s, on_tick=on_tick, is_stopped=is_stopped)
    )


def _probe(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    timeout_s: float,
    on_tick: Callable[[], None],
    is_stopped: Callable[[], bool],
) -> Completed:
    end = time.monotonic() + timeout_s
    with tempfile.TemporaryFile() as output:
        try:
            child = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ProjectError(f"could not run `{argv[0]}`", why=error.strerror or str(error)) from error
        try:
            while child.poll() is None and time.monotonic() < end and not is_stopped():
                pause(child.pid)
                on_tick()
        finally:
            is_late = child.poll() is None
            if is_late:
                os.killpg(child.pid, signal.SIGKILL)
            code = child.wait()
        output.seek(max(os.fstat(output.fileno()).st_size - _LONGEST_TAIL, 0))
        return Completed(TOO_LATE if is_late else code, output.read(), "")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a program may take, how much it may say, and what ends it early: `goes_on`, asked again and again."""

    timeout_s: float
    most_bytes: int
    goes_on: Callable[[], bool] = lambda: True


def ask(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout_s: float, most_bytes: int, stdin: bytes = b""
) -> Completed:
    """Run a program for its answer, which stays in memory. What it says on stderr may quote secrets: never show it.

    It gets a session of its own, and is killed with everything that it started after `timeout_s`, or when
    it says more than `most_bytes`: the code is TOO_LATE then. Raises ProjectError when there is no such program.
    """
    patience = Patience(timeout_s, most_bytes)
    return _started_for_sure(lambda: _examine(argv, env=env, cwd=cwd, patience=patience, stdin=stdin))


def examine(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, patience: Patience) -> Completed:
    """Run a program of the user's for its answer, as `ask`, with more patience. Raises ProjectError."""
    return _started_for_sure(lambda: _examine(argv, env=env, cwd=cwd, patience=patience, stdin=b""))


def _examine(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, patience: Patience, stdin: bytes) -> Completed:
    child = _answering(argv, env=env, cwd=cwd, stdin=stdin)
    timeout_s, most_bytes = patience.timeout_s, patience.most_bytes
    try:
        heard = answer.hear(child, stdin=stdin, timeout_s=timeout_s, most_bytes=most_bytes, goes_on=patience.goes_on)
    finally:
        answer.stop(child, politely=False)
    code = TOO_LATE if heard.is_cut else child.returncode
    return Completed(code, heard.stdout, heard.stderr.decode("utf-8", "replace"))


def talk(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> int:
    """Run a program on our own terminal, with our own streams, and return its exit code.

    Ctrl-C is its business there: it reaches the whole group. Raises ProjectError when there is no such program.
    """
    before = signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN: that a program would inherit
    try:
        return subprocess.Popen(list(argv), env=dict(env), cwd=cwd, umask=0o077).wait()
    except OSError as error:
        raise ProjectError(f"could not run `{argv[0]}`", why=error.strerror or str(error)) from error
    finally:
        signal.signal(signal.SIGINT, before)


def open_private(path: Path) -> BinaryIO:
    """Open for appending, 0600 from its first moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "ab")


def is_alive(pid: int) -> bool:
    """Whether there is a process with this id on this machine, ours or another user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_being_written(path: Path) -> bool:
    """Whether the engine that writes this file is still alive, whoever started it."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def wait_for_writers(paths: Sequence[Path], *, wait_s: float) -> Path | None:
    """None when no engine writes any of these files any more, else one that still is after `wait_s`."""
    end = time.monotonic() + max(wait_s, _ENDING_S)
    while (written := next(filter(is_being_written, paths), None)) is not None:
        if time.monotonic() >= end:
            return written
        time.sleep(_POLL_S)
    return None


def writer_of(path: Path) -> int:
    """The process that has a file open, 0 where that can't be told (only Linux says)."""
    for opened in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if opened.samefile(path):
                return int(opened.parts[2])
    return 0


def pause(pid: int, *more: int) -> None:
    """Sleep until a child ends, one of `more` can be read, or it is time to look at its output again.

    A handle on the process wakes us the moment it ends; elsewhere than on Linux the poll has to do.
    """
    if not hasattr(os, "pidfd_open"):
        time.sleep(_POLL_S)
        return
    handle = os.pidfd_open(pid)
    try:
        select.select([handle, *more], [], [], _POLL_S)
    finally:
        os.close(handle)
