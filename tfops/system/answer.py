"""What a short process says, heard to its end.

A process that has ended may have said its last words a moment ago, while we were not running (stopped, or on a loaded
machine): whether it has ended is asked before its pipes are read, never between a reading and the verdict. Time that
passed says nothing about what is in a pipe.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import IO

from tfops.dataclass import dataclass

_POLL_S = 0.02
_ENDING_S = 2.0
_MORE_THAN_A_PIPE_HOLDS = 2**21

# How often to look again when the process has ended but something that it started keeps its pipes open: a second
# of silence, counted in looks, so that time in which we were stopped doesn't count.
_QUIET_LOOKS = 50
_MOST_LOOKS = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out of stdout and stderr. `is_cut` when it took too long, or said too much."""

    stdout: bytes
    stderr: bytes
    is_cut: bool


def hear(
    child: "subprocess.Popen[bytes]",
    *,
    stdin: bytes,
    timeout_s: float | None,
    most_bytes: int | None = None,
    goes_on: Callable[[], bool] = lambda: True,
) -> Answer:
    """Everything that a process says until it ends and its pipes are closed.

    Of one that takes longer than `timeout_s`, or says more than `most_bytes`, what was heard so far: it still runs.
    The same when `goes_on`, which is asked again and again, says no.
    """
    assert child.stdout and child.stderr
    if child.stdin is not None:
        threading.Thread(target=_feed, args=(child.stdin, stdin), daemon=True).start()
    ear = _PipeReader(child, (child.stdout, child.stderr), timeout_s, most_bytes)
    try:
        is_whole = ear.listen(goes_on) and ear.waits_for_its_end()
    finally:
        child.stdout.close()
        child.stderr.close()
    stdout, stderr = ear.heard
    return Answer(stdout, stderr, is_cut=not is_whole)


def stop(child: "subprocess.Popen[bytes]", *, politely: bool) -> None:
    """End a process that leads a session, with all that it started. Git, when asked, takes its lock files along."""
    if child.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if politely:
            os.killpg(child.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=_ENDING_S)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _feed(pipe: IO[bytes], text: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), pipe:
        pipe.write(text)


class _PipeReader:
    """Listens to both pipes of a process at once: whoever reads one to its end first may block the other."""

    def __init__(
        self,
        child: "subprocess.Popen[bytes]",
        pipes: tuple[IO[bytes], IO[bytes]],
        timeout_s: float | None,
        most_bytes: int | None,
    ) -> None:
        self._child = child
        self._pieces: dict[int, list[bytes]] = {pipe.fileno(): [] for pipe in pipes}
        self._size, self._most = 0, most_bytes
        self._end = None if timeout_s is None else time.monotonic() + timeout_s

    @property
    def heard(self) -> list[bytes]:
        return [b"".join(pieces) for pieces in self._pieces.values()]

    def listen(self, goes_on: Callable[[], bool]) -> bool:
        """Whether all was heard that there was to hear."""
        looks = quiet = 0
        with selectors.DefaultSelector() as selector:
            for number in self._pieces:
                selector.register(number, selectors.EVENT_READ)
            while selector.get_map():
                has_ended = self._child.poll() is not None
                ready = selector.select(_POLL_S)
                for key, _ in ready:
                    if not self._take(key.fd):
                        selector.unregister(key.fd)
                if self._most is not None and self._size > self._most:
                    return False
                if not has_ended and (self._is_late() or not goes_on()):
                    return False
                looks, quiet = (looks + 1, 0 if ready else quiet + 1) if has_ended else (0, 0)
                if quiet >= _QUIET_LOOKS or looks >= _MOST_LOOKS:
                    break
        return True

    def _take(self, number: int) -> bool:
        piece = os.read(number, _MORE_THAN_A_PIPE_HOLDS)
        self._pieces[number].append(piece)
        self._size += len(piece)
        return piece != b""

    def _is_late(self) -> bool:
        return self._end is not None and time.monotonic() >= self._end and self._child.poll() is None

    def waits_for_its_end(self) -> bool:
        """Whether it ends in time: one may close its pipes and go on."""
        try:
            self._child.wait(timeout=None if self._end is None else max(self._end - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            return False
        return True
