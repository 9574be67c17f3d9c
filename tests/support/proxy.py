"""A real HTTP proxy that goes wrong on purpose, between AWS' clients and moto's server."""

import contextlib
import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_S3_ERRORS = {
    "500": (500, "InternalError", "We encountered an internal error."),
    "503": (503, "SlowDown", "Please reduce your request rate."),
    "expired": (400, "ExpiredToken", "The provided token has expired."),
    "forbidden": (403, "AccessDenied", "Access Denied"),
    "moved": (301, "PermanentRedirect", "The bucket you are attempting to access must be addressed elsewhere."),
}
_JSON_ERRORS = {
    "throttled": b'{"__type": "ThrottlingException", "message": "Rate exceeded"}',
    "denied": b'{"__type": "AccessDeniedException", "message": "is not authorized to perform this action"}',
}
_HOP = {"connection", "transfer-encoding", "keep-alive"}


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` requests that fit.

    `how`: `500`, `503`, `expired`, `forbidden`, `moved` (in S3's words);
    `cut` (before it reaches the server), `lost` (it is done, the answer is cut);
    `throttled` and `denied` (in the words of AWS' JSON protocols, where `said` is part of the request's body);
    `hang` (the server is asked after a pause); `unconditional` (If-None-Match is dropped).
    """

    how: str
    method: str
    fragment: str
    times: int = 1_000_000
    skip: int = 0
    seconds: float = 0.0
    said: str = ""
    hits: int = 0

    def takes(self, method: str, path: str, body: bytes) -> bool:
        if method != self.method or self.fragment not in path or self.said.encode() not in body:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.hits >= self.times:
            return False
        self.hits += 1
        return True


@dataclass(slots=True)
class Proxy:
    """Where it listens, and the faults that it makes; change them while it runs."""

    address: str
    faults: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault_of(self, method: str, path: str, body: bytes) -> Fault | None:
        with self.lock:
            return next((fault for fault in self.faults if fault.takes(method, path, body)), None)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: Proxy
    target: str


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        body = self._body()
        fault = self.server.proxy.fault_of(self.command, self.path, body)
        how = fault.how if fault else ""
        if how == "cut":
            self._hang_up()
        elif how in _JSON_ERRORS:
            self._answer(400, {"Content-Type": "application/x-amz-json-1.1"}, _JSON_ERRORS[how])
        elif how in _S3_ERRORS:
            status, code, message = _S3_ERRORS[how]
            self._answer(status, {}, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode())
        else:
            time.sleep(fault.seconds if fault else 0)
            status, headers, content = self._ask_server(body, drop="if-none-match" if how == "unconditional" else "")
            if how == "lost":
                self._hang_up()
            else:
                self._answer(status, headers, content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 - the names that http.server looks for

    def _body(self) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _ask_server(self, body: bytes, *, drop: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.server.target, timeout=60)
        kept = {key: value for key, value in self.headers.items() if key.lower() not in _HOP | {drop, "expect"}}
        connection.request(self.command, self.path, body=body, headers=kept | {"Content-Length": str(len(body))})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for key, value in headers.items():
            if key.lower() not in _HOP and (key.lower() != "content-length" or self.command == "HEAD"):
                self.send_header(key, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextlib.contextmanager
def serve_proxy(target: str) -> Iterator[Proxy]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
    server.target = urlsplit(target).netloc
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        server.server_close()
