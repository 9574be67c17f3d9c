"""What a forge refuses, and what is said about it; and that a token goes nowhere else."""

import logging

import pytest

from tests.forge.conftest import Pipeline
from tests.support.forges.gitea import GiteaServer
from tests.support.forges.server import HEAD, NUMBER, Answer, Trouble, served
from tfops.errors import in_a_line
from tfops.forge.asking import Busy, ForgeFailed, Gone
from tfops.forge.base import Status
from tfops.forge.comment import MARKER, keep_comment
from tfops.forge.known import FORGES
from tfops.records.names import CommitSha

_COMMENTS = r"/(comments|notes)$"
_SCOPES = {"github": "read-only", "gitlab": "read_api", "gitea": "read:user"}
_MISSING = {"github": "pull_requests=write", "gitlab": "the scope api", "gitea": "the scope write:issue"}


def test_a_token_that_lacks_a_scope_is_told_which(pipeline: Pipeline) -> None:
    weak = pipeline.server.add_user("weak", scopes=frozenset({_SCOPES[pipeline.name]}))
    with pytest.raises(ForgeFailed) as failed:
        pipeline.client(weak).add_comment(NUMBER, "text")
    assert failed.value.hint == f"give the token {_MISSING[pipeline.name]}"
    assert failed.value.what == f"the comment on merge request {NUMBER} can't be written"
    assert pipeline.pauses == [], "it was tried again"


def test_a_refusal_that_names_no_scope_says_all_that_is_needed(pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(Answer(403, {"message": "Forbidden"})))
    with pytest.raises(ForgeFailed, match="can't be read") as failed:
        pipeline.client().comments(NUMBER)
    assert failed.value.hint.startswith("the token needs all of: ")


def test_a_wrong_token_is_said_to_be_wrong_and_never_shown(
    pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stranger = pipeline.server.add_user("stranger")
    client = pipeline.client(stranger)
    del pipeline.server.users[stranger.token]
    pipeline.server.troubles.append(Trouble(Answer(401, {"message": f"bad token {stranger.token}"})))
    for _ in range(2):
        with pytest.raises(ForgeFailed) as failed:
            client.me()
        assert "the token is wrong, or has expired" in failed.value.why
        assert stranger.token not in in_a_line(failed.value)
    assert stranger.token not in caplog.text + repr(client) + repr(client.asking)


def test_private_and_absent_are_the_same(pipeline: Pipeline) -> None:
    with pytest.raises(Gone) as failed:
        pipeline.client().merge_request(99)
    assert "it doesn't exist, or the token may not see it" in failed.value.why
    assert failed.value.hint.startswith("needed: ")


def test_without_a_token_the_variables_are_named(pipeline: Pipeline) -> None:
    pipeline.client()
    pipeline.monkeypatch.delenv("TFOPS_FORGE_TOKEN")
    forge = next(forge for forge in FORGES if forge.name == pipeline.name)
    with pytest.raises(ForgeFailed) as failed:
        forge.connect()
    assert "TFOPS_FORGE_TOKEN or " in failed.value.why and "set one that may: " in failed.value.hint
    assert ("`protected` is hidden" in failed.value.hint) == (pipeline.name == "gitlab"), "as GitLab makes them"


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_without_the_extra_the_command_to_install_it_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, name, None)
    monkeypatch.setenv("TFOPS_FORGE_TOKEN", "x")
    forge = next(forge for forge in FORGES if forge.name == name)
    with pytest.raises(ForgeFailed, match="can't be asked") as failed:
        forge.connect()
    assert "is not installed" in failed.value.why and "the extra `forge`" in failed.value.hint


@pytest.mark.parametrize("after", ["3", "2.5", "Sat, 01 Jan 2000 00:00:00 GMT", "soon", ""], ids=repr)
def test_a_forge_with_too_many_requests_is_left_alone_as_long_as_it_says(after: str, pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(Answer(429, {"message": "Too Many"}, {"Retry-After": after})))
    assert pipeline.client().comments(NUMBER) == []
    assert pipeline.pauses == [{"3": 3.0, "2.5": 2.5, "soon": 1.0, "": 1.0}.get(after, 0.1)]


def test_a_forge_that_wants_an_hour_gets_none(pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(Answer(429, {"message": "Too Many"}, {"Retry-After": "3600"})))
    with pytest.raises(Busy) as failed:
        pipeline.client().comments(NUMBER)
    assert "it takes requests again in 3600 s" in failed.value.why
    assert pipeline.pauses == []


@pytest.mark.parametrize(
    "headers",
    [{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}, {"Retry-After": "1"}, {}],
    ids=["used-up", "secondary", "text"],
)
def test_a_limit_that_github_calls_forbidden_is_waited_for(headers: dict[str, str], pipeline: Pipeline) -> None:
    text = {"message": "You have exceeded a secondary rate limit"}
    pipeline.server.troubles.append(Trouble(Answer(403, text, headers)))
    assert pipeline.client().comments(NUMBER) == []
    assert len(pipeline.pauses) == 1


def test_a_page_in_html_is_not_taken_for_success(pipeline: Pipeline) -> None:
    page = Trouble(Answer(200, raw="<html>log in</html>"), times=9)
    pipeline.server.troubles.append(page)
    client = pipeline.client()
    with pytest.raises(ForgeFailed):
        client.add_comment(NUMBER, "text")
    with pytest.raises(ForgeFailed):
        client.set_status(CommitSha(HEAD), Status("tfops", "success", "done"))
    with pytest.raises(ForgeFailed):
        client.comments(NUMBER)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_to_another_host_is_an_error_and_the_token_stays_here(status: int, pipeline: Pipeline) -> None:
    with served(elsewhere := GiteaServer()):
        away = Answer(status, {}, {"Location": f"{elsewhere.url}/api/v3/x"})
        pipeline.server.troubles.append(Trouble(away, times=99))
        client = pipeline.client()
        for ask in (lambda: client.comments(NUMBER), lambda: client.add_comment(NUMBER, "text"), client.me):
            with pytest.raises(ForgeFailed):
                ask()
    assert elsewhere.requests == []
    assert pipeline.pauses == []


@pytest.mark.parametrize("content", [{}, [{}], {"data": None}, [[1]], "text", 5], ids=repr)
def test_an_answer_that_nobody_documents_is_an_error_with_words(content: object, pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(Answer(200, content), times=99))
    with pytest.raises(ForgeFailed):
        pipeline.client().me()
    with pytest.raises(ForgeFailed):
        pipeline.client().merge_request(NUMBER)


def test_a_text_that_is_too_long_is_refused_in_the_forges_own_words(pipeline: Pipeline) -> None:
    """65,536 characters on GitHub, a million on GitLab; Gitea takes it."""
    text = MARKER + "x" * 1_000_001
    if pipeline.name == "gitea":
        keep_comment(pipeline.client(), NUMBER, text)
        return
    with pytest.raises(ForgeFailed) as failed:
        keep_comment(pipeline.client(), NUMBER, text)
    assert "is too long (maximum is " in failed.value.why
    assert pipeline.server.count("POST", _COMMENTS) == 1


def test_what_a_forge_says_can_not_act_on_a_terminal(pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(Answer(422, {"message": "\x1b[31mred\r\n" + "x" * 5000})))
    with pytest.raises(ForgeFailed) as failed:
        pipeline.client().comments(NUMBER)
    assert failed.value.why.isprintable() and len(failed.value.why) < 400


def test_an_archived_repository_is_said_in_its_words(pipeline: Pipeline) -> None:
    pipeline.server.troubles.append(Trouble(Answer(423, {"message": "repo is archived"})))
    with pytest.raises(ForgeFailed) as failed:
        pipeline.client().add_comment(NUMBER, "text")
    assert "answered 423: repo is archived" in failed.value.why
