"""What a review tells a merge request, and what it says when it can't."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.forges.gitea import GiteaServer
from tests.support.forges.server import HEAD, NUMBER, OTHER, Answer, Trouble
from tfops.commands.report_files import mistakes_written, write_review
from tfops.commands.review import MergeRequestJob, tell
from tfops.errors import ConfigError, in_a_line
from tfops.forge.asking import ForgeFailed
from tfops.forge.base import MergeRequest
from tfops.forge.comment import MARKER
from tfops.forge.gitea import GITEA
from tfops.records.complaint import Complaint, Mark
from tfops.records.names import CommitSha, EnvName
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.system import clock
from tfops.views.base import View, text_report
from tfops.views.draw import as_plain
from tfops.views.environment_review import EnvironmentReview
from tfops.views.review_result import ReviewResult

_JOB = MergeRequestJob(GITEA, MergeRequest(NUMBER, CommitSha(HEAD), "main"))
_PLAN = Plan((ResourceChange("aws_x.y", "aws_x", Action.UPDATE),), (), "d" * 64, is_empty=False)


def _result(count: int) -> ReviewResult:
    reviews = tuple(EnvironmentReview(EnvName(f"env-{number}"), _PLAN) for number in range(count))
    return ReviewResult(CommitSha(HEAD), {"main": CommitSha(OTHER)}, count, reviews)


def test_a_pipeline_whose_head_was_pushed_away_tells_nothing(forge: GiteaServer) -> None:
    forge.head = OTHER
    assert not tell(_JOB, _result(2))
    assert (forge.comments, forge.statuses, len(forge.requests)) == ([], [], 1)


def test_three_hundred_environments_are_one_comment_and_a_status_each(forge: GiteaServer) -> None:
    assert tell(_JOB, _result(300))
    [comment] = forge.comments
    assert all(f"`env-{number}`" in comment["body"] for number in range(300))
    assert [len(forge.statuses), forge.statuses[-1]["context"]] == [301, "tfops"], "what a team requires is set last"
    assert len(forge.requests) <= 310
    assert tell(_JOB, _result(300))
    assert len(forge.statuses) == 301, "what stands there isn't set again"


_REFUSALS = {
    "403": (Answer(403, {"message": "no required scope(s): [write:issue]"}), "give the token the scope write:issue"),
    "404": (Answer(404, {"message": "not found"}), "it doesn't exist, or the token may not see it"),
    "422": (Answer(422, {"message": "[Body]: Required"}), "answered 422: [Body]: Required"),
    "429": (Answer(429, {}, {"Retry-After": "3600"}), "it takes requests again in 3600 s; next: try again then"),
    "502": (Answer(502, raw="<html>"), "answered 502"),
}


@pytest.mark.parametrize("name", _REFUSALS)
def test_what_a_forge_refuses_is_said_in_one_clear_sentence(name: str, forge: GiteaServer) -> None:
    answer, words = _REFUSALS[name]
    forge.troubles.append(Trouble(answer, method="POST", path="/comments", times=9))
    with pytest.raises(ForgeFailed) as failed:
        tell(_JOB, _result(1))
    line = in_a_line(failed.value)
    assert line.startswith(f"the comment on merge request {NUMBER} can't be written: Gitea ") and words in line
    assert forge.statuses == [], "no status says more than the comment"


def test_a_forge_that_hangs_is_said_to(forge: GiteaServer) -> None:
    forge.troubles.append(Trouble(times=9, hangs_s=0.4))
    with pytest.raises(ForgeFailed, match="can't be read") as failed:
        tell(_JOB, _result(1))
    assert "Gitea gave no answer" in failed.value.why and failed.value.hint == "try again later"


def test_the_files_of_a_gitlab_job_hold_the_review_in_full_and_what_its_widgets_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    changes = (Action.UPDATE, Action.REPLACE, Action.DELETE)
    plan = Plan(tuple(ResourceChange(f"aws_x.{one}", "aws_x", one) for one in changes), (), "d" * 64, is_empty=False)
    result = replace(_result(1), reviews=(EnvironmentReview(EnvName("prod"), plan),) * 2)
    write_review(tmp_path, "reports", result)
    files = {path.name: path.read_text() for path in (tmp_path / "reports").iterdir()}
    assert json.loads(files["tfops-terraform.json"]) == {"create": 2, "update": 2, "delete": 4}
    assert json.loads(files["tfops-codequality.json"]) == []
    assert "`prod`" in files["tfops-review.md"] and MARKER not in files["tfops-review.md"]


def test_a_mistake_is_written_for_the_forge_at_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    wrong = Complaint(Mark("tfops.yaml", 3, 1), "unknown key `x`")
    with pytest.raises(ConfigError), mistakes_written(tmp_path, "reports"):
        raise ConfigError([wrong])
    [found] = json.loads((tmp_path / "reports/tfops-codequality.json").read_text())
    assert found["location"] == {"path": "tfops.yaml", "lines": {"begin": 3}}
    with mistakes_written(tmp_path, "reports"):
        pass
    assert json.loads((tmp_path / "reports/tfops-codequality.json").read_text()) == []
    with pytest.raises(ConfigError), mistakes_written(tmp_path, None):
        raise ConfigError([wrong])


def test_each_environment_is_a_part_of_a_log_that_can_fold_it() -> None:
    view = View(clock.now(), group=lambda title: (f"<{title}>", "</>"))
    text = as_plain(text_report(_result(2), view), 80)
    assert text is not None and text.splitlines()[0] == "<env-0: 1 to update>" and text.count("</>") == 2
    assert "</>" not in text.splitlines()[-1], "the sum stands behind them"


def test_why_there_is_no_plan_does_not_stand_in_the_title_of_a_part() -> None:
    review = EnvironmentReview(EnvName("dev"), None, why_no_plan="it comes from another project", is_broken=True)
    result = ReviewResult(CommitSha(HEAD), {"main": CommitSha(OTHER)}, 1, (review,))
    text = as_plain(text_report(result, View(clock.now(), group=lambda title: (f"<{title}>", "</>"))), 80)
    assert text is not None and text.startswith("<dev: no plan>\n") and "no plan: it comes from another" in text


def test_a_branch_that_no_environment_is_bound_to_is_named() -> None:
    result = ReviewResult(CommitSha(HEAD), {"main": CommitSha(OTHER)}, 0, ())
    text = as_plain(text_report(result, View(clock.now())), 80)
    assert text is not None and "no environment is bound to main" in text
