"""A remote over HTTP: Git's own `http-backend` behind a small server that can say no, as forges do."""

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(slots=True)
class HttpRemote:
    """Serves the repositories of a folder. `no` is the answer to reads and pushes, or to pushes alone; 0: none."""

    folder: Path
    port: int = 0
    no: int = 0
    says: str = ""
    is_about_pushes: bool = True
    asked: list[str] = field(default_factory=list)

    def url(self, name: str, login: str = "") -> str:
        return f"http://{login + '@' if login else ''}127.0.0.1:{self.port}/{name}"

    def refuses(self, status: int, says: str = "", *, pushes_only: bool = True) -> None:
        self.no, self.says, self.is_about_pushes = status, says, pushes_only


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    remote: HttpRemote

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            self._answer(b"".join(iter(self._chunk, b"")))
        else:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline(), 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def _answer(self, body: bytes) -> None:
        remote = self.server.remote
        remote.asked.append(self.path)
        if remote.no and ("receive-pack" in self.path or not remote.is_about_pushes):
            headers = {"WWW-Authenticate": 'Basic realm="forge"'} if remote.no == 401 else {}
            self._send(remote.no, headers | {"Content-Type": "text/plain"}, f"{remote.says}\n".encode())
            return
        head, _, content = self._backend(body).partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self._send(int(headers.pop("Status", "200").split()[0]), headers, content)

    def _backend(self, body: bytes) -> bytes:
        path, _, query = self.path.partition("?")
        env = os.environ | {
            "GIT_PROJECT_ROOT": str(self.server.remote.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "REMOTE_USER": "ann",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        return subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=True).stdout

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """The test's output is enough."""


@contextlib.contextmanager
def serve_git_http(folder: Path) -> Iterator[HttpRemote]:
    remote = HttpRemote(folder)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.remote, remote.port = remote, int(server.server_address[1])
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield remote
        finally:
            server.shutdown()
