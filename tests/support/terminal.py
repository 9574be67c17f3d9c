"""`tfops` on a real pseudo terminal: what a person sees, and what they type."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r")
_PAINTED = re.compile(r"\r|\n|\x1b\[\d*[ABCDEFGHJK]")


@dataclass(frozen=True, slots=True)
class Seen:
    """The end of a run on a terminal; `text` is without colours and cursor movements."""

    code: int
    raw: str

    @property
    def text(self) -> str:
        return without_escapes(self.raw)

    @property
    def lines(self) -> list[str]:
        """What was written on each line, one entry for each time that the cursor went back to paint it anew."""
        return [without_escapes(painted) for painted in _PAINTED.split(self.raw)]


def without_escapes(raw: str) -> str:
    """Without colours and cursor movements."""
    return _ESCAPES.sub("", raw)


def run_in_terminal(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    answers: Sequence[tuple[str, str]] = (),
    columns: int = 80,
    timeout_s: float = 60,
) -> Seen:
    """Run on a terminal; `answers` are (what to wait for, what to type), in order."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        list(argv),
        cwd=cwd,
        env={**env, "TERM": "xterm-256color"},
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    )
    os.close(child)
    seen, waiting, end = "", list(answers), time.monotonic() + timeout_s
    answered = 0
    while time.monotonic() < end:
        ready, _, _ = select.select([parent], [], [], 0.1)
        if ready:
            try:
                data = os.read(parent, 65536)
            except OSError:  # the other end is closed: the process ended
                break
            seen += data.decode("utf-8", "replace")
        if waiting and waiting[0][0] in _ESCAPES.sub("", seen[answered:]):
            answered = len(seen)  # the same question may come again
            os.write(parent, (waiting.pop(0)[1] + "\n").encode())
    else:
        process.kill()
    os.close(parent)
    assert not waiting, f"never saw {waiting[0][0]!r} in:\n{seen}"
    return Seen(process.wait(10), seen)
