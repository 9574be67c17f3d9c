"""A small real server that speaks Vault's key-value protocol, both versions, with or without TLS.

Protocol: https://developer.hashicorp.com/vault/api-docs/secret/kv. What OpenBao 2.4 answers to a deleted version and to
an unknown mount was measured.
"""

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "s.test"
_MOUNTS = "sys/internal/ui/mounts/"


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer's text as it is, for what Python's JSON would write in another way."""

    text: str
    code: int = 200


@dataclass(slots=True)
class Vault:
    """`secrets` by path (`secret/shop`, `old/shop`); None is a deleted version. `mounts` are path to type and version.

    `logins` are the bodies that a login takes, by path (`auth/jwt/login`).
    """

    address: str = ""
    secrets: dict[str, Any] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    throttled: int = 0  # that many answers are 429
    asked: list[str] = field(default_factory=list)
    logins: dict[str, Any] = field(default_factory=dict)
    mounts: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {
            "secret": ("kv", "2"),
            "old": ("kv", "1"),
            "database": ("database", ""),
            "auth/token": ("token", ""),
            "cubbyhole": ("cubbyhole", ""),
            "sys": ("system", ""),
        }
    )

    @property
    def env(self) -> dict[str, str]:
        return {"VAULT_ADDR": self.address, "VAULT_TOKEN": TOKEN}

    def answer(self, path: str, token: str) -> tuple[int, Any]:
        self.asked.append(path)
        if self.throttled > 0:
            self.throttled -= 1
            return 429, {"errors": ["request rate limit exceeded"]}
        if token != TOKEN:
            return 403, {"errors": ["permission denied"]}
        mount = next((name for name in self.mounts if f"{path.removeprefix(_MOUNTS)}/".startswith(f"{name}/")), "")
        if path.startswith(_MOUNTS):
            if not mount:
                return 403, {"errors": ["preflight capability check returned 403"]}
            kind, version = self.mounts[mount]
            options = {"version": version} if version else None
            return 200, {"data": {"path": f"{mount}/", "type": kind, "options": options}}
        is_second = self.mounts.get(mount) == ("kv", "2")
        if is_second and not path.startswith(f"{mount}/data/"):
            return 404, {"errors": []}
        return self._read(path.replace("/data/", "/", 1) if is_second else path, is_second=is_second)

    def _read(self, name: str, *, is_second: bool) -> tuple[int, Any]:
        if name in self.denied:
            return 403, {"errors": ["1 error occurred: permission denied"]}
        if name not in self.secrets:
            return 404, {"errors": []}
        found = self.secrets[name]
        if isinstance(found, Raw):
            return found.code, found
        if found is None:
            metadata = {"deletion_time": "2026-11-30T08:00:00Z", "destroyed": False, "version": 1}
            return 404, {"data": {"data": None, "metadata": metadata}}
        return 200, {"data": {"data": found, "metadata": {"version": 1}} if is_second else found}

    def login(self, path: str, body: Any) -> tuple[int, Any]:
        self.asked.append(path)
        if self.logins.get(path) != body:
            return 400, {"errors": ["invalid role or secret ID"]}
        return 200, {"auth": {"client_token": TOKEN}}


def _handler(vault: Vault) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self._send(*vault.answer(self.path.removeprefix("/v1/"), self.headers.get("X-Vault-Token", "")))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(*vault.login(self.path.removeprefix("/v1/"), body))

        def _send(self, code: int, content: Any) -> None:
            body = (content.text if isinstance(content, Raw) else json.dumps(content)).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


class _Server(ThreadingHTTPServer):
    """A client that turns away in the middle of a handshake is what the tests are about."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextlib.contextmanager
def serve_vault(tls: ssl.SSLContext | None = None) -> Iterator[Vault]:
    vault = Vault()
    http = _Server(("127.0.0.1", 0), _handler(vault))
    if tls is not None:
        http.socket = tls.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    vault.address = f"{'https' if tls else 'http'}://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield vault
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
