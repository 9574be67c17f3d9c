"""A small real server for Terraform's `http` backend: state with locking, for tests that share state.

Protocol: https://developer.hashicorp.com/terraform/language/backend/http
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class StateServer:
    """States by path, each with at most one lock."""

    def __init__(self) -> None:
        self.states: dict[str, bytes] = {}
        self.locks: dict[str, bytes] = {}
        self.frozen: dict[str, bytes] = {}  # what a path holds whatever is written to it
        self.refuses = False  # whether states are not taken, for now
        self.unready = 0  # so many times a state isn't given to who holds its lock
        self.guard = threading.Lock()
        self.address = ""

    def take(self, key: str, body: bytes) -> None:
        """Keep a state that was written, unless nothing is taken for now."""
        if not self.refuses:
            self.states[key] = self.frozen.get(key, body)

    def backend(self) -> str:
        """The lines of tfops.yaml that use this server."""
        place = f"{self.address}/{{env}}/{{stack}}"
        return (
            f'backend:\n  http: {{address: "{place}", lock_address: "{place}", unlock_address: "{place}", '
            "lock_method: LOCK, unlock_method: UNLOCK, retry_max: 0}\n"
        )


def _handler(server: StateServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _answer(self, code: int, body: bytes = b"") -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @property
        def _key(self) -> str:
            return self.path.partition("?")[0]

        def do_GET(self) -> None:
            with server.guard:
                state = server.states.get(self._key)
                is_unready = server.unready > 0 and self._key in server.locks
                server.unready -= is_unready
            self._answer(503 if is_unready else 200 if state else 204, state or b"")

        def do_POST(self) -> None:
            body = self._body()
            with server.guard:
                server.take(self._key, body)
            self._answer(400 if server.refuses else 200)

        def do_LOCK(self) -> None:
            body = self._body()
            with server.guard:
                held = server.locks.setdefault(self._key, body)
            self._answer(200 if held is body else 423, held)

        def do_UNLOCK(self) -> None:
            body = self._body()
            with server.guard:
                held = server.locks.get(self._key)
                if held and (not body or json.loads(held)["ID"] == json.loads(body)["ID"]):
                    del server.locks[self._key]
            self._answer(200)

    return Handler


@contextlib.contextmanager
def serve_states() -> Iterator[StateServer]:
    """A server on a free loopback port for the `with` block."""
    state = StateServer()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    state.address = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
