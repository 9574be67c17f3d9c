"""Gitea and Forgejo as a Forgejo of June 2025 (API of Gitea 1.22) answered when it was measured.

What is said in comments here was seen there, and `tests/forge/test_gitea_contract.py` asks a real one the same.
"""

import fnmatch
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.forges.server import NOTHING, NUMBER, Answer, LocalForge, Request, User, page_of

_REPOSITORY = "/api/v1/repos/ops/live"
_STATES = {"approved": "APPROVED", "rejected": "REQUEST_CHANGES", "commented": "COMMENT", "pending": "PENDING"}


def _refused(*scopes: str) -> Answer:
    text = f"token does not have at least one of required scope(s): [{' '.join(scopes)}]"
    return Answer(403, {"message": text, "url": "http://forge/api/swagger"})


def silent(text: str) -> str:
    """A comment without what neither notifies nor refers: code spans, fences, HTML comments."""
    for pattern in (r"<!--.*?-->", r"(?ms)^(`{3,}|~{3,}).*?^\1`*$", r"(`+)(?!`).+?(?<!`)\1(?!`)"):
        text = re.sub(pattern, "", text, flags=re.DOTALL)
    return text


def notified(text: str) -> set[str]:
    """Whom a new comment notifies: also in <code> and <details>; no team, and nobody behind a zero-width character."""
    return set(re.findall(r"(?<![\w\\/;])@([A-Za-z][\w-]*)(?![\w/-])", silent(text)))


def closed(text: str) -> set[int]:
    """The issues that the merge closes because a comment says so."""
    words = r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):? #(\d+)"
    return {int(number) for number in re.findall(words, silent(text))}


def referred(text: str) -> set[str]:
    """The other issues and merge requests in which a comment leaves a reference."""
    return set(
        re.findall(r"(?<![\w\\&#!/])(?:[\w-]+/[\w-]+)?[#!]\d+\b|https?://\S+/(?:issues|pulls)/\d+", silent(text))
    )


_ABSENT = Answer(404, {"message": "The target couldn't be found.", "url": "http://forge/api/swagger", "errors": []})


@dataclass(slots=True)
class GiteaServer(LocalForge):
    """One repository, `ops/live`; the base is protected as `required_statuses` and `required_approvals` say."""

    archived: bool = False
    required_statuses: tuple[str, ...] = ()
    required_approvals: int = 0
    closed_issues: set[int] = field(default_factory=set)
    owners: set[str] = field(default_factory=lambda: {"ops", "tfops-bot"})

    def user_of(self, headers: Mapping[str, str]) -> User | None:
        """`token` and `Bearer` both work."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        return self.users.get(token) if kind.lower() in ("token", "bearer") else None

    def answer(self, request: Request, user: User | None) -> Answer:
        if user is None:
            return Answer(401, {"message": "user does not exist [uid: 0, name: ]", "url": "http://forge/api/swagger"})
        if re.match(r"/api/v1/(user|orgs/.*|teams/.*)$", request.path):
            return self._people(request, user)
        for method, pattern, needs, act in self._routes():
            found = re.fullmatch(_REPOSITORY + pattern, request.path)
            if found and method == request.method:
                if not user.may(*needs):
                    return _refused(needs[0])
                if self.archived and method != "GET" and "statuses" not in pattern:
                    return Answer(423, {"message": "repo is archived"})
                return act(request, user, found[1])
        return _ABSENT

    def _routes(self) -> list[tuple[str, str, tuple[str, ...], Callable[[Request, User, str], Answer]]]:
        read, write = ("read:repository", "write:repository"), ("write:repository",)
        return [
            ("GET", r"/issues/(\d+)/comments", ("read:issue", "write:issue"), self._list_comments),
            ("POST", r"/issues/(\d+)/comments", ("write:issue",), self._add_comment),
            ("PATCH", r"/issues/comments/(\d+)", ("write:issue",), self._edit_comment),
            ("DELETE", r"/issues/comments/(\d+)", ("write:issue",), self._delete_comment),
            ("GET", r"/statuses/(\w+)", read, self._list_statuses),
            ("POST", r"/statuses/(\w+)", write, self._set_status),
            ("GET", r"/commits/(\w+)/status", read, self._combined),
            ("GET", r"/pulls/(\d+)/reviews", read, self._list_reviews),
            ("POST", r"/pulls/(\d+)/reviews", write, self._add_review),
            ("POST", r"/pulls/(\d+)/merge", write, self._merge),
            ("GET", r"/pulls/(\d+)", read, self._get_pull),
            ("GET", r"/(pulls)", read, self._list_open),
            ("POST", r"/(pulls)", write, self._open),
            ("GET", r"/commits/(\w+)/pull", read, self._merged_as),
        ]

    def _list_comments(self, request: Request, user: User, number: str) -> Answer:
        """All of them: `page` and `limit` are ignored."""
        return Answer(200, [_comment(one) for one in self.comments]) if int(number) == NUMBER else _ABSENT

    def _add_comment(self, request: Request, user: User, number: str) -> Answer:
        """Any length; empty is refused, blanks aren't. Nothing keeps two with the same marker apart."""
        if int(number) != NUMBER:
            return _ABSENT
        if not (request.body or {}).get("body"):
            return Answer(422, {"message": "[Body]: Required", "url": "http://forge/api/swagger"})
        return Answer(201, _comment(self.comment(user, request.body["body"])))

    def _edit_comment(self, request: Request, user: User, number: str) -> Answer:
        """Whoever may write may edit anybody's; a reader gets 403 without a body."""
        found = self._find(number)
        if found is None:
            return _ABSENT
        if not user.can_push and found["user"] is not user:
            return Answer(403, NOTHING)
        found["body"] = request.body["body"]
        return Answer(200, _comment(found))

    def _delete_comment(self, request: Request, user: User, number: str) -> Answer:
        found = self._find(number)
        if found is None:
            return _ABSENT
        if not user.can_push and found["user"] is not user:
            return Answer(403, NOTHING)
        self.comments.remove(found)
        return Answer(204, NOTHING)

    def _find(self, number: str) -> dict[str, Any] | None:
        return next((one for one in self.comments if one["id"] == int(number)), None)

    def _set_status(self, request: Request, user: User, sha: str) -> Answer:
        """Any text is a state, any length a description; the same context twice makes two rows."""
        if not user.can_push:
            return Answer(403, {"message": "user should have a permission to write to a repo"})
        if not re.fullmatch(r"[0-9a-f]{4,40}", sha):
            return _ABSENT
        full = next((known for known in (self.head, self.merged) if known.startswith(sha)), None)
        if full is None:
            return Answer(500, {"message": "", "url": "http://forge/api/swagger"})
        row = {"id": self.new_id(), "sha": full, "creator": user, "context": "default", "description": ""}
        row |= {"target_url": "", "state": ""} | request.body
        self.statuses.append(row)
        return Answer(201, _status(row))

    def _list_statuses(self, request: Request, user: User, sha: str) -> Answer:
        """Without `page` all of them; else 30, at most 50. `null` when there are none."""
        found = [_status(one) for one in reversed(self.statuses) if one["sha"].startswith(sha)]
        return Answer(200, _paged(found, request) or None)

    def _combined(self, request: Request, user: User, sha: str) -> Answer:
        """The state of the page: the worst of it, an error reported as failure; nothing when the page is empty."""
        newest = {one["context"]: one for one in self.statuses if one["sha"].startswith(sha)}
        rows = sorted(newest.values(), key=lambda one: -int(one["id"]))
        page, _, _ = page_of(rows, request, size="limit", default=30, most=50)
        states = [("failure" if one["state"] == "error" else one["state"]) for one in page]
        worst = next((state for state in ("failure", "warning", "pending", "success") if state in states), "")
        return Answer(200, {"state": worst, "total_count": len(page), "statuses": [_status(one) for one in page]})

    def _list_reviews(self, request: Request, user: User, number: str) -> Answer:
        return Answer(200, _paged([_review(one) for one in self.reviews], request))

    def _add_review(self, request: Request, user: User, number: str) -> Answer:
        """No verdict of the author, and none on what was merged; an unknown event is taken and stays pending; any
        commit may be named. Who approves again dismisses his own approvals before."""
        if self.pull.get("merged"):
            message = "can't submit review for a closed or merged PR"
            return Answer(422, {"message": message, "url": "http://forge/api/swagger"})
        event = request.body.get("event", "")
        verdict = next((verdict for verdict, state in _STATES.items() if state == event), "pending")
        if verdict in ("approved", "rejected") and user.id == self._pull()["user"]["id"]:
            return Answer(
                422, {"message": f"{verdict} your own pull is not allowed", "url": "http://forge/api/swagger"}
            )
        for one in self.reviews:
            if verdict == "approved" and (one["user"], one["verdict"]) == (user, "approved"):
                one["dismissed"] = True
        self.review(user, verdict, request.body.get("commit_id") or self.head)
        return Answer(200, _review(self.reviews[-1]))

    def _merge(self, request: Request, user: User, number: str) -> Answer:
        """409 for another head; 405 for a protection, a conflict, and what isn't allowed: told apart by words only."""
        if request.body.get("head_commit_id", self.head) != self.head:
            return Answer(409, {"message": "head out of date"})
        why = self._not_mergeable()
        if why:
            return Answer(405, {"message": why})
        self.pull |= {"merged": True}
        self.closed_issues |= {number for one in self.comments for number in closed(one["body"])}
        return Answer(200, NOTHING)

    def _not_mergeable(self) -> str:
        """A pattern of a required status is met by one status that fits, whatever the others are."""
        if not self._pull().get("mergeable", True):
            return "Please try again later"
        newest = {one["context"]: one["state"] for one in self.statuses if one["sha"] == self.head}
        for pattern in self.required_statuses:
            if not any(fnmatch.fnmatch(name, pattern) and state == "success" for name, state in newest.items()):
                return "Not all required status checks successful"
        last = {one["user"].id: one for one in self.reviews if one["verdict"] in ("approved", "rejected")}
        if any(one["verdict"] == "rejected" and one["user"].can_push for one in last.values()):
            return "There are requested changes"
        given = [one for one in last.values() if one["user"].can_push and not one["dismissed"]]
        return "" if len(given) >= self.required_approvals else "Does not have enough approvals"

    def _get_pull(self, request: Request, user: User, number: str) -> Answer:
        return Answer(200, self._pull()) if int(number) == NUMBER else _ABSENT

    def _list_open(self, request: Request, user: User, _: str) -> Answer:
        """All that are open, a stranger's with a branch of the same name among them."""
        found = [self._new(number) for number in range(NUMBER + 1, NUMBER + 1 + len(self.opened))]
        strangers = [one | {"number": 99, "head": one["head"] | {"repo": {"id": 5}}} for one in found]
        return Answer(200, _paged([*strangers, *found], request))

    def _open(self, request: Request, user: User, _: str) -> Answer:
        body = request.body
        number = self.open(body["head"], body["base"], body["title"], body["body"])
        if number is None:
            return Answer(409, {"message": "pull request already exists for these targets"})
        return Answer(201, self._new(number))

    def _new(self, number: int) -> dict[str, Any]:
        one, pull = self.opened[number - NUMBER - 1], self._pull()
        sides = {"head": pull["head"] | {"ref": one["branch"]}, "base": pull["base"] | {"ref": one["base"]}}
        return pull | {"number": number, "html_url": f"{self.url}/ops/live/pulls/{number}"} | sides

    def _merged_as(self, request: Request, user: User, sha: str) -> Answer:
        """Only for `merge_commit_sha`; reviewed commits that are on the base too are unknown."""
        return Answer(200, self._pull()) if sha == self.merged else _ABSENT

    def _people(self, request: Request, user: User) -> Answer:
        """Who the token belongs to, and teams, which go by numbers. Who is in one only its members may ask, and owners
        of the organization."""
        path = request.path
        if path == "/api/v1/user":
            return Answer(200, _user(user)) if user.may("read:user", "write:user") else _refused("read:user")
        if not user.may("read:organization"):
            return _refused("read:organization")
        names = sorted(self.teams)
        seen = [one for one in names if user.login in self.teams[one] | self.owners]
        if found := re.fullmatch(r"/api/v1/orgs/([^/]+)/teams", path):
            if names and not seen:
                return Answer(403, {"message": "Must be an organization member"})
            rows = [(n, one.partition("/")) for n, one in enumerate(names)]
            return Answer(
                200, _paged([{"id": n, "name": name} for n, (of, _, name) in rows if of == found[1]], request)
            )
        found = re.fullmatch(r"/api/v1/teams/(\d+)/members/([^/]+)", path)
        team = names[int(found[1])] if found and int(found[1]) < len(names) else ""
        if team and team not in seen:
            return Answer(403, {"message": "Must be a team member"})
        return Answer(200, {"login": found[2]}) if found and team and found[2] in self.teams[team] else _ABSENT

    def _pull(self) -> dict[str, Any]:
        repository = {"id": 4, "full_name": "ops/live"}
        pull = {
            "number": NUMBER,
            "user": {"id": 90, "login": "author"},
            "flow": 0,
            "merged": False,
            "head": {"sha": self.head, "ref": "feature", "repo": repository, "repo_id": 4},
            "base": {"sha": self.merged, "ref": "main", "repo": repository, "repo_id": 4},
        }
        return pull | self.pull


def _paged(found: list[Any], request: Request) -> list[Any]:
    if "page" not in request.query:
        return found
    return page_of(found, request, size="limit", default=30, most=50)[0]


def _user(user: User) -> dict[str, Any]:
    return {"id": user.id, "login": user.login, "username": user.login}


def _comment(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": one["id"], "user": _user(one["user"]), "body": one["body"]}


def _status(one: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: one[name] for name in ("id", "context", "description", "target_url")}
    return {**fields, "status": one["state"], "creator": _user(one["creator"])}


def _review(one: Mapping[str, Any]) -> dict[str, Any]:
    """`stale` comes two seconds late, or never: false here."""
    return {
        "id": one["id"],
        "user": _user(one["user"]),
        "state": _STATES[one["verdict"]],
        "commit_id": one["commit"],
        "official": one["user"].can_push,
        "stale": False,
        "dismissed": one["dismissed"],
        "submitted_at": one["at"],
    }
