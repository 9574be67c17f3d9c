"""GitHub's REST API, as its description says and PyGithub 2.10 reads it. A self-hosted one: it stands below /api/v3."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.forges.server import NOTHING, NUMBER, Answer, LocalForge, Request, User, page_of

_REPOSITORY = "/api/v3/repos/ops/live"
_STATES = {"approved": "APPROVED", "rejected": "CHANGES_REQUESTED", "commented": "COMMENTED", "pending": "PENDING"}
_ABSENT = Answer(404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"})
_MOST_CHARACTERS = 65_536


def _invalid(field: str, text: str) -> Answer:
    error = {"resource": "IssueComment", "code": "custom", "field": field, "message": text}
    return Answer(422, {"message": "Validation Failed", "errors": [error], "status": "422"})


@dataclass(slots=True)
class GithubServer(LocalForge):
    """One repository, `ops/live`."""

    def user_of(self, headers: Mapping[str, str]) -> User | None:
        kind, _, token = headers.get("authorization", "").partition(" ")
        return self.users.get(token) if kind.lower() in ("token", "bearer") else None

    def answer(self, request: Request, user: User | None) -> Answer:
        if user is None:
            return Answer(401, {"message": "Bad credentials", "status": "401"})
        if request.path == "/api/graphql":
            return Answer(200, {"data": {"viewer": {"login": user.login, "databaseId": user.id}}})
        if request.path.startswith("/api/v3/orgs/"):
            return self._team(request.path, user)
        for method, pattern, needs, act in self._routes():
            found = re.fullmatch(_REPOSITORY + pattern, request.path)
            if found and method == request.method:
                if not user.may(needs):
                    headers = {"X-Accepted-GitHub-Permissions": needs}
                    return Answer(403, {"message": "Resource not accessible by integration"}, headers)
                return act(request, user, found[1])
        return _ABSENT

    def _routes(self) -> list[tuple[str, str, str, Callable[[Request, User, str], Answer]]]:
        read, write = "pull_requests=read", "pull_requests=write"
        return [
            ("GET", r"/issues/(\d+)/comments", read, self._list_comments),
            ("POST", r"/issues/(\d+)/comments", write, self._add_comment),
            ("PATCH", r"/issues/comments/(\d+)", write, self._edit_comment),
            ("DELETE", r"/issues/comments/(\d+)", write, self._delete_comment),
            ("GET", r"/statuses/(\w+)", "statuses=read", self._list_statuses),
            ("POST", r"/statuses/(\w+)", "statuses=write", self._set_status),
            ("GET", r"/pulls/(\d+)/reviews", read, self._list_reviews),
            ("GET", r"/pulls/(\d+)", read, self._get_pull),
            ("GET", r"/(pulls)", read, self._list_open),
            ("POST", r"/(pulls)", write, self._open),
            ("GET", r"/commits/(\w+)/pulls", read, self._merged_as),
            ("GET", r"/collaborators/([^/]+)/permission", "metadata=read", self._permission),
        ]

    def _paged(self, found: list[Any], request: Request) -> Answer:
        part, page, last = page_of(found, request, size="per_page", default=30, most=100)
        size = request.query.get("per_page", "30")
        link = f'<{self.url}{request.path}?per_page={size}&page={page + 1}>; rel="next"'
        return Answer(200, part, {"Link": link} if page < last else {})

    def _list_comments(self, request: Request, user: User, number: str) -> Answer:
        return self._paged([self._comment(one) for one in self.comments], request)

    def _add_comment(self, request: Request, user: User, number: str) -> Answer:
        if int(number) != NUMBER:
            return _ABSENT
        if len(request.body["body"]) > _MOST_CHARACTERS:
            return _invalid("body", "body is too long (maximum is 65536 characters)")
        return Answer(201, self._comment(self.comment(user, request.body["body"])))

    def _edit_comment(self, request: Request, user: User, number: str) -> Answer:
        found = next((one for one in self.comments if one["id"] == int(number)), None)
        if found is None:
            return _ABSENT
        found["body"] = request.body["body"]
        return Answer(200, self._comment(found))

    def _delete_comment(self, request: Request, user: User, number: str) -> Answer:
        found = next((one for one in self.comments if one["id"] == int(number)), None)
        if found is None:
            return _ABSENT
        self.comments.remove(found)
        return Answer(204, NOTHING)

    def _set_status(self, request: Request, user: User, sha: str) -> Answer:
        """Four states, 140 characters, a thousand for each context, whose case doesn't count."""
        if sha not in (self.head, self.merged):
            return Answer(422, {"message": f"No commit found for SHA: {sha}", "status": "422"})
        if len(request.body["description"]) > 140:
            return _invalid("description", "description is too long (maximum is 140 characters)")
        if request.body["state"] not in ("error", "failure", "pending", "success"):
            return _invalid("state", "state is not included in the list")
        same = [one for one in self.statuses if one["context"].lower() == request.body["context"].lower()]
        if len(same) >= 1000:
            return _invalid("base", "This SHA and context has reached the maximum number of statuses.")
        row = {"id": self.new_id(), "sha": sha, "creator": user, "target_url": None} | request.body
        self.statuses.append(row)
        return Answer(201, _status(row))

    def _list_statuses(self, request: Request, user: User, sha: str) -> Answer:
        return self._paged([_status(one) for one in reversed(self.statuses) if one["sha"] == sha], request)

    def _list_reviews(self, request: Request, user: User, number: str) -> Answer:
        return self._paged([_review(one) for one in self.reviews], request)

    def _get_pull(self, request: Request, user: User, number: str) -> Answer:
        return Answer(200, self._pull()) if int(number) == NUMBER else _ABSENT

    def _list_open(self, request: Request, user: User, _: str) -> Answer:
        """`head` is OWNER:BRANCH: anything else finds what isn't meant."""
        head, base = request.query.get("head", ""), request.query.get("base", "")
        found = [
            self._new(number)
            for number, one in enumerate(self.opened, start=NUMBER + 1)
            if head in ("", f"ops:{one['branch']}") and base in ("", one["base"])
        ]
        return self._paged(found, request)

    def _open(self, request: Request, user: User, _: str) -> Answer:
        body = request.body
        number = self.open(body["head"], body["base"], body["title"], body["body"])
        if number is None:
            text = f"A pull request already exists for ops:{body['head']}."
            return Answer(422, {"message": "Validation Failed", "errors": [{"message": text}], "status": "422"})
        return Answer(201, self._new(number))

    def _new(self, number: int) -> dict[str, Any]:
        one, pull = self.opened[number - NUMBER - 1], self._pull()
        own = {"id": number, "number": number, "url": f"{self.url}{_REPOSITORY}/pulls/{number}"}
        own |= {"html_url": f"{self.url}/ops/live/pull/{number}"}
        sides = {"head": pull["head"] | {"ref": one["branch"]}, "base": pull["base"] | {"ref": one["base"]}}
        return pull | own | sides

    def _merged_as(self, request: Request, user: User, sha: str) -> Answer:
        """A list; of a commit that isn't on the default branch also what is open."""
        if sha not in (self.head, self.merged):
            return Answer(422, {"message": f"No commit found for SHA: {sha}", "status": "422"})
        opened = self._pull() | {"number": 99, "merged_at": None}
        merged = self._pull() | {"merged_at": "2026-11-30T10:00:00Z"}
        return self._paged([opened, merged] if sha == self.merged else [opened], request)

    def _permission(self, request: Request, user: User, login: str) -> Answer:
        found = self.named(login)
        return Answer(200, {"permission": "write" if found and found.can_push else "read"})

    def _team(self, path: str, user: User) -> Answer:
        """404 for who isn't in it, for a team that isn't there, and for a token that may not see it."""
        found = re.fullmatch(r"/api/v3/orgs/([^/]+)/teams/([^/]+)(?:/memberships/([^/]+))?", path)
        logins = self.teams.get(f"{found[1]}/{found[2]}") if found else None
        if found is None or logins is None or not user.may("members=read"):
            return _ABSENT
        if found[3] is None:
            return Answer(200, {"id": 1, "slug": found[2]})
        return Answer(200, {"state": "active", "role": "member"}) if found[3] in logins else _ABSENT

    def _pull(self) -> dict[str, Any]:
        repository = {"id": 4, "full_name": "ops/live"}
        pull = {
            "number": NUMBER,
            "url": f"{self.url}{_REPOSITORY}/pulls/{NUMBER}",
            "user": {"id": 90, "login": "author"},
            "merged_at": None,
            "head": {"sha": self.head, "ref": "feature", "repo": repository},
            "base": {"sha": self.merged, "ref": "main", "repo": repository},
        }
        return pull | self.pull

    def _comment(self, one: Mapping[str, Any]) -> dict[str, Any]:
        url = f"{self.url}{_REPOSITORY}/issues/comments/{one['id']}"
        return {"id": one["id"], "url": url, "user": _user(one["user"]), "body": one["body"]}


def _user(user: User) -> dict[str, Any]:
    return {"id": user.id, "login": user.login, "type": "User"}


def _status(one: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: one[name] for name in ("id", "context", "description", "target_url", "state")}
    return {**fields, "creator": _user(one["creator"])}


def _review(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": one["id"],
        "user": _user(one["user"]),
        "state": "DISMISSED" if one["dismissed"] else _STATES[one["verdict"]],
        "commit_id": one["commit"],
        "submitted_at": one["at"],
    }
