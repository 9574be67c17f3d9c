"""What is told, in the shape that the listener expects. Pure: bytes and headers."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict

from tfops.config.agent import PLACEHOLDER
from tfops.contacts import TellRule
from tfops.dataclass import dataclass

_SIGNS = {"applied": "✓", "failed": "✗", "blocked": "!", "drifted": "~", "remote": "!"}


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell. Texts come from answers of `tfops`, which are masked; `more` is how many were left out."""

    event: str
    project: str
    text: str
    at: str
    env: str = ""
    version: str = ""
    commit: str = ""
    branch: str = ""
    reason: str = ""
    more: int = 0


class About(TypedDict, total=False):
    """What some news are about."""

    env: str
    version: str
    commit: str
    branch: str
    reason: str


def concerns(rule: TellRule, news: Notice) -> bool:
    """Whether someone wants to hear it."""
    is_wanted = not rule.environments or not news.env or news.env in rule.environments
    return news.event in rule.events and is_wanted


def message(rule: TellRule, news: Notice) -> bytes:
    """The body: for machines all fields, for people one line."""
    if rule.to == "json":
        return json.dumps({"schema": 1, **_fields(news)}, ensure_ascii=False).encode()
    line = sentence(rule.template, news)
    return json.dumps(_slack(line) if rule.to == "slack" else _teams(line), ensure_ascii=False).encode()


def sentence(template: str, news: Notice) -> str:
    """By the template, else `✓ shop dev: is now v3 (1a2b3c4d)`."""
    more = f" (and {news.more} more)" if news.more else ""
    if template:
        fields = {name: str(value) for name, value in _fields(news).items()}
        return PLACEHOLDER.sub(lambda found: fields.get(found[1], ""), template) + more
    where = " ".join(filter(None, (news.project, news.env)))
    details = ", ".join(filter(None, (news.reason, news.commit[:8])))
    return f"{_SIGNS.get(news.event, '')} {where}: {news.text}" + (f" ({details})" if details else "") + more


def _fields(news: Notice) -> dict[str, Any]:
    return {name: getattr(news, name) for name in Notice.__slots__}


def _slack(line: str) -> Mapping[str, Any]:
    """https://api.slack.com/messaging/webhooks; `&<>` are its markup."""
    return {"text": line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}


def _teams(line: str) -> Mapping[str, Any]:
    """An adaptive card, as the workflow for incoming webhooks takes it."""
    body = [{"type": "TextBlock", "text": line, "wrap": True}]
    card = {"type": "AdaptiveCard", "version": "1.4", "body": body}
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def signed(body: bytes, secret: bytes, *, at: str) -> dict[str, str]:
    """Headers that prove who sent it, and when: HMAC-SHA256 over `<time>.<body>`."""
    digest = hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Tfops-Timestamp": at, "X-Tfops-Signature-256": f"sha256={digest}"}


@dataclass(slots=True)
class Allowance:
    """At most `per_minute` messages; what is above that is counted, and said with the next."""

    per_minute: int
    left: float = 0.0
    left_out: int = 0
    _since: float | None = None

    def pass_on(self, news: Notice, now: float) -> Notice | None:
        """The news with how many were left out before it; None when it is left out itself. `now` in seconds."""
        if self._since is None:
            self.left = float(self.per_minute)
        else:
            self.left = min(self.left + (now - self._since) * self.per_minute / 60, float(self.per_minute))
        self._since = now
        if self.left < 1:
            self.left_out += 1
            return None
        self.left, more, self.left_out = self.left - 1, self.left_out, 0
        return replace(news, more=more)
