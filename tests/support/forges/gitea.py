"""Gitea and Forgejo as a Forgejo of June 2025 (API of Gitea 1.22) answered when it was measured.

What is said in comments here was seen there, and `tests/forge/test_gitea_contract.py` asks a real one the same.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.forges.server import HEAD, MERGED, NOTHING, NUMBER, Answer, LocalForge, Request, User, page_of

_REPOSITORY = "/api/v1/repos/ops/live"
_STATES = {"approved": "APPROVED", "rejected": "REQUEST_CHANGES", "commented": "COMMENT", "pending": "PENDING"}


def _refused(*scopes: str) -> Answer:
    text = f"token does not have at least one of required scope(s): [{' '.join(scopes)}]"
    return Answer(403, {"message": text, "url": "http://forge/api/swagger"})


_ABSENT = Answer(404, {"message": "The target couldn't be found.", "url": "http://forge/api/swagger", "errors": []})


@dataclass(slots=True)
class GiteaServer(LocalForge):
    """One repository, `ops/live`, whose merge request has `HEAD` and was merged as `MERGED`."""

    archived: bool = False

    def user_of(self, headers: Mapping[str, str]) -> User | None:
        """`token` and `Bearer` both work."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        return self.users.get(token) if kind.lower() in ("token", "bearer") else None

    def answer(self, request: Request, user: User | None) -> Answer:
        if user is None:
            return Answer(401, {"message": "user does not exist [uid: 0, name: ]", "url": "http://forge/api/swagger"})
        if request.path == "/api/v1/user":
            return Answer(200, _user(user)) if user.may("read:user", "write:user") else _refused("read:user")
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
            ("GET", r"/pulls/(\d+)", read, self._get_pull),
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
        full = next((known for known in (HEAD, MERGED) if known.startswith(sha)), None)
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

    def _get_pull(self, request: Request, user: User, number: str) -> Answer:
        return Answer(200, self._pull()) if int(number) == NUMBER else _ABSENT

    def _merged_as(self, request: Request, user: User, sha: str) -> Answer:
        """Only for `merge_commit_sha`; reviewed commits that are on the base too are unknown."""
        return Answer(200, self._pull()) if sha == MERGED else _ABSENT

    def _pull(self) -> dict[str, Any]:
        repository = {"id": 4, "full_name": "ops/live"}
        pull = {
            "number": NUMBER,
            "user": {"id": 90, "login": "author"},
            "flow": 0,
            "merged": False,
            "head": {"sha": HEAD, "ref": "feature", "repo": repository, "repo_id": 4},
            "base": {"sha": MERGED, "ref": "main", "repo": repository, "repo_id": 4},
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
