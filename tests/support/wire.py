"""A Git server behind a wire that can stop carrying: connections stand, and nothing comes any more."""

import contextlib
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.support.ports import free_port, wait_for_port


class Wire(socketserver.ThreadingTCPServer):
    """Carries bytes between its own port and a server's; not while it is `cut`."""

    daemon_threads = True

    def __init__(self, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.target, self.carries = target, threading.Event()
        self.carries.set()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        self.carries.clear()
        try:
            yield
        finally:
            self.carries.set()


class _Connection(socketserver.BaseRequestHandler):
    server: Wire
    request: socket.socket

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.target)) as far:
            back = threading.Thread(target=self._carry, args=(far, self.request))
            back.start()
            self._carry(self.request, far)
            back.join()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):  # who waited too long is gone
            while data := source.recv(65536):
                self.server.carries.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def serve_git(folder: Path) -> Iterator[Wire]:
    """`git daemon` for the repositories in `folder`, for the `with` block; to be reached over the wire."""
    home = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
    port = free_port()
    argv = [f"{home}/git-daemon", "--listen=127.0.0.1", f"--port={port}", f"--base-path={folder}"]
    server = subprocess.Popen([*argv, "--export-all", "--enable=receive-pack"], stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        with Wire(port) as wire:
            threading.Thread(target=wire.serve_forever, daemon=True).start()
            try:
                yield wire
            finally:
                wire.shutdown()
    finally:
        server.kill()
        server.wait()
