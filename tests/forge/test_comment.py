"""The one comment on a merge request, on all forges, whatever happens to it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from tests.forge.conftest import Pipeline
from tests.support.forges.server import HEAD, NUMBER, Answer, Trouble
from tfops.forge.asking import ForgeFailed, told
from tfops.forge.base import Client, Comment
from tfops.forge.comment import MARKER, keep_comment, note_outcome
from tfops.forge.known import forge_here
from tfops.records.names import EnvName
from tfops.records.plan import Action, AttributeChange, Plan, ResourceChange
from tfops.views.environment_review import EnvironmentReview
from tfops.views.review import review_comment

_TEXT = f"{MARKER}\nfirst"
_NEXT = f"{MARKER}\nsecond"
_COMMENTS = r"/(comments|notes)$"


def _texts(pipeline: Pipeline) -> list[str]:
    return [comment["body"] for comment in pipeline.server.comments]


def _writes(pipeline: Pipeline) -> int:
    asked = r"/(comments|notes)"
    return sum(pipeline.server.count(method, asked) for method in ("POST", "PUT", "PATCH", "DELETE"))


class _After:
    """A client that lets something happen right after it listed the comments for the first time."""

    def __init__(self, client: Client, happens: Any) -> None:
        self._client, self._happens = client, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def comments(self, number: int) -> list[Comment]:
        found = self._client.comments(number)
        happens, self._happens = self._happens, lambda: None
        happens()
        return found


def test_it_is_written_once_and_then_kept_up_to_date_in_place(pipeline: Pipeline) -> None:
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    first = pipeline.server.comments[0]["id"]
    pipeline.server.requests.clear()
    keep_comment(pipeline.client(), NUMBER, _NEXT)
    assert [(one["id"], one["body"]) for one in pipeline.server.comments] == [(first, _NEXT)]
    assert (pipeline.server.count("GET", _COMMENTS), _writes(pipeline)) == (1, 1)


def test_the_same_text_is_not_written_again(pipeline: Pipeline) -> None:
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    assert (_texts(pipeline), _writes(pipeline)) == ([_TEXT], 1)


def test_it_is_found_behind_hundreds_of_others(pipeline: Pipeline) -> None:
    other = pipeline.server.add_user("chatty")
    for number in range(120):
        pipeline.server.comment(other, f"comment {number}")
    ours = pipeline.server.comment(pipeline.bot, _TEXT)
    for number in range(120):
        pipeline.server.comment(other, f"more {number}")
    keep_comment(pipeline.client(), NUMBER, _NEXT)
    assert ours["body"] == _NEXT
    assert len(pipeline.server.comments) == 241


def test_a_comment_forged_with_our_marker_is_left_alone(pipeline: Pipeline) -> None:
    eve = pipeline.server.add_user("eve")
    forged = pipeline.server.comment(eve, _TEXT)
    keep_comment(pipeline.client(), NUMBER, _NEXT)
    assert forged["body"] == _TEXT
    assert [one["body"] for one in pipeline.server.comments if one["user"] is pipeline.bot] == [_NEXT]


def test_what_our_account_wrote_without_the_marker_is_left_alone(pipeline: Pipeline) -> None:
    quote = f"> {MARKER}\nabout that"
    pipeline.server.comment(pipeline.bot, quote)
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    assert _texts(pipeline) == [quote, _TEXT]


def test_a_comment_that_somebody_edited_is_put_right(pipeline: Pipeline) -> None:
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    pipeline.server.comments[0]["body"] = f"{MARKER}\nall is well, merge it"
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    assert _texts(pipeline) == [_TEXT]


def test_a_comment_that_is_deleted_meanwhile_is_made_anew(pipeline: Pipeline) -> None:
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    keep_comment(_After(pipeline.client(), pipeline.server.comments.clear), NUMBER, _NEXT)
    assert _texts(pipeline) == [_NEXT]


@pytest.mark.parametrize("pipelines", [2, 8])
def test_pipelines_that_all_make_it_at_once_end_with_one(pipelines: int, pipeline: Pipeline) -> None:
    together = threading.Barrier(pipelines, timeout=30)
    clients = [_After(pipeline.client(), together.wait) for _ in range(pipelines)]
    with ThreadPoolExecutor(pipelines) as pool:
        list(pool.map(lambda client: keep_comment(client, NUMBER, _TEXT), clients))
    assert _texts(pipeline) == [_TEXT]
    assert pipeline.server.count("POST", _COMMENTS) == pipelines, "the race that this is about didn't happen"


def test_two_of_ours_become_the_older_one(pipeline: Pipeline) -> None:
    older = pipeline.server.comment(pipeline.bot, _TEXT)
    pipeline.server.comment(pipeline.bot, _TEXT)
    keep_comment(pipeline.client(), NUMBER, _NEXT)
    assert [(one["id"], one["body"]) for one in pipeline.server.comments] == [(older["id"], _NEXT)]


@pytest.mark.parametrize("hangs_s", [0.0, 1.5], ids=["bad-gateway", "no-answer"])
def test_a_comment_that_arrived_without_an_answer_is_not_written_twice(hangs_s: float, pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(method="POST", path=_COMMENTS, late=True, hangs_s=hangs_s))
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    assert _texts(pipeline) == [_TEXT]
    assert pipeline.server.count("POST", _COMMENTS) == 1


@pytest.mark.parametrize("answer", [Answer(502, raw="<html>"), Answer(429, {}, {"Retry-After": "2"})], ids=str)
def test_a_comment_that_did_not_arrive_is_written_again_after_a_look(answer: Answer, pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(answer, method="POST", path=_COMMENTS))
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    sent = [one.method for one in pipeline.server.requests if one.path.endswith(("/comments", "/notes"))]
    assert sent == ["GET", "POST", "GET", "POST", "GET"]
    assert (_texts(pipeline), len(pipeline.pauses)) == ([_TEXT], 1)


def test_an_edit_that_got_no_answer_is_sent_again(pipeline: Pipeline) -> None:
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    pipeline.server.troubles += [Trouble(method=method, late=True) for method in ("PATCH", "PUT")]
    keep_comment(pipeline.client(), NUMBER, _NEXT)
    assert _texts(pipeline) == [_NEXT]


def test_a_list_that_fails_twice_is_asked_again(pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(method="GET", path=_COMMENTS, times=2))
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    assert (_texts(pipeline), len(pipeline.pauses)) == ([_TEXT], 2)
    assert 1 <= pipeline.pauses[0] < pipeline.pauses[1] < 5, "each pause is longer than the one before"


def test_a_forge_that_is_broken_is_left_after_four_tries(pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(Answer(503, raw="<html>"), times=99))
    with pytest.raises(ForgeFailed) as failed:
        keep_comment(pipeline.client(), NUMBER, _TEXT)
    assert len(pipeline.server.requests) == 4
    assert "answered 503" in failed.value.why


def test_a_forge_that_hangs_costs_a_bounded_time_for_all_calls_together(pipeline: Pipeline) -> None:
    """Sixty seconds by default; here three, of which a call takes one."""
    client = pipeline.client()
    client.asking.left_s = 3.0
    pipeline.server.troubles.append(Trouble(hangs_s=1.3, times=99))
    for _ in range(4):
        assert "gave no answer" in told(lambda: client.comments(NUMBER))
    assert len(pipeline.server.requests) <= 6


def test_what_a_forge_does_not_take_stops_no_change(pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(Answer(404, {"message": "Not Found"}), times=99))
    assert told(lambda: keep_comment(pipeline.client(), NUMBER, _TEXT)).startswith(("who the token", "the comment"))
    pipeline.server.troubles.clear()
    assert told(lambda: keep_comment(pipeline.client(), NUMBER, _TEXT)) == ""


def test_a_comment_that_never_stays_is_an_error(pipeline: Pipeline) -> None:
    class Vanishing(_After):
        def add_comment(self, number: int, text: str) -> None:
            self._client.add_comment(number, text)
            pipeline.server.comments.clear()

    with pytest.raises(ForgeFailed, match="can't be written"):
        keep_comment(Vanishing(pipeline.client(), lambda: None), NUMBER, _TEXT)
    assert pipeline.server.count("POST", _COMMENTS) == 4


def test_a_text_without_the_marker_would_never_be_found_again(pipeline: Pipeline) -> None:
    with pytest.raises(ValueError, match="found again"):
        keep_comment(pipeline.client(), NUMBER, "no marker")


def test_five_thousand_changes_are_taken_by_every_forge(pipeline: Pipeline) -> None:
    attributes = tuple(AttributeChange(f"tags.{name}", '"é"', '"漢"') for name in "abcdef")
    change = ResourceChange("aws_x.y", "aws_x", Action.REPLACE, attributes=attributes)
    review = EnvironmentReview(EnvName("prod"), Plan((change,) * 5000, (), "d" * 64, is_empty=False))
    forge = forge_here()
    assert forge is not None
    text = review_comment([review], commit=HEAD, most_bytes=forge.most_bytes, first_line=MARKER)
    for _ in range(2):
        keep_comment(pipeline.client(), NUMBER, text)
    assert _texts(pipeline) == [text]
    assert _writes(pipeline) == 1


def test_what_became_of_an_environment_is_noted_in_place_and_of_others_too(pipeline: Pipeline) -> None:
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    for env, text in (("prod", "not applied"), ("dev", "applied as v3"), ("prod", "applied as v12")):
        note_outcome(pipeline.client(), NUMBER, env, text, most_bytes=10_000)
    [body] = _texts(pipeline)
    assert body.startswith(MARKER) and body.rstrip().endswith("first")
    assert "applied as v12" in body and "applied as v3" in body and "not applied" not in body


def test_the_same_outcome_is_not_written_again(pipeline: Pipeline) -> None:
    note_outcome(pipeline.client(), NUMBER, "prod", "applied as v12", most_bytes=10_000)
    pipeline.server.requests.clear()
    note_outcome(pipeline.client(), NUMBER, "prod", "applied as v12", most_bytes=10_000)
    assert _writes(pipeline) == 0


def test_jobs_side_by_side_lose_no_outcome(pipeline: Pipeline) -> None:
    keep_comment(pipeline.client(), NUMBER, _TEXT)
    client = _After(
        pipeline.client(), lambda: note_outcome(pipeline.client(), NUMBER, "dev", "applied as v3", most_bytes=10_000)
    )
    note_outcome(cast("Client", client), NUMBER, "prod", "applied as v12", most_bytes=10_000)
    note_outcome(pipeline.client(), NUMBER, "dev", "applied as v3", most_bytes=10_000)
    [body] = _texts(pipeline)
    assert "applied as v12" in body and "applied as v3" in body


def test_an_outcome_goes_before_a_review_that_leaves_no_room(pipeline: Pipeline) -> None:
    keep_comment(pipeline.client(), NUMBER, f"{_TEXT}\n{'x' * 900}")
    note_outcome(pipeline.client(), NUMBER, "prod", "applied as v12", most_bytes=1_000)
    note_outcome(pipeline.client(), NUMBER, "dev", "applied as v3", most_bytes=1_000)
    [body] = _texts(pipeline)
    assert "applied as v12" in body and "applied as v3" in body and "xxx" not in body
