"""An engine's process that stays after a plan, for the apply of it: what its providers can do is in its memory already.

Only the embedded engine can (`tfops.engine.embedded`). While it waits it holds no lock and no file, and it ends when
tfops ends or dismisses it. From the word on it is an apply like any other: what becomes of tfops doesn't reach it.
"""

import os
import socket
import threading
import time

from tfops.engine.locate import Engine, is_ours
from tfops.system import following
from tfops.system.process import pause

STAYS = "--stays"  # the option that names the open socket
_END = b"\0\0"
_LONGEST_CODE = 16
_ENDING_S = 10.0

_places = threading.BoundedSemaphore(os.cpu_count() or 1)  # each holds the schemas of its providers


def can_stay(engine: Engine) -> bool:
    """Whether this engine can be told to stay: it is the one that came with this very tfops."""
    return is_ours(engine.executable) and hasattr(socket, "send_fds")


def standby(command: following.Command) -> "Standby | None":
    """The engine started, to stay; None when as many wait already as there are processors."""
    if not _places.acquire(blocking=False):
        return None
    try:
        return Standby(command)
    except BaseException:
        _places.release()
        raise


class Standby:
    """One process, from the start of its plan on. Who follows it takes it for over when the plan is."""

    def __init__(self, command: following.Command) -> None:
        self.env = command.env
        self._line, theirs = socket.socketpair()
        with theirs:
            self._child = following.start(command, hands={STAYS: theirs.fileno()})
        self._line.setblocking(False)
        self._code: int | None = None

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def is_waiting(self) -> bool:
        """Whether the plan is over and the process still there."""
        return self._code is not None and self._child.poll() is None

    def fileno(self) -> int:
        """What becomes readable when the plan is over."""
        return self._line.fileno()

    def poll(self) -> int | None:
        """The plan's exit code; None while it works."""
        if self._code is None:
            try:
                told = self._line.recv(_LONGEST_CODE)
            except BlockingIOError:
                return None
            self._code = int(told) if told else self._child.wait()
        return self._code

    def wait(self) -> int:
        """The plan's exit code, as soon as there is one."""
        self._line.setblocking(True)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, sig: int, /) -> None:
        self._child.send_signal(sig)

    def kill(self) -> None:
        self._child.kill()

    def go_on(self, command: following.Command) -> following.Running:
        """Give the word: from now on the process is an apply. One that died while it waited is replaced."""
        words = b"\0".join(map(os.fsencode, command.argv[1:])) + _END
        self._line.setblocking(True)
        try:
            with following.outputs_of(command) as files:
                sent = socket.send_fds(self._line, [words], [file.fileno() for file in files])
                if words[sent:]:
                    self._line.sendall(words[sent:])
        except OSError:
            self.dismiss()
            return following.start(command)
        self._release()
        return self._child

    def dismiss(self) -> None:
        """It isn't needed: it ends."""
        self._release()
        end = time.monotonic() + _ENDING_S
        while self._child.poll() is None and time.monotonic() < end:
            pause(self._child.pid)

    def _release(self) -> None:
        self._line.close()
        _places.release()
