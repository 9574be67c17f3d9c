"""GitLab's REST API, as its documentation says and python-gitlab 8.6 reads it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.support.forges.server import HEAD, NOTHING, NUMBER, Answer, LocalForge, Request, User, page_of

_PROJECT = "/api/v4/projects/4"
_ABSENT = Answer(404, {"message": "404 Not found"})
_MOST_CHARACTERS = 1_000_000
_STATES = {
    "approved": "approved",
    "rejected": "requested_changes",
    "commented": "reviewed",
    "pending": "review_started",
}


@dataclass(slots=True)
class GitlabServer(LocalForge):
    """One project, number 4. `heads` are the merge request's, with the time at which each was pushed.

    `says_when`: a GitLab before 18 doesn't say when somebody approved. `knows_reviewers`: one before 16 says nothing of
    each reviewer.
    """

    heads: list[tuple[str, str]] = field(default_factory=lambda: [("2026-11-30T09:00:00Z", HEAD)])
    says_when: bool = True
    knows_reviewers: bool = True

    def user_of(self, headers: Mapping[str, str]) -> User | None:
        return self.users.get(headers.get("private-token", ""))

    def answer(self, request: Request, user: User | None) -> Answer:
        if user is None:
            return Answer(401, {"message": "401 Unauthorized"})
        if request.path == "/api/v4/user":
            return Answer(200, _user(user))
        if found := re.fullmatch(r"/api/v4/(groups/[^/]+|projects/4)(?:/members/(\d+))?", request.path):
            return self._group(unquote(found[1]).removeprefix("groups/"), found[2])
        for method, pattern, act in self._routes():
            found = re.fullmatch(_PROJECT + pattern, request.path)
            if found and method == request.method:
                if method != "GET" and not user.may("api"):
                    description = "The request requires higher privileges than provided by the access token."
                    return Answer(
                        403, {"error": "insufficient_scope", "error_description": description, "scope": "api"}
                    )
                return act(request, user, found[1])
        return _ABSENT

    def _routes(self) -> list[tuple[str, str, Callable[[Request, User, str], Answer]]]:
        return [
            ("GET", r"/merge_requests/(\d+)/notes", self._list_notes),
            ("POST", r"/merge_requests/(\d+)/notes", self._add_note),
            ("PUT", r"/merge_requests/12/notes/(\d+)", self._edit_note),
            ("DELETE", r"/merge_requests/12/notes/(\d+)", self._delete_note),
            ("GET", r"/repository/commits/(\w+)/statuses", self._list_statuses),
            ("POST", r"/statuses/(\w+)", self._set_status),
            ("GET", r"/merge_requests/(\d+)/approvals", self._approvals),
            ("GET", r"/merge_requests/(\d+)/reviewers", self._reviewers),
            ("GET", r"/merge_requests/(\d+)/versions", self._versions),
            ("GET", r"/merge_requests/(\d+)", self._get_request),
            ("GET", r"/(merge_requests)", self._list_open),
            ("POST", r"/(merge_requests)", self._open),
            ("GET", r"/repository/commits/(\w+)/merge_requests", self._merged_as),
        ]

    def _paged(self, found: list[Any], request: Request) -> Answer:
        part, page, last = page_of(found, request, size="per_page", default=20, most=100)
        size = request.query.get("per_page", "20")
        link = f'<{self.url}{request.path}?per_page={size}&page={page + 1}>; rel="next"'
        more = {"Link": link, "X-Next-Page": str(page + 1)} if page < last else {"X-Next-Page": ""}
        counts = {"X-Page": str(page), "X-Per-Page": size, "X-Total": str(len(found)), "X-Total-Pages": str(last)}
        return Answer(200, part, counts | more)

    def _list_notes(self, request: Request, user: User, number: str) -> Answer:
        """The newest first; what the system wrote is among them."""
        return self._paged([_note(one) for one in reversed(self.comments)], request)

    def _add_note(self, request: Request, user: User, number: str) -> Answer:
        if int(number) != NUMBER:
            return _ABSENT
        if len(request.body["body"]) > _MOST_CHARACTERS:
            return Answer(400, {"message": {"note": ["is too long (maximum is 1000000 characters)"]}})
        return Answer(201, _note(self.comment(user, request.body["body"])))

    def _edit_note(self, request: Request, user: User, number: str) -> Answer:
        found = next((one for one in self.comments if one["id"] == int(number)), None)
        if found is None:
            return _ABSENT
        found["body"] = request.body["body"]
        return Answer(200, _note(found))

    def _delete_note(self, request: Request, user: User, number: str) -> Answer:
        found = next((one for one in self.comments if one["id"] == int(number)), None)
        if found is None:
            return _ABSENT
        self.comments.remove(found)
        return Answer(204, NOTHING)

    def _set_status(self, request: Request, user: User, sha: str) -> Answer:
        """A status that runs can't be set to the same state once more."""
        if sha not in (self.head, self.merged):
            return Answer(404, {"message": "404 Commit Not Found"})
        body = request.body
        if len(body["description"]) > 255:
            return Answer(400, {"message": {"description": ["is too long (maximum is 255 characters)"]}})
        if body["state"] not in ("pending", "running", "success", "failed", "canceled", "skipped"):
            return Answer(400, {"error": "state does not have a valid value"})
        same = [one for one in self.statuses if (one["sha"], one["context"]) == (sha, body["name"])]
        if same and same[-1]["state"] == body["state"] == "pending":
            return Answer(400, {"message": "Cannot transition status via :enqueue from :pending"})
        fields = {"description": body["description"], "context": body["name"], "state": body["state"]}
        row = {"id": self.new_id(), "sha": sha, "creator": user, "target_url": body.get("target_url"), **fields}
        self.statuses.append(row)
        return Answer(201, _status(row))

    def _list_statuses(self, request: Request, user: User, sha: str) -> Answer:
        newest = {one["context"]: one for one in self.statuses if one["sha"] == sha}
        return self._paged([_status(one) for one in newest.values()], request)

    def _approvals(self, request: Request, user: User, number: str) -> Answer:
        """Who asks for changes takes his own approval back."""
        given = [one for one in self.reviews if one["verdict"] == "approved" and self._state(one["user"]) == "approved"]
        when = [({"approved_at": one["at"]} if self.says_when else {}) for one in given]
        by = [{"user": _user(one["user"]), **at} for one, at in zip(given, when, strict=True)]
        return Answer(200, {"approved": bool(by), "approved_by": by})

    def _reviewers(self, request: Request, user: User, number: str) -> Answer:
        """One row for each, with the state that he left it in, and no commit. GitLab before 16: 404."""
        if not self.knows_reviewers:
            return _ABSENT
        people = {one["user"].id: one["user"] for one in self.reviews}
        rows = [
            {"user": _user(one), "state": self._state(one), "created_at": self.heads[0][0]} for one in people.values()
        ]
        return self._paged(rows, request)

    def _state(self, user: User) -> str:
        return [_STATES[one["verdict"]] for one in self.reviews if one["user"] is user][-1]

    def _versions(self, request: Request, user: User, number: str) -> Answer:
        """The newest first."""
        rows = [{"id": index, "head_commit_sha": sha, "created_at": at} for index, (at, sha) in enumerate(self.heads)]
        return self._paged(rows[::-1], request)

    def _get_request(self, request: Request, user: User, number: str) -> Answer:
        return Answer(200, self._request()) if int(number) == NUMBER else _ABSENT

    def _list_open(self, request: Request, user: User, _: str) -> Answer:
        source, target = request.query.get("source_branch"), request.query.get("target_branch")
        found = [
            self._new(number)
            for number, one in enumerate(self.opened, start=NUMBER + 1)
            if source in (None, one["branch"]) and target in (None, one["base"])
        ]
        strangers = [one | {"iid": 99, "source_project_id": 5} for one in found]
        return self._paged([*strangers, *found], request)

    def _open(self, request: Request, user: User, _: str) -> Answer:
        body = request.body
        number = self.open(body["source_branch"], body["target_branch"], body["title"], body["description"])
        if number is None:
            return Answer(409, {"message": ["Another open merge request already exists for this source branch"]})
        return Answer(201, self._new(number))

    def _new(self, number: int) -> dict[str, Any]:
        one = self.opened[number - NUMBER - 1]
        address = f"{self.url}/ops/live/-/merge_requests/{number}"
        return self._request() | {"iid": number, "target_branch": one["base"], "web_url": address}

    def _merged_as(self, request: Request, user: User, sha: str) -> Answer:
        opened = self._request() | {"iid": 99, "state": "opened"}
        return Answer(200, [opened, self._request() | {"state": "merged"}] if sha == self.merged else [opened])

    def _group(self, name: str, number: str | None) -> Answer:
        """The project's own members have the role maintainer. An account is no group."""
        logins = self.teams.get(name)
        if logins is None or number is None:
            return Answer(200, {"id": 7, "full_path": name}) if logins is not None else _ABSENT
        found = next((one for one in self.users.values() if str(one.id) == number and one.login in logins), None)
        return Answer(200, {**_user(found), "state": "active", "access_level": 40}) if found else _ABSENT

    def _request(self) -> dict[str, Any]:
        request = {
            "iid": NUMBER,
            "sha": self.head,
            "state": "opened",
            "target_branch": "main",
            "author": {"id": 90, "username": "author"},
            "source_project_id": 4,
            "target_project_id": 4,
        }
        return request | self.pull


def _user(user: User) -> dict[str, Any]:
    return {"id": user.id, "username": user.login}


def _note(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": one["id"], "author": _user(one["user"]), "body": one["body"], "system": one.get("system", False)}


def _status(one: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"name": one["context"], "description": one["description"], "target_url": one["target_url"]}
    return {"id": one["id"], "status": one["state"], "author": _user(one["creator"]), **fields}
