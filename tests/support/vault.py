"""A small real server that speaks Vault's key-value protocol, both versions.

Protocol: https://developer.hashicorp.com/vault/api-docs/secret/kv
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "s.test"


@dataclass(slots=True)
class Vault:
    """`secrets` by path (`secret/shop`, `old/shop`); the mount `secret` has version 2, `old` version 1."""

    address: str = ""
    secrets: dict[str, Any] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    throttled: int = 0  # that many answers are 429
    asked: list[str] = field(default_factory=list)

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
        if path.startswith("sys/internal/ui/mounts/"):
            mount = path.removeprefix("sys/internal/ui/mounts/").split("/")[0]
            version = {"secret": "2", "old": "1"}[mount]
            return 200, {"data": {"path": f"{mount}/", "type": "kv", "options": {"version": version}}}
        return self._read(path.replace("secret/data/", "secret/", 1), is_second=path.startswith("secret/data/"))

    def _read(self, name: str, *, is_second: bool) -> tuple[int, Any]:
        if name in self.denied:
            return 403, {"errors": ["1 error occurred: permission denied"]}
        if name not in self.secrets:
            return 404, {"errors": []}
        found = self.secrets[name]
        return 200, {"data": {"data": found, "metadata": {"version": 1}} if is_second else found}


def _handler(vault: Vault) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            code, content = vault.answer(self.path.removeprefix("/v1/"), self.headers.get("X-Vault-Token", ""))
            body = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


@contextlib.contextmanager
def serve_vault() -> Iterator[Vault]:
    vault = Vault()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(vault))
    vault.address = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield vault
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
