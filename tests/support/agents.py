"""A `tfops agent` as a whole process, and what it says over HTTP."""

import contextlib
import hashlib
import hmac
import http.client
import json
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.sandbox import Sandbox, wait_until

SECRET = "a secret that only tests have"
_LISTENING = re.compile(r"listening http://127\.0\.0\.1:(?P<port>[0-9]+)")


@dataclass(slots=True)
class Agent:
    """`log` is its stderr."""

    process: "subprocess.Popen[bytes]"
    log: Path
    port: int = 0

    def said(self, words: str) -> int:
        return self.log.read_text().count(words)

    def find_port(self) -> bool:
        match = _LISTENING.search(self.log.read_text())
        self.port = int(match["port"]) if match else 0
        return match is not None or self.process.poll() is not None

    def get(self, path: str) -> tuple[int, str]:
        return self._ask("GET", path, b"", {})

    def status(self) -> Any:
        return json.loads(self.get("/status")[1])

    def reason(self, env: str) -> str:
        """Why the environment is as it is, empty before anything was decided."""
        return next((str(found["reason"]) for found in self.status()["environments"] if found["env"] == env), "")

    def hook(self, *, secret: str = SECRET, body: bytes = b"{}", headers: Mapping[str, str] | None = None) -> int:
        """A push event as GitHub sends it; returns the HTTP status."""
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        signed = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={digest}"}
        return self._ask("POST", "/hook", body, signed if headers is None else headers)[0]

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body if method == "POST" else None, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running_agent(clone: Sandbox, *args: str) -> Iterator[Agent]:
    """Started and listening; killed at the end if it still runs."""
    agent = start_agent(clone, *args)
    try:
        wait_until(agent.find_port, timeout_s=60)
        assert agent.port, agent.log.read_text()
        yield agent
    finally:
        agent.kill()


def start_agent(clone: Sandbox, *args: str) -> Agent:
    log = clone.home / f"{clone.path.name}.agent.log"
    with log.open("ab") as stderr:
        process = subprocess.Popen(
            clone.command("agent", "--listen", "127.0.0.1:0", *args),
            cwd=clone.path,
            env=clone.env | {"TFOPS_HOOK_SECRET": SECRET},
            stdin=subprocess.DEVNULL,
            stderr=stderr,
        )
    return Agent(process, log)
