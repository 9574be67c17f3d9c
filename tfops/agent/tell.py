"""Telling people and machines what happened: beside the loop, which never waits for a listener."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import field

from tfops.agent.messages import Allowance, Notice, concerns, message, signed
from tfops.contacts import TellRule
from tfops.dataclass import dataclass
from tfops.system import environ, http

_MOST_WAITING = 1000
_TRIES = 3
_PAUSE_S = 2.0
_TIMEOUT_S = 10.0


@dataclass(slots=True)
class Notifier:
    """Sends in a thread of its own. `complain` says what could not be told; an address is never shown."""

    complain: Callable[[str], None]
    rules: tuple[TellRule, ...] = ()
    _news: "queue.Queue[Notice | None]" = field(default_factory=lambda: queue.Queue(_MOST_WAITING))
    _allowances: dict[TellRule, Allowance] = field(default_factory=dict)
    _thread: threading.Thread | None = None

    def listen_to(self, rules: Sequence[TellRule]) -> None:
        """From now on these; what was left out for a rule that stays is still counted."""
        self.rules = tuple(rules)

    def tell(self, news: Notice) -> None:
        """Never blocks: when a thousand wait already, this one is lost, and that is said."""
        if not any(concerns(rule, news) for rule in self.rules):
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        try:
            self._news.put_nowait(news)
        except queue.Full:
            self.complain("too much to tell: some of it is lost")

    def close(self, *, timeout_s: float = 10.0) -> None:
        """Say what still waits, and end."""
        if self._thread is not None:
            self._news.put(None)
            self._thread.join(timeout_s)

    def _work(self) -> None:
        while (news := self._news.get()) is not None:
            for rule in self.rules:
                if concerns(rule, news):
                    self._send(rule, news)

    def _send(self, rule: TellRule, news: Notice) -> None:
        allowance = self._allowances.setdefault(rule, Allowance(rule.per_minute))
        allowed = allowance.pass_on(news, time.monotonic())
        url = environ.variable(rule.url_env)
        if allowed is None:
            return
        if not url:
            self.complain(f"{rule.url_env} is not set: {news.event} can't be told")
            return
        body, secret = message(rule, allowed), environ.variable(rule.secret_env) if rule.secret_env else ""
        headers = {"Content-Type": "application/json"} | (signed(body, secret.encode(), at=news.at) if secret else {})
        why = ""
        for number in range(_TRIES):
            time.sleep(_PAUSE_S * number)
            why = _post(url, body, headers)
            if not why:
                return
        self.complain(f"{rule.url_env} was not told of {news.event}: {why}")


def _post(url: str, body: bytes, headers: dict[str, str]) -> str:
    """Why it wasn't taken, empty when it was."""
    try:
        answer = http.post(url, body, headers, timeout_s=_TIMEOUT_S)
    except http.NoAnswer as error:
        return str(error)
    return "" if 200 <= answer.status < 300 else f"status {answer.status}"
