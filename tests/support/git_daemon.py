"""A remote over the network: `git daemon` on loopback, which can go away and come back."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.ports import free_port, wait_for_port


@dataclass(slots=True)
class GitDaemon:
    """Serves the repositories of a folder, for pushing too."""

    folder: Path
    port: int = field(default_factory=free_port)
    _process: "subprocess.Popen[bytes] | None" = None

    def url(self, name: str) -> str:
        return f"git://127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        argv = ["git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack", "--listen=127.0.0.1"]
        argv += [f"--port={self.port}", f"--base-path={self.folder}", "--log-destination=none"]
        self._process = subprocess.Popen(argv, start_new_session=True, stderr=subprocess.DEVNULL)
        wait_for_port(self.port)

    def stop(self) -> None:
        """Gone in the middle of whatever it is doing."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def git_daemon(folder: Path) -> Iterator[GitDaemon]:
    daemon = GitDaemon(folder)
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()
