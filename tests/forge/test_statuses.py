"""One status for the whole review and one for each environment."""

import pytest

from tests.forge.conftest import Pipeline
from tests.support.forges.server import HEAD, Answer, Trouble
from tfops.forge.asking import ForgeFailed
from tfops.forge.base import Status
from tfops.forge.statuses import WHOLE, context_of, keep_statuses
from tfops.records.names import CommitSha, EnvName

_HEAD, _UNKNOWN = CommitSha(HEAD), CommitSha("f" * 40)
_PATH = r"/statuses"


def _wanted(count: int) -> list[Status]:
    whole = Status(WHOLE, "failure", "1 of 3 plans failed", "https://ci.example/1")
    names = [context_of(EnvName(f"env-{number}")) for number in range(count)]
    return [whole, *(Status(name, "success", "3 to create") for name in names)]


def _rows(pipeline: Pipeline) -> dict[str, str]:
    """The newest row of each context."""
    return {one["context"]: one["state"] for one in pipeline.server.statuses}


def test_the_whole_and_every_environment_are_set_in_order(pipeline: Pipeline) -> None:
    keep_statuses(pipeline.client(), _HEAD, _wanted(2))
    failed = "failed" if pipeline.name == "gitlab" else "failure"
    expected = [("tfops", failed), ("tfops/env-0", "success"), ("tfops/env-1", "success")]
    assert [(one["context"], one["state"]) for one in pipeline.server.statuses] == expected
    assert pipeline.server.statuses[0]["target_url"] == "https://ci.example/1"


def test_three_hundred_are_listed_by_page_and_only_what_changed_is_written(pipeline: Pipeline) -> None:
    wanted = _wanted(300)
    keep_statuses(pipeline.client(), _HEAD, wanted)
    assert len(pipeline.server.statuses) == 301
    pipeline.server.requests.clear()
    wanted[-1] = Status(wanted[-1].context, "failure", "the plan failed")
    keep_statuses(pipeline.client(), _HEAD, wanted)
    assert pipeline.server.count("POST", _PATH) == 1
    assert pipeline.server.count("GET", _PATH) <= 8
    assert len(pipeline.server.statuses) == 302


def test_what_another_account_set_under_our_name_is_set_again(pipeline: Pipeline) -> None:
    """Whoever may push may set any context."""
    mallory = pipeline.server.add_user("mallory")
    keep_statuses(pipeline.client(mallory), _HEAD, [Status(WHOLE, "success", "3 to create")])
    keep_statuses(pipeline.client(), _HEAD, [Status(WHOLE, "success", "3 to create")])
    assert [one["creator"].login for one in pipeline.server.statuses] == ["mallory", "tfops-bot"]


def test_a_status_that_arrived_without_an_answer_is_not_set_twice(pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(method="POST", path=_PATH, late=True))
    keep_statuses(pipeline.client(), _HEAD, _wanted(1))
    assert len(pipeline.server.statuses) == 2


def test_a_status_that_did_not_arrive_is_set_after_a_look(pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(method="POST", path=_PATH))
    keep_statuses(pipeline.client(), _HEAD, _wanted(1))
    sent = [one.method for one in pipeline.server.requests if "statuses" in one.path]
    posts = [index for index, method in enumerate(sent) if method == "POST"]
    assert len(posts) == 3
    assert "GET" in sent[posts[0] : posts[1]], "it was sent again without looking"
    assert len(pipeline.server.statuses) == 2


def test_a_long_text_is_cut_to_what_every_forge_takes(pipeline: Pipeline) -> None:
    keep_statuses(pipeline.client(), _HEAD, [Status(WHOLE, "success", "\x1b[31m" + "x" * 5000)])
    keep_statuses(pipeline.client(), _HEAD, [Status(WHOLE, "success", "\x1b[31m" + "x" * 5000)])
    (row,) = pipeline.server.statuses
    assert len(row["description"]) == 140 and row["description"].isprintable() and row["description"].endswith("…")


def test_a_pending_review_may_get_another_text(pipeline: Pipeline) -> None:
    """GitLab refuses the same state twice: that isn't worth failing for."""
    keep_statuses(pipeline.client(), _HEAD, [Status(WHOLE, "pending", "1 of 2 planned")])
    keep_statuses(pipeline.client(), _HEAD, [Status(WHOLE, "pending", "2 of 2 planned")])
    keep_statuses(pipeline.client(), _HEAD, [Status(WHOLE, "success", "done")])
    assert _rows(pipeline)[WHOLE] == "success"


def test_a_commit_that_the_forge_does_not_know_is_an_error_soon(pipeline: Pipeline) -> None:
    """Gitea answers 500 with an empty message: it isn't asked for ever."""
    with pytest.raises(ForgeFailed, match=f"the status tfops of {_UNKNOWN[:8]} can't be set"):
        keep_statuses(pipeline.client(), _UNKNOWN, _wanted(0))
    assert pipeline.server.count("POST") <= 5


def test_those_before_the_one_that_fails_are_set(pipeline: Pipeline) -> None:
    client = pipeline.client()
    client.me()
    client.set_status(_HEAD, _wanted(0)[0])
    pipeline.server.troubles.append(Trouble(Answer(422, {"message": "no more of these"}), method="POST"))
    with pytest.raises(ForgeFailed) as failed:
        keep_statuses(client, _HEAD, _wanted(2))
    assert "no more of these" in failed.value.why
    assert list(_rows(pipeline)) == [WHOLE]


def test_the_case_of_a_context_is_none_on_github_and_one_elsewhere(pipeline: Pipeline) -> None:
    keep_statuses(pipeline.client(), _HEAD, [Status("TFops", "success", "done")])
    found = pipeline.client().statuses(_HEAD)
    assert list(found) == (["tfops"] if pipeline.name == "github" else ["TFops"])
