"""Work in forks of this process: what it has imported is there, everything else is the worker's own.

A fork costs some milliseconds, a new Python with all that a change needs several hundred. A worker is as a process
that was started: its own session, standard streams, folder, variables, signals; it never goes on as its parent. Locks
that the parent holds stay the parent's (filelock closes its handles in a fork), random numbers begin anew (Python sees
to that). Handlers of the parent's end aren't called: what they would
remove is the parent's.
"""

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn, TextIO

from tfops.exits import Exit
from tfops.system import environ, signals

_HELD_BACK = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TASKS = Path("/proc/self/task")


def can_fork() -> bool:
    """Whether this process may be forked: on Linux, while it has no thread but one.

    A fork has the locks that threads hold, and not the threads that would give them back. Libraries of macOS take
    no fork at all.
    """
    return sys.platform == "linux" and _TASKS.is_dir() and len(os.listdir(_TASKS)) == 1  # noqa: PTH208 - a count


def fork(work: Callable[[], int], *, folder: Path, stdout: Path, stderr: Path, env: Mapping[str, str]) -> "Forked":
    """Do `work` in a fork, in `folder`, with `env` laid over our variables; what it returns is the exit code.

    Its output is appended to the two files, which the caller has made. An interrupt that comes meanwhile is handed
    on, and goes on when the worker has ended.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    gc.freeze()  # what is there stays: the worker needn't look through it, and shares its memory
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
    worker = None
    try:
        pid = os.fork()
        if pid == 0:
            _work(work, before, folder=folder, stdout=stdout, stderr=stderr, env=env)
        worker = Forked(pid)
    finally:
        _let_through(before, worker)
    return worker


def _let_through(before: set[int | signal.Signals], worker: "Forked | None") -> None:
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    except BaseException:
        if worker is not None:  # nobody else knows of it yet
            worker.send_signal(signal.SIGINT)
            worker.wait()
        raise


class Forked:
    """A worker, with the methods of `subprocess.Popen` that are needed here."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self._take(*os.waitpid(self.pid, os.WNOHANG))
        return self.returncode

    def wait(self) -> int:
        while self.returncode is None:
            self._take(*os.waitpid(self.pid, 0))
        return self.returncode

    def _take(self, pid: int, status: int) -> None:
        if pid:
            self.returncode = os.waitstatus_to_exitcode(status)

    def send_signal(self, number: int) -> None:
        """Nothing, for one that has ended: its number may be another's by now."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _work(
    work: Callable[[], int],
    before: set[int | signal.Signals],
    *,
    folder: Path,
    stdout: Path,
    stderr: Path,
    env: Mapping[str, str],
) -> NoReturn:
    code: int = Exit.BUG
    try:
        try:
            os.setsid()
            _hear_as_new()
            _write_to(stdout, stderr)
            os.chdir(folder)
            sys.path[:] = filter(None, sys.path)  # an empty one is the folder where we are: somebody's files
            environ.lay_over(env)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            code = work()
        finally:
            signals.ignore_all()
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    except BaseException:  # noqa: BLE001 - whatever it is, this must not go on as its parent
        traceback.print_exc()
    finally:
        _leave(code)


def _hear_as_new() -> None:
    """Signals as a program finds them at its start: what is ignored stays so, the parent's handlers are gone."""
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _write_to(stdout: Path, stderr: Path) -> None:
    _redirect(os.open(os.devnull, os.O_RDONLY), 0)
    _redirect(os.open(stdout, os.O_WRONLY | os.O_APPEND), 1)
    _redirect(os.open(stderr, os.O_WRONLY | os.O_APPEND), 2)
    sys.stdin = _stream(0, "r")
    sys.stdout = _stream(1, "w")
    sys.stderr = _stream(2, "w", errors="backslashreplace")


def _stream(number: int, mode: str, errors: str = "strict") -> TextIO:
    return os.fdopen(number, mode, encoding="utf-8", errors=errors, closefd=False)  # type: ignore[return-value]


def _redirect(opened: int, number: int) -> None:
    os.dup2(opened, number)
    if opened != number:  # it may have been closed
        os.close(opened)


def _leave(code: int) -> NoReturn:
    """End without taking apart what the parent made: that costs more than the work, and some of it is the parent's."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or Exit.ANSWER_LOST
    finally:
        os._exit(code)
