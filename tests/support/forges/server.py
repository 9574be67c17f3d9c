"""What the servers of all forges share: accounts with tokens, a merge request, and trouble that a test orders."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HEAD, OTHER, MERGED = "a" * 40, "b" * 40, "c" * 40
NUMBER = 12


@dataclass(frozen=True, slots=True)
class User:
    """An account and what its token may do; `scopes` in the forge's own words, `*` for all."""

    id: int
    login: str
    token: str
    can_push: bool = True
    scopes: frozenset[str] = frozenset({"*"})

    def may(self, *scopes: str) -> bool:
        return bool(self.scopes & {"*", *scopes})


@dataclass(frozen=True, slots=True)
class Answer:
    """`raw` is sent as it is, in HTML; else `content` in JSON. A content of NOTHING has no body."""

    status: int
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: str = ""


NOTHING = object()


@dataclass(slots=True)
class Trouble:
    """What happens to the next requests that fit, instead of the answer, or after it was done (`late`)."""

    answer: Answer = field(default_factory=lambda: Answer(502, raw="<html>Bad Gateway</html>"))
    method: str = ""
    path: str = ""
    times: int = 1
    late: bool = False
    hangs_s: float = 0.0

    def fits(self, request: "Request") -> bool:
        return self.times > 0 and self.method in ("", request.method) and re.search(self.path, request.path) is not None


@dataclass(frozen=True, slots=True)
class Request:
    """One request, with its query and its body in JSON."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]


@dataclass(slots=True)
class LocalForge:
    """A forge with one repository and a merge request, number 12. Subclasses say how its API answers.

    Comments are `{id, user, body}`, statuses `{id, sha, state, description, context, target_url, creator}`, reviews
    `{id, user, verdict, commit, at, dismissed}`, each dialect writes them in its own way. The merge request has `head`,
    and was merged as `merged`. `opened` are those that were opened since: `{branch, base, title, text}`. `teams` are
    the logins in each, by its whole name: `ops/team`. `answers` are those that no trouble took the place of.
    """

    url: str = ""
    head: str = HEAD
    merged: str = MERGED
    users: dict[str, User] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    teams: dict[str, set[str]] = field(default_factory=dict)
    pull: dict[str, Any] = field(default_factory=dict)
    opened: list[dict[str, str]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    answers: list[tuple[Request, Answer]] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    last_id: int = 100

    def answer(self, request: Request, user: User | None) -> Answer:
        raise NotImplementedError

    def user_of(self, headers: Mapping[str, str]) -> User | None:
        raise NotImplementedError

    def add_user(self, login: str, *, can_push: bool = True, scopes: frozenset[str] = frozenset({"*"})) -> User:
        user = User(len(self.users) + 1, login, f"secret-{login}", can_push, scopes)
        self.users[user.token] = user
        return user

    def named(self, login: str) -> User | None:
        return next((user for user in self.users.values() if user.login == login), None)

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def comment(self, user: User, body: str) -> dict[str, Any]:
        """A comment that somebody wrote."""
        with self.lock:
            made = {"id": self.new_id(), "user": user, "body": body}
            self.comments.append(made)
            return made

    def review(self, user: User, verdict: str, commit: str = HEAD, *, at: str = "", dismissed: bool = False) -> None:
        number = len(self.reviews)
        when = at or f"2026-11-30T10:{number:02}:00Z"
        made = {"user": user, "verdict": verdict, "commit": commit, "at": when, "dismissed": dismissed}
        self.reviews.append({"id": self.new_id(), **made})

    def open(self, branch: str, base: str, title: str, text: str) -> int | None:
        """The number of a merge request that is opened now; None where there is an open one between the branches."""
        if any((one["branch"], one["base"]) == (branch, base) for one in self.opened):
            return None
        self.opened.append({"branch": branch, "base": base, "title": title, "text": text})
        return NUMBER + len(self.opened)

    def count(self, method: str, path: str = "") -> int:
        return sum(one.method == method and re.search(path, one.path) is not None for one in self.requests)

    def handle(self, request: Request) -> Answer:
        with self.lock:
            self.requests.append(request)
            trouble = next((one for one in self.troubles if one.fits(request)), None)
            if trouble is None:
                answer = self.answer(request, self.user_of(request.headers))
                self.answers.append((request, answer))
                return answer
            trouble.times -= 1
            if trouble.late:
                self.answer(request, self.user_of(request.headers))
        time.sleep(trouble.hangs_s)
        return trouble.answer


def _handler(forge: LocalForge) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # head and body in one packet: else each answer waits 40 ms for an acknowledgement

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _all(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            split = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = json.loads(text) if text else None
            request = Request(self.command, split.path, dict(parse_qsl(split.query)), body, headers)
            self._send(forge.handle(request))

        def __getattr__(self, name: str) -> Callable[[], None]:
            """`do_GET` and the others."""
            if not name.startswith("do_"):
                raise AttributeError(name)
            return self._all

        def _send(self, answer: Answer) -> None:
            body = answer.raw.encode() or (b"" if answer.content is NOTHING else json.dumps(answer.content).encode())
            with contextlib.suppress(ConnectionError):
                self.send_response(answer.status)
                self.send_header("Content-Type", "text/html" if answer.raw else "application/json")
                self.send_header("Content-Length", str(len(body)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextlib.contextmanager
def served(forge: LocalForge) -> Iterator[None]:
    """Serve it on loopback; `url` is its address."""
    http = _Server(("127.0.0.1", 0), _handler(forge))
    forge.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=lambda: http.serve_forever(poll_interval=0.05), daemon=True)
    thread.start()
    try:
        yield
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def page_of(found: list[Any], request: Request, *, size: str, default: int, most: int) -> tuple[list[Any], int, int]:
    """The page that was asked for, its number, and the number of the last one. A larger size is cut silently."""
    per_page = min(int(request.query.get(size) or default), most)
    page = int(request.query.get("page") or 1)
    return found[(page - 1) * per_page : page * per_page], page, -(-len(found) // per_page) or 1
