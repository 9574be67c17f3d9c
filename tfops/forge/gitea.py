"""Gitea and Forgejo: what differs, and the dozen calls of their API, by a client of our own.

The clients on the package index can't comment, set statuses or read reviews, or aren't kept.
https://docs.gitea.com/api, https://forgejo.org/docs/latest/user/api-usage/
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from functools import partial
from operator import itemgetter
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from tfops.dataclass import dataclass
from tfops.forge import runner
from tfops.forge.asking import TIMEOUT_S, Asking, Gone, NoSuccess
from tfops.forge.base import (
    Account,
    Comment,
    Forge,
    HookHeaders,
    MergeRequest,
    NewRequest,
    OpenRequest,
    Review,
    State,
    Status,
)
from tfops.forge.token import token_of
from tfops.records.names import CommitSha
from tfops.system import environ
from tfops.system.clock import parse_time

_NEEDS = "write:issue, write:repository, read:user"
_STATES: Mapping[str, State] = {"pending": "pending", "success": "success"}  # the others are failures
_VERDICTS: Mapping[str, Literal["approved", "rejected"]] = {"APPROVED": "approved", "REQUEST_CHANGES": "rejected"}
_PAGE = 50  # more is cut without a word
_MOST_BYTES = 100_000_000  # all comments come in one answer, and a comment has no limit
_SCOPES = re.compile(r"required scope\(s\): \[([^\]]*)\]")

T = TypeVar("T")


@dataclass(slots=True)
class GiteaClient:
    """One repository, whose API is at `address`."""

    asking: Asking
    address: str
    _token: str = field(repr=False)
    _me: list[Account] = field(default_factory=list)

    def me(self) -> Account:
        if not self._me:
            url = f"{self.address.partition('/api/v1/')[0]}/api/v1/user"
            what = "who the token belongs to"
            self._me.append(self.asking.read(what, lambda: _known(self._ask("GET", url))))
        return self._me[0]

    def merge_request(self, number: int) -> MergeRequest:
        return self._get(f"merge request {number}", f"/pulls/{number}", runner.read_pull)

    def merged_as(self, commit: CommitSha) -> MergeRequest | None:
        """Only the last commit that a merge made is known to these forges: all others answer 404."""
        try:
            return self._get(f"the merge request of {commit[:8]}", f"/commits/{commit}/pull", runner.read_pull)
        except Gone:
            return None

    def open_request(self, branch: str, base: str) -> OpenRequest | None:
        what = f"the merge requests into {base}"
        found = self._pages(what, "/pulls?state=open", lambda pull: _open_between(pull, branch, base))
        return next(found, None)

    def add_request(self, wanted: NewRequest) -> OpenRequest:
        fields = {"head": wanted.branch, "base": wanted.base, "title": wanted.title, "body": wanted.text}
        what = f"the merge request into {wanted.base} can't be opened"
        return self.asking.write(what, lambda: runner.read_open(self._send("POST", "/pulls", fields)))

    def comments(self, number: int) -> list[Comment]:
        """All of them in one answer: these forges know no pages here."""
        return self._get(f"the comments of merge request {number}", f"/issues/{number}/comments", _comments)

    def add_comment(self, number: int, text: str) -> None:
        what = f"the comment on merge request {number} can't be written"
        self.asking.write(what, lambda: self._send("POST", f"/issues/{number}/comments", {"body": text}))

    def edit_comment(self, number: int, comment: int, text: str) -> None:
        what = f"the comment on merge request {number} can't be written"
        self.asking.set(what, lambda: self._send("PATCH", f"/issues/comments/{comment}", {"body": text}))

    def delete_comment(self, number: int, comment: int) -> None:
        what = f"a second comment on merge request {number} can't be deleted"
        self.asking.set(what, lambda: self._send("DELETE", f"/issues/comments/{comment}"))

    def statuses(self, commit: CommitSha) -> Mapping[str, tuple[Account, Status]]:
        """The combined status isn't asked: it is that of a page, and says success beside a failure."""
        found = self._pages(f"the statuses of {commit[:8]}", f"/statuses/{commit}", _status)
        return {status.context: (by, status) for _, by, status in sorted(found, key=itemgetter(0))}

    def set_status(self, commit: CommitSha, status: Status) -> None:
        what = f"the status {status.context} of {commit[:8]} can't be set"
        fields = {"state": status.state, "description": status.text, "context": status.context}
        body = {**fields, "target_url": status.address}
        self.asking.write(what, lambda: self._send("POST", f"/statuses/{commit}", body))

    def reviews(self, number: int) -> list[Review]:
        return list(self._pages(f"the reviews of merge request {number}", f"/pulls/{number}/reviews", _review))

    def is_member(self, team: str, account: Account) -> bool:
        """Its number is asked for first: in the list, as a search shows all teams to administrators alone. Who isn't
        in a team, and owns no organization, may not ask who is in it."""
        organization, _, name = team.partition("/")
        api, what = f"{self.address.partition('/api/v1/')[0]}/api/v1", f"who is in {team}"
        teams = self._pages(what, f"/orgs/{quote(organization, safe='')}/teams", _named, of=api)
        number = next((number for number, known in teams if known.casefold() == name.casefold()), None)
        if number is None:
            raise Gone(f"{what} can't be read", why=f"{organization} has no such team, or this token may not see it")
        member = f"{api}/teams/{number}/members/{quote(account.name, safe='')}"
        try:
            self.asking.read(what, lambda: self._ask("GET", member))
        except Gone:
            return False
        return True

    def _pages(self, what: str, path: str, read: Callable[[Any], T | None], *, of: str = "") -> Iterator[T]:
        """What `read` makes of each row. Only an empty page, which may be `null`, is surely the last: a server may
        allow less on a page."""
        page, address = 1, f"{of or self.address}{path}{'&' if '?' in path else '?'}limit={_PAGE}"
        while found := self.asking.read(what, partial(self._rows, f"{address}&page={page}", read)):
            yield from (one for one in found if one is not None)
            page += 1

    def _rows(self, url: str, read: Callable[[Any], T]) -> list[T]:
        return list(map(read, self._ask("GET", url) or ()))

    def _get(self, what: str, path: str, read: Callable[[Any], T]) -> T:
        return self.asking.read(what, lambda: read(self._send("GET", path)))

    def _send(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
        return self._ask(method, self.address + path, body)

    def _ask(self, method: str, url: str, body: Mapping[str, str] | None = None) -> Any:
        from tfops.system import http  # noqa: PLC0415 - what asks no forge needs none of it

        headers = {"Authorization": f"token {self._token}", "Accept": "application/json"}
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        content = None if body is None else json.dumps(body).encode()
        try:
            question = http.Question(method, url, content, headers)
            answer = http.ask(question, timeout_s=TIMEOUT_S, most_bytes=_MOST_BYTES)
        except http.NoAnswer as error:
            raise NoSuccess(0, str(error)) from None
        if not 200 <= answer.status < 300:
            raise NoSuccess(answer.status, _message(answer.text), answer.headers)
        return _decoded(answer.text)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text) if text.strip() else None
    except ValueError:
        raise NoSuccess(300, "what answered is not the API of Gitea or Forgejo: check GITHUB_SERVER_URL") from None


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text


def _known(user: Any) -> Account:
    return Account(int(user["id"]), str(user["login"]))


def _open_between(pull: Mapping[str, Any], branch: str, base: str) -> OpenRequest | None:
    """None for another one, also for a stranger's branch of that name."""
    is_it = pull["head"]["ref"] == branch and pull["base"]["ref"] == base and not runner.read_pull(pull).stranger
    return runner.read_open(pull) if is_it else None


def _comments(rows: Any) -> list[Comment]:
    return [Comment(int(one["id"]), runner.read_account(one["user"]), str(one["body"])) for one in rows or ()]


def _status(one: Mapping[str, Any]) -> tuple[int, Account, Status]:
    """With its number: of two of one context the higher counts."""
    state = _STATES.get(one["status"], "failure")
    status = Status(one["context"], state, one["description"], one["target_url"])
    return int(one["id"]), runner.read_account(one["creator"]), status


def _review(one: Mapping[str, Any]) -> Review | None:
    """None for what is no verdict. `stale` isn't read: it comes late or never, `commit_id` says it at once."""
    if one["state"] not in _VERDICTS or not one["user"]:
        return None
    return Review(
        by=runner.read_account(one["user"]),
        verdict=_VERDICTS[one["state"]],
        commit=one["commit_id"],
        at=parse_time(one["submitted_at"]),
        is_official=one["official"] is True,
        is_dismissed=one["dismissed"] is True,
    )


def _named(team: Any) -> tuple[int, str]:
    return int(team["id"]), str(team["name"])


def _missing_scope(answer: NoSuccess) -> str:
    found = _SCOPES.search(answer.text)
    return f"the scope {found[1]}" if found else ""


def connect() -> GiteaClient:
    """The repository of this job, with its token. Raises ForgeFailed."""
    token = token_of("Gitea", "GITEA_TOKEN", "FORGEJO_TOKEN", "GITHUB_TOKEN", needs=_NEEDS)
    server, repository = environ.variable("GITHUB_SERVER_URL").rstrip("/"), environ.variable("GITHUB_REPOSITORY")
    asking = Asking("Gitea", token, _missing_scope, _NEEDS)
    return GiteaClient(asking, f"{server}/api/v1/repos/{repository}", token)


def _runs_us() -> bool:
    return bool(environ.variable("GITEA_ACTIONS") or environ.variable("FORGEJO_ACTIONS"))


def _job_address() -> str:
    """Forgejo's pages have a run's number, Gitea's (since 1.26) its id, as GitHub's."""
    return runner.address_of_run("GITHUB_RUN_NUMBER") if environ.variable("FORGEJO_ACTIONS") else ""


GITEA = Forge(
    name="gitea",
    title="Gitea",
    runs_us=_runs_us,
    job_address=_job_address,
    branch=lambda: "",  # this and the next are what GitHub's runner says
    merge_target=lambda: "",
    merge_request=runner.merge_request,
    connect=connect,
    engine_variables=(),
    hook=HookHeaders(
        event=("x-forgejo-event", "x-gitea-event", "x-gogs-event"),
        delivery=("x-forgejo-delivery", "x-gitea-delivery", "x-gogs-delivery"),
        signature=("x-forgejo-signature", "x-gitea-signature", "x-gogs-signature"),
    ),
    log=runner.LOG,
    reports=lambda _counts, _complaints: {},
    summary_file=runner.summary_file,
    most_bytes=1_000_000,  # there is no limit; it takes 0.7 s to write this much, and 30 s to write 40 MB
)
