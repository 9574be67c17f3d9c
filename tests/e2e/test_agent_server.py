"""The agent's own server, without an agent around it: who is slow keeps nobody else from being answered."""

import contextlib
import socket
import urllib.request
from collections.abc import Iterator

import pytest

from tfops.agent import connections, serve
from tfops.agent.agent_status import AgentStatus
from tfops.agent.serve import HookEndpoint, serving

_SLOW = (b"", b"GET", b"GET /healthz HTTP/1.1\r\n", b"POST /hook HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """Of a server that is patient for longer than any test: whoever is answered didn't wait for a slow one's end."""
    monkeypatch.setattr(serve, "_PATIENCE_S", 600)
    monkeypatch.setattr(connections, "_MOST", 100)
    board = AgentStatus(silence_s=600)
    with serving(("127.0.0.1", 0), HookEndpoint(board, lambda: None, b"0123456789abcdef")) as taken:
        yield taken


def _status(address: tuple[str, int], path: str) -> int:
    with contextlib.closing(urllib.request.urlopen(f"http://{address[0]}:{address[1]}{path}", timeout=120)) as answer:
        return int(answer.status)


@pytest.mark.parametrize("begun", _SLOW, ids=["nothing", "a word", "half a head", "half a body"])
def test_health_is_told_while_slow_connections_stand(address: tuple[str, int], begun: bytes) -> None:
    with contextlib.ExitStack() as slow:
        for _ in range(60):
            slow.enter_context(socket.create_connection(address)).sendall(begun)
        assert _status(address, "/healthz") == 200
        if begun != _SLOW[-1]:
            assert _status(address, "/status") == 200
        for _ in range(150):  # more than there is room for: the oldest make room
            slow.enter_context(socket.create_connection(address))
        assert _status(address, "/healthz") == 200


def test_a_request_may_come_in_pieces_and_an_endless_head_ends(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as client:
        for part in (b"GET /hea", b"lthz HTT", b"P/1.1\r\nHost: x\r\n", b"\r\n"):
            client.sendall(part)
        assert client.recv(15) == b"HTTP/1.0 200 OK"
    with socket.create_connection(address) as client, contextlib.suppress(OSError):
        client.sendall(b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 20000)
        assert b" 431 " in client.recv(100)
