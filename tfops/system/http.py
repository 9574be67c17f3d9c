"""The one door to HTTP: a bounded question to an address, without following it away from HTTP."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import field

from tfops.dataclass import dataclass

_MOST_BYTES = 1_000_000
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address answered; a longer body is cut. Names of headers are in lower case."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What an address is asked."""

    method: str
    url: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class NoAnswer(Exception):
    """There was no answer that could be read; the text says why, without the address."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect as the answer."""

    def redirect_request(self, *_: object) -> None:
        return None


def _opener(*, follow: bool) -> urllib.request.OpenerDirector:
    """Only HTTP and HTTPS: no handler for files or FTP, so no redirect can lead there."""
    opener = urllib.request.OpenerDirector()
    redirects = urllib.request.HTTPRedirectHandler() if follow else _NoRedirect()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        redirects,
    ):
        opener.add_handler(handler)
    return opener


def get(url: str, *, timeout_s: float, follow: bool = True) -> Answer:
    """The answer to a GET within `timeout_s`, whatever its status. Raises NoAnswer."""
    return _ask(Question("GET", url), timeout_s=timeout_s, follow=follow, most_bytes=_MOST_BYTES)


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Answer:
    """The answer to a POST within `timeout_s`, whatever its status; a redirect is the answer. Raises NoAnswer."""
    return ask(Question("POST", url, body, headers), timeout_s=timeout_s)


def ask(question: Question, *, timeout_s: float, most_bytes: int = _MOST_BYTES) -> Answer:
    """The same for any method; a redirect is the answer."""
    return _ask(question, timeout_s=timeout_s, follow=False, most_bytes=most_bytes)


def _ask(question: Question, *, timeout_s: float, follow: bool, most_bytes: int) -> Answer:
    url = question.url
    if not url.startswith(("https://", "http://")):
        raise NoAnswer("the address does not begin with https:// or http://")
    end = time.monotonic() + timeout_s
    try:
        fields = {"User-Agent": "tfops", **question.headers}
        request = urllib.request.Request(url, question.body, fields, method=question.method)  # noqa: S310 - the scheme was checked
        try:
            response = _opener(follow=follow).open(request, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            names = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, _read(response, end, most_bytes), names)
    except urllib.error.URLError as error:
        raise NoAnswer(f"no answer: {error.reason}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NoAnswer(f"no answer: {str(error) or type(error).__name__}") from error


def _read(response: http.client.HTTPResponse | urllib.error.HTTPError, end: float, most_bytes: int) -> str:
    """The body, up to a size and a time: a server may send one byte a second for ever."""
    body = bytearray()
    while len(body) < most_bytes and (chunk := response.read1(_CHUNK)):
        body += chunk
        if time.monotonic() > end:
            raise NoAnswer("the answer did not end in time")
    return body[:most_bytes].decode("utf-8", "replace")
