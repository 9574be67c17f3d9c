"""Where connections wait until their request has arrived: one thread watches all of them, and none holds a worker.

Who sends slowly, or nothing, can't keep others from being answered. There is room for a number of them; who has
waited longest makes room for who comes.
"""

import contextlib
import re
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import field
from typing import Any

from tfops.dataclass import dataclass

_MOST, _LONGEST_HEAD, _CHUNK, _TICK_S = 512, 65536, 65536, 0.5
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")

# A connection, the client's address, and what has been read of the request: its whole head.
Admit = Callable[[socket.socket, Any, bytes], None]


@dataclass(slots=True)
class _Connection:
    address: Any
    ends: float
    read: bytearray = field(default_factory=bytearray)


class ConnectionQueue:
    """`admit` is called in the thread of its own and must not block."""

    def __init__(self, admit: Admit, *, patience_s: float) -> None:
        self._admit, self._patience_s = admit, patience_s
        self._arrived: deque[tuple[socket.socket, Any]] = deque()
        self._connections: dict[socket.socket, _Connection] = {}
        self._selector = selectors.DefaultSelector()
        self._bell, self._ringer = socket.socketpair()
        self._ringer.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._is_open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def enter(self, connection: socket.socket, address: Any) -> None:
        """Leave a connection here; from any thread."""
        self._arrived.append((connection, address))
        self._ring()

    def close(self) -> None:
        """Send everybody away."""
        self._is_open = False
        self._ring()
        self._thread.join()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # full: it rings already
            self._ringer.send(b".")

    def _run(self) -> None:
        while self._is_open:
            for key, _ in self._selector.select(_TICK_S):
                if key.fileobj is self._bell:
                    self._bell.recv(_CHUNK)
                elif isinstance(key.fileobj, socket.socket):
                    self._listen(key.fileobj)
            while self._arrived:
                self._seat(*self._arrived.popleft())
            self._send_away()
        for connection in [*self._connections, *(connection for connection, _ in self._arrived)]:
            connection.close()
        self._selector.close()
        self._bell.close()
        self._ringer.close()

    def _seat(self, connection: socket.socket, address: Any) -> None:
        if len(self._connections) >= _MOST:
            self._leave(next(iter(self._connections))).close()
        connection.setblocking(False)
        self._connections[connection] = _Connection(address, time.monotonic() + self._patience_s)
        self._selector.register(connection, selectors.EVENT_READ)

    def _listen(self, connection: socket.socket) -> None:
        guest = self._connections[connection]
        try:
            part = connection.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        guest.read += part
        if not part:
            self._leave(connection).close()
        elif _END_OF_HEAD.search(guest.read) or len(guest.read) >= _LONGEST_HEAD:
            self._leave(connection).setblocking(True)
            self._admit(connection, guest.address, bytes(guest.read))

    def _leave(self, connection: socket.socket) -> socket.socket:
        self._selector.unregister(connection)
        del self._connections[connection]
        return connection

    def _send_away(self) -> None:
        """Who came first stands first: the rest of them is younger."""
        now = time.monotonic()
        late = [connection for connection, guest in self._connections.items() if guest.ends <= now]
        for connection in late:
            self._leave(connection).close()
