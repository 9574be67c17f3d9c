"""A merge request that tfops opens."""

import pytest

from tests.forge.conftest import Pipeline
from tests.support.forges.server import NUMBER, Answer, Trouble
from tfops.forge.asking import ForgeFailed
from tfops.forge.base import NewRequest
from tfops.forge.opening import keep_request

WANTED = NewRequest("promote/staging-v12-to-prod", "prod", "Promote staging v12 to prod", "Why, and what then.")
_PATH = r"/(pulls|merge_requests)$"


def test_it_is_opened_once_however_often_it_is_asked_for(pipeline: Pipeline) -> None:
    opened = keep_request(pipeline.client(), WANTED)
    assert opened.number == NUMBER + 1
    assert opened.address.startswith(pipeline.server.url)
    assert pipeline.server.opened == [
        {"branch": WANTED.branch, "base": "prod", "title": WANTED.title, "text": WANTED.text}
    ]
    assert keep_request(pipeline.client(), WANTED) == opened
    assert pipeline.server.count("POST", _PATH) == 1


def test_another_pair_of_branches_is_another_one(pipeline: Pipeline) -> None:
    first = keep_request(pipeline.client(), WANTED)
    other = NewRequest("promote/staging-v13-to-prod", "prod", "Promote staging v13 to prod", "Why.")
    assert keep_request(pipeline.client(), other).number == first.number + 1


def test_after_a_write_without_an_answer_it_is_looked_for(pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(method="POST", path=_PATH, late=True))
    assert keep_request(pipeline.client(), WANTED).number == NUMBER + 1
    assert (len(pipeline.server.opened), pipeline.server.count("POST", _PATH)) == (1, 1)


def test_a_refusal_says_what_the_forge_said(pipeline: Pipeline) -> None:
    answer = Answer(422, {"message": "No commits between prod and it"})
    pipeline.server.troubles.append(Trouble(answer, method="POST", path=_PATH))
    with pytest.raises(ForgeFailed, match="the merge request into prod can't be opened") as failed:
        keep_request(pipeline.client(), WANTED)
    assert "No commits between" in failed.value.why
