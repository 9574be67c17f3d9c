"""GitHub's runner, and Gitea's and Forgejo's, which are made after it: what they set, and what they read in a log.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfops.forge.base import Account, LogLines, MergeRequest, OpenRequest
from tfops.plain import plain
from tfops.records.complaint import Complaint
from tfops.records.names import CommitSha
from tfops.system import environ


def address_of_run(run: str) -> str:
    """The page of a run, whose number or id is in the variable `run`; empty where it isn't set."""
    if not environ.variable(run):
        return ""
    server, repository = environ.variable("GITHUB_SERVER_URL"), environ.variable("GITHUB_REPOSITORY")
    return f"{server}/{repository}/actions/runs/{environ.variable(run)}"


def branch() -> str:
    is_branch = environ.variable("GITHUB_ACTIONS") and environ.variable("GITHUB_REF_TYPE") == "branch"
    return environ.variable("GITHUB_REF_NAME") if is_branch else ""


def summary_file() -> str:
    return environ.variable("GITHUB_STEP_SUMMARY")


def merge_request() -> MergeRequest | None:
    """The merge request of the event that started the job. `GITHUB_SHA` is a merge that nobody reviews."""
    if environ.variable("GITHUB_EVENT_NAME") not in ("pull_request", "pull_request_target"):
        return None
    try:
        event = json.loads(Path(environ.variable("GITHUB_EVENT_PATH")).read_text(encoding="utf-8"))
        return read_pull(event["pull_request"])
    except (OSError, ValueError, KeyError, TypeError):  # not what a runner writes: as good as nothing
        return None


def read_pull(pull: Mapping[str, Any]) -> MergeRequest:
    """A merge request as the event and the API of these forges write it. KeyError, TypeError for anything else."""
    return MergeRequest(
        number=int(pull["number"]),
        head=CommitSha(pull["head"]["sha"]),
        base=pull["base"]["ref"],
        author=read_account(pull.get("user")),
        stranger=_stranger(pull),
    )


def read_open(pull: Mapping[str, Any]) -> OpenRequest:
    """An open one. KeyError, TypeError as `read_pull`."""
    return OpenRequest(int(pull["number"]), str(pull["html_url"]))


def read_account(user: Mapping[str, Any] | None) -> Account:
    """Nobody (0) stands for an account that is gone."""
    return Account(int(user["id"]), str(user["login"])) if user else Account(0, "")


def _stranger(pull: Mapping[str, Any]) -> str:
    """Why the head isn't written by those who may write the base.

    The ids are compared, not `fork`: a fork's head repository may be deleted. A push to `refs/for/…` (on Gitea and
    Forgejo) takes no right to write, and the head then names the base's own repository: Forgejo says `flow` 1, Gitea
    1.22 nothing but a head that is no branch.
    """
    repository = pull["head"].get("repo")
    if repository is None:
        return "its repository doesn't exist any more"
    if repository["id"] != pull["base"]["repo"]["id"]:
        return f"it comes from another repository, {plain(str(repository.get('full_name') or repository['id']))}"
    is_branch = not str(pull["head"].get("ref", "")).startswith("refs/")
    if is_branch and pull.get("flow") != 1:
        return ""
    return "it was pushed to refs/for/, which takes no right to write; or its branch doesn't exist any more"


def annotation(complaint: Complaint) -> str:
    """The complaint at the line of a change that is under review."""
    mark = complaint.mark
    text = f"{complaint.message} ({complaint.hint})" if complaint.hint else complaint.message
    return f"::error file={_property(mark.path)},line={mark.line},col={mark.column}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return plain(text).replace("%", "%25")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


LOG = LogLines(
    annotation=annotation,
    open_group=lambda title: f"::group::{_escaped(title)}",
    close_group=lambda _title: "::endgroup::",
)
