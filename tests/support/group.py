"""`tfops` as a job of a shell: signals reach its whole process group, by Ctrl-C on its terminal or from a CI system."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Sequence

from tests.support.sandbox import Sandbox
from tests.support.terminal import without_escapes

CTRL_C = b"\x03"


class Job:
    """A running command with a terminal of its own, which is what its group is signalled through."""

    def __init__(self, sandbox: Sandbox, argv: Sequence[str], *, columns: int = 100) -> None:
        self._terminal, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))

        def lead() -> None:
            os.setsid()
            fcntl.ioctl(child, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGINT, signal.SIG_DFL)

        self.process = subprocess.Popen(
            list(argv), cwd=sandbox.path, env={**sandbox.env, "TERM": "xterm-256color"},
            stdin=child, stdout=child, stderr=child, preexec_fn=lead,  # noqa: PLW1509 - the test has one thread
        )  # fmt: skip
        os.close(child)
        self._seen = ""

    @property
    def text(self) -> str:
        return without_escapes(self._seen)

    def press(self, keys: bytes = CTRL_C) -> None:
        os.write(self._terminal, keys)

    def kill_group(self, number: int) -> None:
        os.killpg(self.process.pid, number)

    def wait_until(self, condition: Callable[[], bool], *, timeout_s: float = 60) -> None:
        """Reads what it says meanwhile: a terminal holds a few thousand characters."""
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, f"it did not come true:\n{self.text}"
            self.hear(0.01)

    def end(self, *, timeout_s: float = 60) -> int:
        """Its exit code."""
        self.wait_until(lambda: self.process.poll() is not None, timeout_s=timeout_s)
        while self.hear(0.05):
            pass
        return self.process.returncode

    def hear(self, patience_s: float) -> bool:
        """Read what it says now; whether it said something."""
        ready, _, _ = select.select([self._terminal], [], [], patience_s)
        if not ready:
            return False
        with contextlib.suppress(OSError):  # the other end is closed
            piece = os.read(self._terminal, 65536)
            self._seen += piece.decode("utf-8", "replace")
            return bool(piece)
        return False

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._terminal)


@contextlib.contextmanager
def job(sandbox: Sandbox, *args: str, module: str = "tfops") -> Iterator[Job]:
    """`python -m tfops ARGS`; killed at the end of the block, if it still runs."""
    python, flag, _ = sandbox.command()
    begun = Job(sandbox, [python, flag, module, *args])
    try:
        yield begun
    finally:
        begun.close()
