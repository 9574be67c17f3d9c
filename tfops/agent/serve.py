"""The agent over HTTP: /healthz, /readyz, /status, /metrics, and /hook for push events.

Bounded on all sides: threads, bodies, the time that a connection may take. A flood of events ends in one look.
"""

import contextlib
import io
import json
import re
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

from tfops.agent import hooks
from tfops.agent.agent_status import AgentStatus
from tfops.agent.connections import ConnectionQueue
from tfops.agent.metrics import CONTENT_TYPE, metrics_text
from tfops.dataclass import dataclass
from tfops.errors import ProjectError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MOST_THREADS, _HEALTH_THREADS = 32, 4
_MOST_WAITING = 256
_HEALTH = re.compile(rb"(?:GET|HEAD) /(?:healthz|readyz)[ ?]")
_MOST_DELIVERIES = 1000
_PATIENCE_S = 10.0


@dataclass(slots=True)
class HookEndpoint:
    """What the handlers share. `wake` makes the loop look now; without a secret there is no /hook."""

    board: AgentStatus
    wake: Callable[[], None]
    secret: bytes = field(default=b"", repr=False)
    _seen: "OrderedDict[str, None]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_new(self, delivery: str) -> bool:
        """False for a delivery that was here already, as far as that is remembered."""
        if not delivery:
            return True
        with self._lock:
            if delivery in self._seen:
                return False
            self._seen[delivery] = None
            if len(self._seen) > _MOST_DELIVERIES:
                self._seen.popitem(last=False)
        return True


class _Server(HTTPServer):
    """Accepts; connections wait in a queue for their requests; workers answer, and health has workers of its own."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], door: HookEndpoint) -> None:
        self.door = door
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)
        self._busy: dict[socket.socket, bytes] = {}
        self._health, self._others = ThreadPoolExecutor(_HEALTH_THREADS), ThreadPoolExecutor(_MOST_THREADS)
        self._lobby = ConnectionQueue(self._admit, patience_s=_PATIENCE_S)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._lobby.enter(request, client_address)

    def _admit(self, connection: socket.socket, address: Any, read: bytes) -> None:
        """Give a request that has arrived to a worker; where too many wait already, nobody answers."""
        is_health = _HEALTH.match(read) is not None
        if len(self._busy) >= _MOST_WAITING and not is_health:
            connection.close()
            return
        self._busy[connection] = read
        (self._health if is_health else self._others).submit(self._answer, connection, address)

    def _answer(self, connection: socket.socket, address: Any) -> None:
        """A connection ends in time, however slowly the rest is sent or the answer is read."""
        watchdog = threading.Timer(_PATIENCE_S, _cut, (connection,))
        watchdog.daemon = True
        watchdog.start()
        try:
            self.finish_request(connection, address)
        except (OSError, ValueError):
            """A client that goes away is no news."""
        finally:
            watchdog.cancel()
            self._busy.pop(connection, None)
            self.shutdown_request(connection)

    def begun(self, connection: socket.socket) -> bytes:
        """What has been read of a connection's request."""
        return self._busy[connection]

    def server_close(self) -> None:
        super().server_close()
        self._lobby.close()
        for pool in (self._health, self._others):
            pool.shutdown(wait=False, cancel_futures=True)
        for connection in list(self._busy):
            _cut(connection)


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Continued(io.RawIOBase):
    """A connection, from the start of its request: what was read of it comes first."""

    def __init__(self, read: bytes, connection: socket.socket) -> None:
        self._read, self._connection = read, connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        room = memoryview(buffer)
        if not self._read:
            return self._connection.recv_into(room)
        part, self._read = self._read[: len(room)], self._read[len(room) :]
        room[: len(part)] = part
        return len(part)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _PATIENCE_S
    server_version = "tfops"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(_Continued(self.server.begun(self.request), self.connection))

    def do_GET(self) -> None:
        board = self.server.door.board
        match self.path.partition("?")[0]:
            case "/healthz":
                stuck = board.stuck_for()
                self._answer(503 if stuck else 200, f"the loop is stuck for {stuck:.0f} s" if stuck else "ok")
            case "/readyz":
                why = board.not_ready()
                self._answer(503 if why else 200, why or "ready")
            case "/status":
                self._answer(200, json.dumps(board.facts(), indent=2), kind="application/json")
            case "/metrics":
                self._metrics(board)
            case _:
                self._answer(404, "there is /healthz, /readyz, /status, /metrics and /hook")

    def _metrics(self, board: AgentStatus) -> None:
        try:
            self._answer(200, metrics_text(board).decode(), kind=CONTENT_TYPE)
        except ProjectError as error:
            self._answer(501, f"{error.what}: {error.hint}")

    def do_POST(self) -> None:
        door = self.server.door
        if self.path.partition("?")[0] != "/hook" or not door.secret:
            self._answer(404, "no such place" if door.secret else "no secret for hooks was given")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self._answer(411, "say how long it is")
        elif int(length) > hooks.MOST_BYTES:
            self._answer(413, "too long")
        else:
            self._hook(door, self.rfile.read(int(length)))

    def _hook(self, door: HookEndpoint, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        verdict = hooks.judge_hook(headers, body, door.secret)
        if verdict.wakes and not door.is_new(hooks.delivery_of(headers)):
            self._answer(200, "known already")
            return
        if verdict.wakes:
            door.wake()
        self._answer(verdict.status, verdict.text)

    def _answer(self, status: int, text: str, *, kind: str = "text/plain; charset=utf-8") -> None:
        """One answer per connection: nobody holds a thread."""
        body = text.encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Who asks for health every second would fill the log."""


@contextlib.contextmanager
def serving(address: tuple[str, int], door: HookEndpoint) -> Iterator[tuple[str, int]]:
    """Serve while the block runs; yields the address that was taken. Raises ProjectError when it is taken already."""
    try:
        server = _Server(address, door)
    except OSError as error:
        raise ProjectError(f"can't listen on {address[0]}:{address[1]}", why=error.strerror or str(error)) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    thread.start()
    try:
        host, port = server.server_address[:2]
        yield str(host), int(port)
    finally:
        server.shutdown()
        server.server_close()
