"""GitHub, in the cloud and self-hosted: what differs, and its API through PyGithub.

PyGithub's own patience is switched off (by default it sends a POST eleven times, and waits a second before each
write): `asking.py` decides. https://docs.github.com/en/rest
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import quote

from tfops.dataclass import dataclass
from tfops.forge import runner
from tfops.forge.asking import TIMEOUT_S, Asking, ForgeFailed, Gone, NoSuccess
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
from tfops.forge.token import not_installed, token_of
from tfops.records.names import CommitSha
from tfops.system import environ

if TYPE_CHECKING:
    from github import Github
    from github.Commit import Commit
    from github.CommitStatus import CommitStatus
    from github.Issue import Issue
    from github.IssueComment import IssueComment
    from github.NamedUser import NamedUser
    from github.Organization import Organization
    from github.PullRequest import PullRequest
    from github.PullRequestReview import PullRequestReview
    from github.Repository import Repository

_NEEDS = "pull-requests: write, statuses: write, contents: read"
_STATES: Mapping[str, State] = {"pending": "pending", "success": "success"}  # the others are failures
_VERDICTS: Mapping[str, Literal["approved", "rejected"]] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "rejected",
    "DISMISSED": "approved",  # whichever it was, it counts no more
}
_MAY_PUSH = ("admin", "write")
_PAGE = 100

T = TypeVar("T")


@dataclass(slots=True)
class GithubClient:
    """One repository on GitHub."""

    asking: Asking
    _github: "Github"
    _repository: "Repository"
    _me: list[Account] = field(default_factory=list)
    _may_push: dict[str, bool] = field(default_factory=dict)

    def me(self) -> Account:
        """By GraphQL: a job's own token may not ask `GET /user`, and this one knows the bot behind it."""
        if not self._me:
            self._me.append(self._read("who the token belongs to", self._ask_who))
        return self._me[0]

    def _ask_who(self) -> Account:
        _, answer = self._github.requester.graphql_query("query { viewer { login databaseId } }", {})
        viewer = answer["data"]["viewer"]
        return Account(int(viewer["databaseId"]), str(viewer["login"]))

    def merge_request(self, number: int) -> MergeRequest:
        return self._read(f"merge request {number}", lambda: runner.read_pull(self._pull(number).raw_data))

    def merged_as(self, commit: CommitSha) -> MergeRequest | None:
        """GitHub lists what is open too, where the commit isn't on the default branch."""
        what = f"the merge request of {commit[:8]}"
        return self._read(what, lambda: _first_merged(self._commit(commit).get_pulls()))

    def open_request(self, branch: str, base: str) -> OpenRequest | None:
        """GitHub finds a branch by its owner's name before it."""
        what, head = f"the merge requests into {base}", f"{_owner()}:{branch}"
        found = self._read(what, lambda: list(self._repository.get_pulls(state="open", head=head, base=base)))
        return next((OpenRequest(pull.number, pull.html_url) for pull in found), None)

    def add_request(self, wanted: NewRequest) -> OpenRequest:
        what = f"the merge request into {wanted.base} can't be opened"
        made = self.asking.write(what, lambda: _asked(lambda: self._create(wanted)))
        _require_made(made, what)
        return runner.read_open(made)

    def _create(self, wanted: NewRequest) -> Mapping[str, Any]:
        pull = self._repository.create_pull(wanted.base, wanted.branch, title=wanted.title, body=wanted.text)
        return pull.raw_data

    def comments(self, number: int) -> list[Comment]:
        what = f"the comments of merge request {number}"
        return self._read(what, lambda: [_comment(one) for one in self._issue(number).get_comments()])

    def add_comment(self, number: int, text: str) -> None:
        what = f"the comment on merge request {number} can't be written"
        made = self.asking.write(what, lambda: _asked(lambda: self._issue(number).create_comment(text).raw_data))
        _require_made(made, what)

    def edit_comment(self, number: int, comment: int, text: str) -> None:
        what = f"the comment on merge request {number} can't be written"
        self.asking.set(what, lambda: _asked(lambda: self._issue(number).get_comment(comment).edit(text)))

    def delete_comment(self, number: int, comment: int) -> None:
        what = f"a second comment on merge request {number} can't be deleted"
        self.asking.set(what, lambda: _asked(self._issue(number).get_comment(comment).delete))

    def statuses(self, commit: CommitSha) -> Mapping[str, tuple[Account, Status]]:
        """The newest comes first; case doesn't tell contexts apart."""
        what = f"the statuses of {commit[:8]}"
        found = self._read(what, lambda: [_status(one) for one in self._commit(commit).get_statuses()])
        return {status.context.lower(): (by, status) for by, status in reversed(found)}

    def set_status(self, commit: CommitSha, status: Status) -> None:
        what = f"the status {status.context} of {commit[:8]} can't be set"
        fields = {"state": status.state, "description": status.text, "context": status.context}
        fields |= {"target_url": status.address} if status.address else {}
        made = self.asking.write(what, lambda: _asked(lambda: self._commit(commit).create_status(**fields).raw_data))
        _require_made(made, what)

    def reviews(self, number: int) -> list[Review]:
        """Whether somebody may push is asked for each of them: GitHub shows it with no review."""
        what = f"the reviews of merge request {number}"
        found = self._read(what, lambda: [_review(one) for one in self._pull(number).get_reviews()])
        return [replace(one, is_official=self._is_writer(one.by.name)) for one in found if one is not None]

    def is_member(self, team: str, account: Account) -> bool:
        """What the token may not see is absent, too: so after a no the team itself is asked for."""
        organization, _, slug = (quote(part, safe="") for part in team.partition("/"))
        path = f"/orgs/{organization}/teams/{slug}"
        what = f"who is in {team}, for which the token must read the organization's members,"
        try:
            return bool(self._get(what, f"{path}/memberships/{quote(account.name, safe='')}")["state"] == "active")
        except Gone:
            self._get(what, path)
            return False

    def _get(self, what: str, path: str) -> Any:
        return self._read(what, lambda: self._github.requester.requestJsonAndCheck("GET", path)[1])

    def _is_writer(self, login: str) -> bool:
        """Anybody who can read a public repository may approve: only who may push counts."""
        if login not in self._may_push:
            what = f"what {login} may do"
            permission = self._read(what, lambda: self._repository.get_collaborator_permission(login))
            self._may_push[login] = permission in _MAY_PUSH
        return self._may_push[login]

    def _issue(self, number: int) -> "Issue":
        return self._repository.get_issue(number)

    def _pull(self, number: int) -> "PullRequest":
        return self._repository.get_pull(number)

    def _commit(self, commit: CommitSha) -> "Commit":
        return self._repository.get_commit(commit)

    def _read(self, what: str, call: Callable[[], T]) -> T:
        return self.asking.read(what, lambda: _asked(call))


# An object's attributes, not its `raw_data`: of an object in a list that one asks for the object once more.


def _first_merged(pulls: "Iterable[PullRequest]") -> MergeRequest | None:
    return next((runner.read_pull(pull.raw_data) for pull in pulls if pull.merged_at is not None), None)


def _owner() -> str:
    return environ.variable("GITHUB_REPOSITORY").partition("/")[0]


def _account(user: "NamedUser | Organization | None") -> Account:
    return Account(user.id, user.login) if user is not None else Account(0, "")


def _comment(one: "IssueComment") -> Comment:
    return Comment(one.id, _account(one.user), one.body or "")


def _status(one: "CommitStatus") -> tuple[Account, Status]:
    status = Status(one.context, _STATES.get(one.state, "failure"), one.description or "", one.target_url or "")
    return _account(one.creator), status


def _review(one: "PullRequestReview") -> Review | None:
    """None for what is no verdict, and of an account that is gone."""
    verdict = _VERDICTS.get(one.state)
    if verdict is None or one.user is None:
        return None
    is_dismissed = one.state == "DISMISSED"
    return Review(_account(one.user), verdict, one.commit_id or "", one.submitted_at, False, is_dismissed)


def _asked(call: Callable[[], T]) -> T:
    with _answers():
        return call()


@contextmanager
def _answers() -> Iterator[None]:
    """What PyGithub raises, as our own. It answers a redirect to elsewhere with RuntimeError or AssertionError."""
    from github import GithubException  # noqa: PLC0415 - an extra, and slow
    from requests import RequestException  # noqa: PLC0415 - comes with it

    try:
        yield
    except GithubException as error:
        headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
        raise NoSuccess(error.status, _message(error.data), headers) from None
    except RequestException as error:
        raise NoSuccess(0, type(error).__name__) from None
    except (RuntimeError, AssertionError):
        raise NoSuccess(300, "it sends us to another address: check GITHUB_API_URL") from None


def _message(data: Any) -> str:
    if not isinstance(data, dict):
        return str(data or "")
    errors = data.get("errors")
    return f"{data.get('message', '')} {json.dumps(errors)}" if errors else str(data.get("message", ""))


def _require_made(made: Mapping[str, Any], what: str) -> None:
    """PyGithub takes a redirect, or a page in HTML, for success."""
    if not made.get("id"):
        raise ForgeFailed(what, why="what answered is not GitHub's API", hint="check GITHUB_API_URL")


def _missing_permission(answer: NoSuccess) -> str:
    """https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api"""
    return answer.headers.get("x-accepted-github-permissions") or answer.headers.get("x-accepted-oauth-scopes") or ""


def connect() -> GithubClient:
    """The repository of this job, with its token. Raises ForgeFailed."""
    token = token_of("GitHub", "GITHUB_TOKEN", needs=_NEEDS)
    try:
        from github import Auth, Github  # noqa: PLC0415 - an extra, and slow
    except ImportError:
        raise not_installed("GitHub", "PyGithub") from None
    github = Github(
        auth=Auth.Token(token),
        base_url=environ.variable("GITHUB_API_URL") or "https://api.github.com",
        timeout=TIMEOUT_S,
        per_page=_PAGE,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
        user_agent="tfops",
        lazy=True,
    )
    asking = Asking("GitHub", token, _missing_permission, _NEEDS)
    return GithubClient(asking, github, github.get_repo(environ.variable("GITHUB_REPOSITORY")))


GITHUB = Forge(
    name="github",
    title="GitHub",
    runs_us=lambda: bool(environ.variable("GITHUB_ACTIONS")),
    job_address=lambda: runner.address_of_run("GITHUB_RUN_ID"),
    branch=runner.branch,
    merge_target=lambda: environ.variable("GITHUB_BASE_REF"),
    merge_request=runner.merge_request,
    connect=connect,
    engine_variables=("GITHUB_TOKEN",),
    hook=HookHeaders(event=("x-github-event",), delivery=("x-github-delivery",), signature=("x-hub-signature-256",)),
    log=runner.LOG,
    reports=lambda _counts, _complaints: {},
    summary_file=runner.summary_file,
    most_bytes=65_536,
    throws_away=lambda: environ.variable("RUNNER_ENVIRONMENT") == "github-hosted",
)
