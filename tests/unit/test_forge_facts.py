"""What the environment of a CI job says, forge by forge."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

import tfops
from tfops.engine.environment import base_environment
from tfops.forge.base import Account, Counts, MergeRequest
from tfops.forge.ci import (
    annotations,
    branch_named_by_ci,
    is_thrown_away,
    job_address,
    merge_target_named_by_ci,
    report_files,
    write_summary,
)
from tfops.forge.gitlab import GITLAB
from tfops.forge.known import FORGES, forge_here
from tfops.records.complaint import Complaint, Mark
from tfops.records.names import CommitSha

_SHA, _MERGE = CommitSha("a" * 40), CommitSha("b" * 40)
_COMPLAINT = Complaint(Mark("environments/a,b.yaml", 3, 7), "`x` is 100% wrong\nand\x1b more", "x: 1", "write y")
_GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "ops/live",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_NUMBER": "5",
}
_GITLAB = {
    "GITLAB_CI": "true",
    "CI_JOB_URL": "https://gitlab.example/ops/live/-/jobs/9",
    "CI_COMMIT_SHA": _SHA,
    "CI_MERGE_REQUEST_IID": "12",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_MERGE_REQUEST_PROJECT_ID": "4",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "4",
}
_PULL: dict[str, Any] = {
    "number": 12,
    "user": {"id": 3, "login": "ann"},
    "head": {"sha": _SHA, "repo": {"id": 4, "full_name": "ops/live"}},
    "base": {"ref": "main", "repo": {"id": 4}},
}


@pytest.fixture(autouse=True)
def laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("CI", "GIT", "BUILD", "CIRCLE", "BRANCH", "FORGEJO", "TFOPS_BRANCH")):
            monkeypatch.delenv(name)


def _set(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("variables", "forge", "address"),
    [
        ({}, None, ""),
        (_GITHUB, "github", "https://github.example/ops/live/actions/runs/77"),
        (_GITHUB | {"GITEA_ACTIONS": "true"}, "gitea", "https://github.example/ops/live/actions/runs/77"),
        (_GITHUB | {"FORGEJO_ACTIONS": "true"}, "gitea", "https://github.example/ops/live/actions/runs/5"),
        (_GITLAB, "gitlab", "https://gitlab.example/ops/live/-/jobs/9"),
        ({"BUILD_URL": "https://jenkins.example/5/"}, None, "https://jenkins.example/5/"),
        ({"BUILDKITE_BUILD_URL": "https://buildkite.example/5"}, None, "https://buildkite.example/5"),
    ],
)
def test_the_job_says_where_it_runs(
    variables: dict[str, str], forge: str | None, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, variables)
    here = forge_here()
    assert (here.name if here else None, job_address()) == (forge, address)


@pytest.mark.parametrize(
    ("variables", "branch"),
    [
        ({}, ""),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"}, "main"),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"}, ""),
        ({"CI_COMMIT_BRANCH": "main", "BUILDKITE_BRANCH": "other"}, "main"),
        ({"BUILDKITE_BRANCH": "main", "CIRCLE_BRANCH": "other"}, "main"),
        ({"CIRCLE_BRANCH": "main", "BRANCH_NAME": "other"}, "main"),
        ({"BRANCH_NAME": "main"}, "main"),
        ({"TFOPS_BRANCH": "mine", "CI_COMMIT_BRANCH": "main"}, "mine"),
    ],
)
def test_the_job_says_for_which_branch(variables: dict[str, str], branch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, variables)
    assert branch_named_by_ci() == branch


@pytest.mark.parametrize(
    ("variables", "target"),
    [
        ({}, ""),
        (_GITHUB | {"GITHUB_BASE_REF": "main"}, "main"),
        (_GITHUB | {"GITEA_ACTIONS": "true", "GITHUB_BASE_REF": "main"}, "main"),
        (_GITLAB, "main"),
        ({"BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main"}, "main"),
    ],
)
def test_the_job_says_into_which_branch_it_is_merged(
    variables: dict[str, str], target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, variables)
    assert merge_target_named_by_ci() == target


def _of_event(pull: dict[str, Any], event: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> MergeRequest | None:
    file = folder / "event.json"
    file.write_text(json.dumps({"pull_request": pull}), encoding="utf-8")
    _set(monkeypatch, _GITHUB | {"GITHUB_EVENT_PATH": str(file), "GITHUB_EVENT_NAME": event, "GITHUB_SHA": _MERGE})
    here = forge_here()
    assert here is not None
    return here.merge_request()


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_the_commit_under_review_is_the_head_and_not_githubs_merge(
    event: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _of_event(_PULL, event, tmp_path, monkeypatch) == MergeRequest(12, _SHA, "main", Account(3, "ann"))


@pytest.mark.parametrize(
    ("head", "more", "reason"),
    [
        ({"repo": None}, {}, "doesn't exist any more"),
        ({"repo": {"id": 5, "full_name": "eve/li\x1bve"}}, {}, "another repository, eve/li ve"),
        ({}, {"flow": 1}, "pushed to refs/for/"),
        ({"ref": "refs/pull/12/head"}, {}, "pushed to refs/for/"),
        ({}, {"flow": 0}, ""),
    ],
    ids=["deleted", "fork", "refs-for", "refs-for-on-gitea", "own"],
)
def test_whoever_can_not_push_to_the_base_is_a_stranger(
    head: dict[str, Any], more: dict[str, Any], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _of_event(_PULL | {"head": _PULL["head"] | head} | more, "pull_request", tmp_path, monkeypatch)
    assert found is not None
    assert reason in found.stranger and bool(reason) == bool(found.stranger)


def test_a_push_has_no_merge_request_and_neither_has_an_event_that_nobody_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _of_event(_PULL, "push", tmp_path, monkeypatch) is None
    assert _of_event({"number": 12}, "pull_request", tmp_path, monkeypatch) is None
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "absent"))
    assert FORGES[1].merge_request() is None


@pytest.mark.parametrize(
    ("more", "head", "stranger"),
    [
        ({}, _SHA, ""),
        ({"CI_COMMIT_SHA": _MERGE, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": _SHA}, _SHA, ""),
        ({"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8"}, _SHA, "it comes from another project, number 8"),
        ({"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": ""}, _SHA, "its project doesn't exist any more"),
    ],
    ids=["branch", "merged-results", "fork", "deleted"],
)
def test_a_merge_request_of_gitlab(
    more: dict[str, str], head: CommitSha, stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, _GITLAB | more)
    assert GITLAB.merge_request() == MergeRequest(12, head, "main", None, stranger)


def test_a_branch_pipeline_of_gitlab_has_no_merge_request(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, {"GITLAB_CI": "true", "CI_COMMIT_SHA": _SHA})
    assert GITLAB.merge_request() is None


@pytest.mark.parametrize("marks", [{"GITHUB_ACTIONS": "true"}, {"GITHUB_ACTIONS": "true", "GITEA_ACTIONS": "true"}])
def test_github_and_those_after_it_show_a_complaint_at_its_line(
    marks: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, marks)
    assert list(annotations([_COMPLAINT])) == [
        "::error file=environments/a%2Cb.yaml,line=3,col=7::`x` is 100%25 wrong and  more (write y)"
    ]


@pytest.mark.parametrize("marks", [{}, {"GITLAB_CI": "true"}])
def test_no_other_log_can_point_at_a_line(marks: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, marks)
    assert list(annotations([_COMPLAINT])) == []


def test_gitlab_takes_counts_and_complaints_as_files() -> None:
    files = GITLAB.reports(Counts(create=1, update=2, delete=3), [_COMPLAINT])
    assert json.loads(files["tfops-terraform.json"]) == {"create": 1, "update": 2, "delete": 3}
    (found,) = json.loads(files["tfops-codequality.json"])
    assert found["location"] == {"path": "environments/a,b.yaml", "lines": {"begin": 3}}
    assert found["description"] == "`x` is 100% wrong and  more (write y)"
    assert (len(found["fingerprint"]), found["severity"], found["check_name"]) == (64, "major", "tfops")


def test_a_group_in_the_log_holds_what_comes_until_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFOPS_CLOCK_SHIFT_S", "0")
    github, gitlab = FORGES[1].log, GITLAB.log
    assert github.open_group("plan\nof prod") == "::group::plan of prod"
    assert github.close_group("plan of prod") == "::endgroup::"
    begin, end = gitlab.open_group("Plan of prod\x1b[31m"), gitlab.close_group("Plan of prod\x1b[31m")
    assert begin.startswith("\x1b[0Ksection_start:") and "plan_of_prod_31m[collapsed=true]\r\x1b[0K" in begin
    assert begin.endswith("Plan of prod [31m")
    assert end.startswith("\x1b[0Ksection_end:") and end.endswith(":plan_of_prod_31m\r\x1b[0K")


@pytest.mark.parametrize("marks", [{}, {"GITEA_ACTIONS": "true"}])
def test_a_summary_is_appended_where_the_runner_says(
    marks: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n", encoding="utf-8")
    _set(monkeypatch, _GITHUB | marks | {"GITHUB_STEP_SUMMARY": str(page)})
    assert write_summary("# é")
    assert page.read_text(encoding="utf-8") == "before\n# é\n"


def test_the_forge_says_whether_a_jobs_machine_is_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_ENVIRONMENT", "github-hosted")
    assert not is_thrown_away(), "no job"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert is_thrown_away()
    monkeypatch.setenv("RUNNER_ENVIRONMENT", "self-hosted")
    assert not is_thrown_away()
    monkeypatch.setenv("GITHUB_ACTIONS", "")
    monkeypatch.setenv("GITLAB_CI", "true")
    assert not is_thrown_away(), "a shell executor"
    monkeypatch.setenv("CI_DISPOSABLE_ENVIRONMENT", "true")
    assert is_thrown_away()


@pytest.mark.parametrize("marks", [{}, {"GITLAB_CI": "true"}, {"GITHUB_ACTIONS": "true"}])
def test_without_a_summary_page_nothing_is_written(marks: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, marks)
    assert not write_summary("text")


def test_files_are_made_where_the_forge_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert report_files(Counts(create=1), []) == {}
    monkeypatch.delenv("GITHUB_ACTIONS")
    monkeypatch.setenv("GITLAB_CI", "true")
    assert set(report_files(Counts(create=1), [])) == {"tfops-terraform.json", "tfops-codequality.json"}
    assert set(report_files(None, [])) == {"tfops-codequality.json"}


def test_what_is_about_one_forge_stands_in_its_file_alone() -> None:
    """A new forge is a file and its row in the list. The pipelines that `init --ci` writes are theirs too."""
    words = re.compile(
        r"GITHUB_|GITLAB_|GITEA_|FORGEJO_|CI_(JOB|COMMIT|MERGE|API)|x-(git|hub|gogs|forgejo)|::(error|group)"
    )
    package = Path(tfops.__file__).parent
    found = [str(path.relative_to(package)) for path in package.rglob("*.py") if words.search(path.read_text("utf-8"))]
    written = ["commands/pipeline_actions.py", "commands/pipeline_gitlab.py"]
    assert sorted(found) == [*written, *(f"forge/{name}.py" for name in ("gitea", "github", "gitlab", "runner"))]


def test_the_engine_sees_the_tokens_of_providers_and_not_the_one_of_tfops(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, {"GITHUB_TOKEN": "1", "GITLAB_TOKEN": "2", "GITEA_TOKEN": "3", "TFOPS_FORGE_TOKEN": "4"})
    seen = base_environment()
    assert (seen["GITHUB_TOKEN"], seen["GITLAB_TOKEN"]) == ("1", "2")
    assert "TFOPS_FORGE_TOKEN" not in seen and "GITEA_TOKEN" not in seen


def test_each_forge_has_a_name_of_its_own_and_headers_in_lower_case() -> None:
    assert len({forge.name for forge in FORGES}) == len(FORGES)
    for forge in FORGES:
        headers = (*forge.hook.event, *forge.hook.delivery, *forge.hook.signature, *forge.hook.token)
        assert all(name == name.lower() for name in headers)
        assert forge.hook.signature or forge.hook.token, "an event of this forge could never be genuine"
