"""GitLab, in the cloud and self-hosted: what differs, and its API through python-gitlab.

python-gitlab has no timeout by default, reads one page, obeys a Retry-After of any length, and keeps the scope that a
token lacks to itself: so `_listen` turns every answer that isn't a success into ours, before the library sees it.
https://docs.gitlab.com/api/
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from tfops.dataclass import dataclass
from tfops.forge.asking import TIMEOUT_S, Asking, ForgeFailed, Gone, NoSuccess
from tfops.forge.base import (
    Account,
    Comment,
    Counts,
    Forge,
    HookHeaders,
    LogLines,
    MergeRequest,
    NewRequest,
    OpenRequest,
    Review,
    State,
    Status,
)
from tfops.forge.token import not_installed, token_of
from tfops.plain import plain
from tfops.records.complaint import Complaint
from tfops.records.names import CommitSha
from tfops.system import clock, environ

if TYPE_CHECKING:
    from gitlab import Gitlab
    from gitlab.v4.objects import Project, ProjectMergeRequest
    from requests import Response

_NEEDS = "the scope api, and the role Developer in the project"
_HIDDEN = ". A variable that is `protected` is hidden from pipelines of merge requests"
_STATES: Mapping[str, State] = {"pending": "pending", "running": "pending", "success": "success"}
_NAMES = {"failure": "failed"}  # GitLab's word for a state, where it differs
_ROLES = {"@developer": 30, "@maintainer": 40, "@owner": 50}
_PAGE = 100
_ALL: Mapping[str, Any] = {"iterator": True, "per_page": _PAGE, "obey_rate_limit": False}

T = TypeVar("T")


@dataclass(slots=True)
class GitlabClient:
    """One project on GitLab."""

    asking: Asking
    _gitlab: "Gitlab"
    _project: "Project"
    _me: list[Account] = field(default_factory=list)

    def me(self) -> Account:
        if not self._me:
            ask = self._gitlab.http_get
            what = "who the token belongs to"
            self._me.append(self._read(what, lambda: _known(ask("/user", obey_rate_limit=False))))
        return self._me[0]

    def merge_request(self, number: int) -> MergeRequest:
        what = f"merge request {number}"
        requests = self._project.mergerequests
        return self._read(what, lambda: _merge_request(requests.get(number, obey_rate_limit=False).attributes))

    def merged_as(self, commit: CommitSha) -> MergeRequest | None:
        what = f"the merge request of {commit[:8]}"
        ask = self._project.commits.get(commit, lazy=True).merge_requests
        return self._read(what, lambda: _first_merged(ask(obey_rate_limit=False)))

    def open_request(self, branch: str, base: str) -> OpenRequest | None:
        asked: Mapping[str, Any] = {"state": "opened", "source_branch": branch, "target_branch": base, **_ALL}
        requests = self._project.mergerequests
        what = f"the merge requests into {base}"
        found = self._read(what, lambda: [one.attributes for one in requests.list(**asked)])
        return next((_open(one) for one in found if not _merge_request(one).stranger), None)

    def add_request(self, wanted: NewRequest) -> OpenRequest:
        fields = {"source_branch": wanted.branch, "target_branch": wanted.base, "title": wanted.title}
        requests = self._project.mergerequests
        made = self.asking.write(
            f"the merge request into {wanted.base} can't be opened",
            lambda: _asked(lambda: requests.create(fields | {"description": wanted.text}, obey_rate_limit=False)),
        )
        return _open(made.attributes)

    def comments(self, number: int) -> list[Comment]:
        what = f"the comments of merge request {number}"
        notes = self._request(number).notes
        return self._read(what, lambda: [_comment(note.attributes) for note in notes.list(**_ALL)])

    def add_comment(self, number: int, text: str) -> None:
        what = f"the comment on merge request {number} can't be written"
        notes = self._request(number).notes
        self.asking.write(what, lambda: _asked(lambda: notes.create({"body": text}, obey_rate_limit=False)))

    def edit_comment(self, number: int, comment: int, text: str) -> None:
        what = f"the comment on merge request {number} can't be written"
        notes = self._request(number).notes
        self.asking.set(what, lambda: _asked(lambda: notes.update(comment, {"body": text}, obey_rate_limit=False)))

    def delete_comment(self, number: int, comment: int) -> None:
        what = f"a second comment on merge request {number} can't be deleted"
        notes = self._request(number).notes
        self.asking.set(what, lambda: _asked(lambda: notes.delete(comment, obey_rate_limit=False)))

    def statuses(self, commit: CommitSha) -> Mapping[str, tuple[Account, Status]]:
        """GitLab gives the newest of each name, and the jobs of the pipeline among them."""
        statuses = self._project.commits.get(commit, lazy=True).statuses
        what = f"the statuses of {commit[:8]}"
        found = self._read(what, lambda: [_status(one.attributes) for one in statuses.list(**_ALL)])
        return {status.context: (by, status) for _, by, status in sorted(found, key=itemgetter(0))}

    def set_status(self, commit: CommitSha, status: Status) -> None:
        what = f"the status {status.context} of {commit[:8]} can't be set"
        fields = {"state": _NAMES.get(status.state, status.state), "name": status.context, "description": status.text}
        fields |= {"target_url": status.address} if status.address else {}
        statuses = self._project.commits.get(commit, lazy=True).statuses
        try:
            self.asking.write(
                what, lambda: _asked(lambda: statuses.create(fields | _pipeline(), obey_rate_limit=False))
            )
        except ForgeFailed as failure:
            if "Cannot transition status" not in failure.why:  # it is in that state already, with another text
                raise

    def reviews(self, number: int) -> list[Review]:
        """GitLab says who approved and when, not what: that was the newest head of that time."""
        request = self._request(number)
        heads = self._read(f"the heads of merge request {number}", lambda: _heads(request.diffs.list(**_ALL)))
        what = f"the approvals of merge request {number}"
        given = self._read(what, lambda: _reviews(request.approvals.get(obey_rate_limit=False).attributes, heads))
        return [*given, *self._rejections(number)]

    def _rejections(self, number: int) -> list[Review]:
        """Of reviewers who asked for changes. None on a GitLab that knows no such thing (before 16)."""
        what, details = f"the reviewers of merge request {number}", self._request(number).reviewer_details
        try:
            return self._read(what, lambda: _against(one.attributes for one in details.list(**_ALL)))
        except Gone:
            return []

    def is_member(self, team: str, account: Account) -> bool:
        """Of a group only its own members count, of a role the project's own. What has no slash may be an account."""
        role = _ROLES.get(team)
        where = f"/projects/{_project_number()}" if role else f"/groups/{quote(team, safe='')}"
        what = f"who is in {team}"
        try:
            found = self._get(what, f"{where}/members/{account.id}")
        except Gone:
            if not role and "/" in team:
                self._get(what, where)  # absent and not to be seen are the same
            return False
        return found.get("state", "active") == "active" and role in (None, found["access_level"])

    def _get(self, what: str, path: str) -> Any:
        return self._read(what, lambda: self._gitlab.http_get(path, obey_rate_limit=False))

    def _request(self, number: int) -> "ProjectMergeRequest":
        return self._project.mergerequests.get(number, lazy=True)

    def _read(self, what: str, call: Callable[[], T]) -> T:
        return self.asking.read(what, lambda: _asked(call))


def _first_merged(requests: Any) -> MergeRequest | None:
    return next((_merge_request(one) for one in requests if one["state"] == "merged"), None)


def _comment(one: Mapping[str, Any]) -> Comment:
    return Comment(int(one["id"]), _account(one["author"]), str(one["body"]))


def _status(one: Mapping[str, Any]) -> tuple[int, Account, Status]:
    """With its number: of two of one name the higher counts."""
    state = _STATES.get(one["status"], "failure")
    status = Status(one["name"], state, one.get("description") or "", one.get("target_url") or "")
    return int(one["id"]), _account(one.get("author")), status


def _heads(versions: Iterable[Any]) -> list[tuple[datetime, str]]:
    rows = (version.attributes for version in versions)
    return sorted((clock.parse_time(row["created_at"]), str(row["head_commit_sha"])) for row in rows)


def _reviews(approvals: Mapping[str, Any], heads: Sequence[tuple[datetime, str]]) -> list[Review]:
    return [_review(one, heads) for one in approvals["approved_by"]]


def _review(one: Mapping[str, Any], heads: Sequence[tuple[datetime, str]]) -> Review:
    """A GitLab that doesn't say when (before 18) leaves the commit empty: such an approval is shown and not counted."""
    at = clock.parse_time(one["approved_at"]) if one.get("approved_at") else None
    seen = [head for created, head in heads if at is not None and created <= at]
    commit = seen[-1] if seen else ""
    return Review(_account(one["user"]), "approved", commit, at or clock.now(), is_official=True)


def _against(reviewers: Iterable[Mapping[str, Any]]) -> list[Review]:
    """As of now: it stands until they approve, which is a state of its own. GitLab names no commit."""
    found = [one["user"] for one in reviewers if one["state"] == "requested_changes"]
    return [Review(_account(user), "rejected", "", clock.now(), is_official=True) for user in found]


def _known(user: Any) -> Account:
    return Account(int(user["id"]), str(user["username"]))


def _account(user: Any) -> Account:
    """Nobody (0) stands for an account that is gone."""
    return _known(user) if user else Account(0, "")


def _merge_request(one: Mapping[str, Any]) -> MergeRequest:
    return MergeRequest(
        number=int(one["iid"]),
        head=CommitSha(one["sha"]),
        base=one["target_branch"],
        author=_account(one["author"]),
        stranger=_stranger(str(one.get("source_project_id") or ""), str(one["target_project_id"])),
    )


def _open(one: Mapping[str, Any]) -> OpenRequest:
    return OpenRequest(int(one["iid"]), str(one["web_url"]))


def _stranger(source: str, target: str) -> str:
    if not source:
        return "its project doesn't exist any more"
    return "" if source == target else f"it comes from another project, number {plain(source)}"


def merge_request() -> MergeRequest | None:
    """The merge request of this job. In a pipeline for merged results the job's commit is a merge nobody reviews."""
    number = environ.variable("CI_MERGE_REQUEST_IID")
    if not number.isdigit():
        return None
    return MergeRequest(
        number=int(number),
        head=CommitSha(environ.variable("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environ.variable("CI_COMMIT_SHA")),
        base=environ.variable("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
        stranger=_stranger(
            environ.variable("CI_MERGE_REQUEST_SOURCE_PROJECT_ID"), environ.variable("CI_MERGE_REQUEST_PROJECT_ID")
        ),
    )


def _pipeline() -> dict[str, str]:
    """A status without it starts a pipeline of its own beside this one."""
    number = environ.variable("CI_PIPELINE_ID")
    is_ours = environ.variable("CI_PROJECT_ID") == _project_number()
    return {"pipeline_id": number} if number and is_ours else {}


def _project_number() -> str:
    """The project that is merged into: a fork's pipeline may run in the fork."""
    return environ.variable("CI_MERGE_REQUEST_PROJECT_ID") or environ.variable("CI_PROJECT_ID")


def _asked(call: Callable[[], T]) -> T:
    from gitlab import GitlabError  # noqa: PLC0415 - an extra, and slow
    from requests import RequestException  # noqa: PLC0415 - comes with it

    try:
        return call()
    except RequestException as error:
        raise NoSuccess(0, type(error).__name__) from None
    except GitlabError as error:  # `_listen` took all that are about a status
        raise ValueError(str(error)) from None


def _listen(response: "Response", *_: Any, **_options: Any) -> None:
    """Before any redirect is followed, which would take the token along. The whole body is read: the connection is
    used again."""
    code, text = response.status_code, response.text
    if code >= 400:
        headers = {name.lower(): value for name, value in response.headers.items()}
        raise NoSuccess(code, _message(text), headers)
    if code >= 300:
        raise NoSuccess(code, "it sends us to another address: check CI_API_V4_URL")
    if text and "json" not in response.headers.get("content-type", ""):
        raise NoSuccess(300, "what answered is not GitLab's API: check CI_API_V4_URL")


def _message(text: str) -> str:
    """The words of a refusal; with a scope the whole answer, for `_missing_scope`."""
    try:
        answer = json.loads(text)
        return text if "scope" in answer else str(answer.get("message") or answer["error"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return text


def _missing_scope(answer: NoSuccess) -> str:
    """https://docs.gitlab.com/api/rest/troubleshooting/"""
    try:
        scope = json.loads(answer.text)["scope"]
    except (ValueError, KeyError, TypeError):
        return ""
    return f"the scope {scope}"


def connect() -> GitlabClient:
    """The project of this job, with a token: the job's own may not comment. Raises ForgeFailed."""
    token = token_of("GitLab", "GITLAB_TOKEN", needs=f"{_NEEDS}{_HIDDEN if merge_request() is not None else ''}")
    try:
        from gitlab import Gitlab  # noqa: PLC0415 - an extra, and slow
    except ImportError:
        raise not_installed("GitLab", "python-gitlab") from None
    from requests import Session  # noqa: PLC0415 - comes with it

    session = Session()
    session.hooks["response"] = [_listen]
    gitlab = Gitlab(
        environ.variable("CI_API_V4_URL").rstrip("/").removesuffix("/api/v4"),
        private_token=token,
        timeout=TIMEOUT_S,
        per_page=_PAGE,
        user_agent="tfops",
        keep_base_url=True,
        session=session,
    )
    project = gitlab.projects.get(_project_number(), lazy=True)
    return GitlabClient(Asking("GitLab", token, _missing_scope, _NEEDS), gitlab, project)


def _reports(counts: Counts | None, complaints: Sequence[Complaint]) -> dict[str, str]:
    """The files for `artifacts:reports`: `terraform` shows counts beside the merge request, `codequality` complaints
    at their lines.

    https://docs.gitlab.com/ci/yaml/artifacts_reports/
    """
    quality = {"tfops-codequality.json": json.dumps(list(_code_quality(complaints)))}
    if counts is None:
        return quality
    widget = {"create": counts.create, "update": counts.update, "delete": counts.delete}
    return quality | {"tfops-terraform.json": json.dumps(widget)}


def _code_quality(complaints: Iterable[Complaint]) -> Iterable[dict[str, Any]]:
    for complaint in complaints:
        text = plain(f"{complaint.message} ({complaint.hint})" if complaint.hint else complaint.message)
        mark = complaint.mark
        yield {
            "description": text,
            "check_name": "tfops",
            "fingerprint": hashlib.sha256(f"{mark} {text}".encode()).hexdigest(),
            "severity": "major",
            "location": {"path": mark.path, "lines": {"begin": mark.line}},
        }


def _section(title: str) -> str:
    """A section's name takes few characters, and its end must repeat it."""
    return re.sub(r"[^a-z0-9]+", "_", title.lower()) or "_"


def _now() -> int:
    return int(clock.now().timestamp())


GITLAB = Forge(
    name="gitlab",
    title="GitLab",
    runs_us=lambda: bool(environ.variable("GITLAB_CI")),
    job_address=lambda: environ.variable("CI_JOB_URL"),
    branch=lambda: environ.variable("CI_COMMIT_BRANCH"),
    merge_target=lambda: environ.variable("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
    merge_request=merge_request,
    connect=connect,
    engine_variables=("GITLAB_TOKEN",),
    hook=HookHeaders(event=("x-gitlab-event",), delivery=("x-gitlab-event-uuid",), token=("x-gitlab-token",)),
    log=LogLines(
        annotation=lambda _complaint: "",
        open_group=lambda title: (
            f"\x1b[0Ksection_start:{_now()}:{_section(title)}[collapsed=true]\r\x1b[0K{plain(title)}"
        ),
        close_group=lambda title: f"\x1b[0Ksection_end:{_now()}:{_section(title)}\r\x1b[0K",
    ),
    reports=_reports,
    summary_file=lambda: "",
    most_bytes=1_000_000,
    throws_away=lambda: environ.variable("CI_DISPOSABLE_ENVIRONMENT") == "true",
)
