"""A real Gitea or Forgejo, where one is on PATH: on loopback, with SQLite, in a folder of its own."""

import contextlib
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.ports import free_port

_PASSWORD = "tfops-Test-1"
_CONFIG = """
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
RUN_MODE = prod
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
OFFLINE_MODE = true
DISABLE_SSH = true
[database]
DB_TYPE = sqlite3
PATH = {folder}/forge.db
[repository]
ROOT = {folder}/repositories
[security]
INSTALL_LOCK = true
[log]
MODE = file
ROOT_PATH = {folder}/log
"""


def real_program() -> str:
    """Its path, empty where there is none: no package index has it."""
    return shutil.which("forgejo") or shutil.which("gitea") or ""


@dataclass(frozen=True, slots=True)
class RealGitea:
    """Its address, its program, and the file that configures it."""

    url: str
    program: str
    config: Path

    def run(self, *arguments: str) -> str:
        command = [self.program, "--config", str(self.config), "--work-path", str(self.config.parent), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def add_user(self, login: str, *scopes: str, is_admin: bool = False) -> str:
        """A token of a new account."""
        account = ("--username", login, "--password", _PASSWORD, "--email", f"{login}@example.org")
        self.run("admin", "user", "create", *account, "--must-change-password=false", *["--admin"] * is_admin)
        return self.token(login, *scopes)

    def token(self, login: str, *scopes: str) -> str:
        named = ("--username", login, "--token-name", f"tfops-{time.monotonic_ns()}", "--raw")
        made = self.run("admin", "user", "generate-access-token", *named, "--scopes", ",".join(scopes) or "all")
        return made.strip().splitlines()[-1]

    def add_organization(self, name: str, *, owner: str, teams: Mapping[str, str]) -> None:
        """`teams` with one member each. Accounts may make none themselves: an administrator does."""
        boss = self.add_user("boss", is_admin=True)
        _made(ask(self.url, "POST", "/api/v1/orgs", token=boss, body={"username": name}))
        for team in teams:
            body = {"name": team, "permission": "read", "units": ["repo.code"]}
            _made(ask(self.url, "POST", f"/api/v1/orgs/{name}/teams", token=boss, body=body))
        known = {one["name"]: one["id"] for one in ask(self.url, "GET", f"/api/v1/orgs/{name}/teams", token=boss)[1]}
        for team, member in {"Owners": owner, **teams}.items():
            _made(ask(self.url, "PUT", f"/api/v1/teams/{known[team]}/members/{member}", token=boss))


def _made(answer: tuple[int, Any]) -> Any:
    assert answer[0] in (201, 204), answer
    return answer[1]


def ask(url: str, method: str, path: str, *, token: str = "", body: Any = None) -> tuple[int, Any]:
    """Status and answer in JSON, None for no body."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"token {token}"} if token else {})
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, content, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            text, status = response.read(), response.status
    except urllib.error.HTTPError as error:
        text, status = error.read(), error.code
    return status, json.loads(text) if text.strip() else None


@contextlib.contextmanager
def running(folder: Path) -> Iterator[RealGitea]:
    """It, answering; stopped at the end."""
    program, port = real_program(), free_port()
    config = folder / "app.ini"
    config.write_text(_CONFIG.format(port=port, folder=folder), encoding="utf-8")
    real = RealGitea(f"http://127.0.0.1:{port}", program, config)
    real.run("migrate")
    server = subprocess.Popen([program, "--config", str(config), "--work-path", str(folder), "web"])
    try:
        _wait_for(real.url)
        yield real
    finally:
        server.terminate()
        server.wait(timeout=60)


def _wait_for(url: str) -> None:
    end = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError):
            if ask(url, "GET", "/api/v1/version")[0] == 200:
                return
        assert time.monotonic() < end, "it doesn't answer"
        time.sleep(0.2)
