"""The stand-in for AWS itself: no test may depend on a connection that happens to be closed."""

import contextlib
import http.client
from collections.abc import Iterator

import pytest

from tests.support.moto import Moto

_SIGNED = "AWS4-HMAC-SHA256 Credential=test/20261130/eu-west-1/{}/aws4_request, SignedHeaders=host, Signature=0"


@pytest.fixture
def connection(moto: Moto) -> Iterator[http.client.HTTPConnection]:
    with contextlib.closing(http.client.HTTPConnection(moto.address.removeprefix("http://"), timeout=10)) as opened:
        opened.connect()
        opened.auto_open = 0  # closed by the other end: the next request fails
        yield opened


def test_one_connection_serves_every_kind_of_request(moto: Moto, connection: http.client.HTTPConnection) -> None:
    moto.make_bucket("kept-open")
    s3 = {"Authorization": _SIGNED.format("s3")}
    sts = {"Authorization": _SIGNED.format("sts"), "Content-Type": "application/x-www-form-urlencoded"}
    for method, path, body, headers, code in (
        ("PUT", "/kept-open/key", b"x" * 300_000, s3, 200),
        ("PUT", "/no-such-bucket/key", b"x" * 300_000, s3, 404),
        ("HEAD", "/kept-open/key", None, s3, 200),
        ("GET", "/kept-open/key", None, s3, 200),
        ("DELETE", "/kept-open/key", None, s3, 204),
        ("POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", sts, 200),
        ("PUT", "/kept-open/key", iter([b"x", b"y"]), s3 | {"Transfer-Encoding": "chunked"}, 200),
        ("GET", "/kept-open/key", None, s3, 200),
    ):
        connection.request(method, path, body=body, headers=headers, encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (code, None), path
        last = answer.read()
    assert last == b"xy"


def test_a_body_is_asked_for_before_it_is_sent(moto: Moto, connection: http.client.HTTPConnection) -> None:
    """As Terraform's backend sends larger states."""
    moto.make_bucket("expected")
    for _ in range(2):
        connection.putrequest("PUT", "/expected/key")
        connection.putheader("Authorization", _SIGNED.format("s3"))
        connection.putheader("Expect", "100-continue")
        connection.putheader("Content-Length", "4")
        connection.endheaders()
        assert connection.sock.recv(4096).startswith(b"HTTP/1.1 100")
        connection.send(b"body")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
    assert moto.s3().get_object(Bucket="expected", Key="key")["Body"].read() == b"body"
