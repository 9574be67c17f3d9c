"""Push events of all forges: whether one is genuine, and whether it is about a push.

An event only makes the agent look at the remote, so it can carry nothing wrong into it; a replayed one at worst
causes one look.
"""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from tfops.dataclass import dataclass
from tfops.forge.known import FORGES

MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to an event: HTTP status and text; `wakes` when the agent should look now."""

    status: int
    text: str
    wakes: bool = False


def judge_hook(headers: Mapping[str, str], body: bytes, secret: bytes) -> Verdict:
    """`headers` with lower-case names. 401 without a good signature, whoever claims to have sent it."""
    if not _is_genuine(headers, body, secret):
        return Verdict(401, "no good signature")
    event = _first_of(headers, *(name for forge in FORGES for name in forge.hook.event))
    if event.lower() in ("push", "push hook", "create", "delete", "tag push hook"):
        return Verdict(202, "looking", wakes=True)
    return Verdict(200, "not a push: nothing to do")


def delivery_of(headers: Mapping[str, str]) -> str:
    """What names this delivery, empty when nothing does."""
    return _first_of(headers, *(name for forge in FORGES for name in forge.hook.delivery))


def _first_of(headers: Mapping[str, str], *names: str) -> str:
    return next((headers[name] for name in names if headers.get(name)), "")


def _is_genuine(headers: Mapping[str, str], body: bytes, secret: bytes) -> bool:
    names = (name for forge in FORGES for name in forge.hook.signature)
    signed = (headers.get(name, "").removeprefix("sha256=") for name in names)
    given = [text.encode("utf-8", "surrogateescape") for text in signed if text]
    digests = [hmac.new(secret, part, hashlib.sha256).hexdigest().encode() for part in _signed_parts(headers, body)]
    matches = [hmac.compare_digest(text, digest) for text in given for digest in digests]
    tokens = (headers.get(name, "") for forge in FORGES for name in forge.hook.token)
    matches += [hmac.compare_digest(token.encode("utf-8", "surrogateescape"), secret) for token in tokens if token]
    return any(matches)


def _signed_parts(headers: Mapping[str, str], body: bytes) -> list[bytes]:
    """What may be signed: the body, as GitHub does; of a form also the JSON in it, as Gitea, Forgejo and Gogs do."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return [body]
    fields = (field.partition(b"=") for field in body.split(b"&"))
    payloads = [value for name, _, value in fields if name == b"payload"]
    return [body, *(unquote_to_bytes(value.replace(b"+", b" ")) for value in payloads[:1])]
