"""The one runner: argument lists, never a shell.

`run` is for short questions (Git, `terraform version`). `follow` is for the engine: own session,
no pipe, output to a private file that is read while it grows. If tfops dies, the engine goes on,
finishes and saves its state (a pipe would kill it at its next line of output).
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
from dataclasses import field
from pathlib import Path
from typing import BinaryIO

from tfops.dataclass import dataclass
from tfops.errors import ProjectError
from tfops.system import answer, signals

_POLL_S = 0.02
_ENDING_S = 2.0  # an engine that was killed right now, or is about to end, needs no patience of the user's
_LONGEST_TAIL = 4096

_MOST_STARTS = 5

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
    for _ in range(_MOST_STARTS - 1):
        done = start()
        if not _was_hit_at_its_start(done.code, done.stdout, done.stderr):
            return done
    return start()


def _was_hit_at_its_start(code: int, *said: bytes | str) -> bool:
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
                _pause(child)
                on_tick()
        finally:
            is_late = child.poll() is None
            if is_late:
                os.killpg(child.pid, signal.SIGKILL)
            code = child.wait()
        output.seek(max(os.fstat(output.fileno()).st_size - _LONGEST_TAIL, 0))
        return Completed(TOO_LATE if is_late else code, output.read(), "")


def ask(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout_s: float, most_bytes: int, stdin: bytes = b""
) -> Completed:
    """Run a program for its answer, which stays in memory. What it says on stderr may quote secrets: never show it.

    It gets a session of its own, and is killed with everything that it started after `timeout_s`, or when
    it says more than `most_bytes`: the code is TOO_LATE then. Raises ProjectError when there is no such program.
    """
    return _started_for_sure(
        lambda: _ask(argv, env=env, cwd=cwd, timeout_s=timeout_s, most_bytes=most_bytes, stdin=stdin)
    )


def _ask(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout_s: float, most_bytes: int, stdin: bytes
) -> Completed:
    child = _answering(argv, env=env, cwd=cwd, stdin=stdin)
    try:
        heard = answer.hear(child, stdin=stdin, timeout_s=timeout_s, most_bytes=most_bytes)
    finally:
        answer.stop(child, politely=False)
    code = TOO_LATE if heard.is_cut else child.returncode
    return Completed(code, heard.stdout, heard.stderr.decode("utf-8", "replace"))


def open_private(path: Path) -> BinaryIO:
    """Open for appending, 0600 from its first moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "ab")


def _start(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdout: Path, stderr: Path
) -> subprocess.Popen[bytes]:
    with open_private(stdout) as out, open_private(stderr) as err, signals.hangup_ignored():
        # The lock lives as long as anyone has this open file: after our copy is closed, the engine alone.
        fcntl.flock(out, fcntl.LOCK_EX)
        try:
            return subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                umask=0o077,
            )
        except (FileNotFoundError, PermissionError) as error:
            raise ProjectError(f"could not run `{argv[0]}`", why=str(error)) from error


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


class _Tail:
    """Hands over the complete lines that were added to a file since the last look."""

    def __init__(self, path: Path, on_line: Callable[[str], None]) -> None:
        self._file = path.open("rb")
        self._on_line = on_line
        self._rest = b""

    def look(self) -> None:
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for line in lines:
            self._on_line(line.decode("utf-8", "replace"))

    def finish(self) -> None:
        self.look()
        if self._rest:
            self._on_line(self._rest.decode("utf-8", "replace"))
        self._file.close()


def _pause(child: "subprocess.Popen[bytes]") -> None:
    """Sleep until the child ends or it is time to look at its output again.

    A handle on the process wakes us the moment it ends; elsewhere than on Linux the poll has to do.
    """
    if not hasattr(os, "pidfd_open"):
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=_POLL_S)
        return
    handle = os.pidfd_open(child.pid)
    try:
        select.select([handle], [], [], _POLL_S)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, where, with which environment, and the files that it writes into."""

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    stdout: Path
    stderr: Path


@dataclass(frozen=True, slots=True)
class Listener:
    """What is called while a command works: for each line of its stdout, for signals, and again and again."""

    on_line: Callable[[str], None]
    on_signal: signals.OnSignal
    on_tick: Callable[[], None] = lambda: None


def follow(
    command: Command, listener: Listener, *, shielded: bool = False, only_reads: bool = False
) -> tuple[int, int]:
    """Run the engine to its end and hand over each line of its stdout while it is written.

    `shielded` lets no signal through: for reading back what an apply did. One that `only_reads` is killed when it
    doesn't hear: at the second signal, or a later one, some seconds after the first. `on_tick` is called every
    20 ms or so while it works. Returns (exit code, number of signals that arrived). An exception of a
    callback doesn't reach the engine: it finishes first, then the exception goes on.
    """
    interrupts = signals.Interrupts(listener.on_signal, shielded=shielded, only_reads=only_reads)

    def tick() -> None:
        interrupts.tell()
        listener.on_tick()

    with signals.routed_to(interrupts):
        for _ in range(_MOST_STARTS):
            child = _start(command.argv, cwd=command.cwd, env=command.env, stdout=command.stdout, stderr=command.stderr)
            interrupts.watch(child)
            code = _follow_one(child, command.argv, stdout=command.stdout, on_line=listener.on_line, on_tick=tick)
            if not (shielded and _was_hit_at_its_start(code, command.stdout.read_bytes(), command.stderr.read_bytes())):
                break
    interrupts.tell()
    return code, interrupts.count


def _follow_one(
    child: "subprocess.Popen[bytes]",
    argv: Sequence[str],
    *,
    stdout: Path,
    on_line: Callable[[str], None],
    on_tick: Callable[[], None],
) -> int:
    from tfops.system import failpoint  # noqa: PLC0415 - short processes, which most commands only have, have none

    failpoint.engine_is(child.pid)
    if argv[1:2] == ["apply"]:
        failpoint.reach("engine-started")
    tail = _Tail(stdout, on_line)
    try:
        while child.poll() is None:
            _pause(child)
            tail.look()
            on_tick()
    finally:
        code = child.wait()
        failpoint.engine_is(0)
        tail.finish()
    return code
