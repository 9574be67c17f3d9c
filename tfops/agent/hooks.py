"""Push events of GitHub, GitLab and Gitea: whether one is genuine, and whether it is about a push.

An event only makes the agent look at the remote, so it can carry nothing wrong into it; a replayed one at worst
causes one look.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

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
    event = headers.get("x-github-event") or headers.get("x-gitea-event") or headers.get("x-gitlab-event") or ""
    if event.lower() in ("push", "push hook", "create", "delete", "tag push hook"):
        return Verdict(202, "looking", wakes=True)
    return Verdict(200, "not a push: nothing to do")


def delivery_of(headers: Mapping[str, str]) -> str:
    """What names this delivery, empty when nothing does."""
    names = ("x-github-delivery", "x-gitea-delivery", "x-gitlab-event-uuid")
    return next((headers[name] for name in names if headers.get(name)), "")


def _is_genuine(headers: Mapping[str, str], body: bytes, secret: bytes) -> bool:
    digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
    signed = (headers.get("x-hub-signature-256", "").removeprefix("sha256="), headers.get("x-gitea-signature", ""))
    token = headers.get("x-gitlab-token", "").encode("utf-8", "surrogateescape")
    given = [text.encode("utf-8", "surrogateescape") for text in signed if text]
    matches = [hmac.compare_digest(text, digest.encode()) for text in given]
    if token:  # GitLab sends the secret itself
        matches.append(hmac.compare_digest(token, secret))
    return any(matches)
