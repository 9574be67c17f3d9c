"""What the local Gitea does is what a real one does: each fact is asked of both, where a real one is on PATH."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.forges.gitea import GiteaServer
from tests.support.forges.real_gitea import RealGitea, ask, real_program, running
from tests.support.forges.server import HEAD, NUMBER, served
from tfops.forge.base import Status
from tfops.forge.comment import MARKER, keep_comment
from tfops.forge.gitea import GITEA
from tfops.forge.statuses import WHOLE, keep_statuses
from tfops.records.names import CommitSha

_REPOSITORY = "/api/v1/repos/ops/live"
_WIDE = ("write:issue", "write:repository", "read:user")


@dataclass(frozen=True, slots=True)
class Subject:
    """A repository `ops/live` with a merge request; `tokens` of `ops`, who may push, `reader`, and `weak` (ops')."""

    url: str
    tokens: dict[str, str]
    number: int
    head: str

    def ask(self, method: str, path: str, body: Any = None, *, by: str = "ops") -> tuple[int, Any]:
        place = path if path.startswith("/api") else _REPOSITORY + path
        return ask(self.url, method, place, token=self.tokens[by], body=body)


_REAL = [pytest.param("real", marks=pytest.mark.forge)] if real_program() else []


@pytest.fixture(params=["local", *_REAL])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    if request.param == "real":
        with running(tmp_path) as real:
            yield _real(real)
        return
    server = GiteaServer()
    server.pull = {"user": {"id": 1, "login": "ops"}}
    users = {
        "ops": server.add_user("ops"),
        "reader": server.add_user("reader", can_push=False),
        "weak": server.add_user("weak", scopes=frozenset({"read:repository", "read:issue"})),
    }
    with served(server):
        yield Subject(server.url, {name: user.token for name, user in users.items()}, NUMBER, HEAD)


def _real(real: RealGitea) -> Subject:
    tokens = {"ops": real.add_user("ops", *_WIDE, "write:user"), "reader": real.add_user("reader", *_WIDE)}
    tokens["weak"] = real.token("ops", "read:repository", "read:issue")
    subject = Subject(real.url, tokens, 1, "")
    made = subject.ask("POST", "/api/v1/user/repos", {"name": "live", "auto_init": True, "default_branch": "main"})
    assert made[0] == 201, made
    file = {"content": base64.b64encode(b"x").decode(), "branch": "main", "new_branch": "feature", "message": "x"}
    assert subject.ask("POST", "/contents/file", file)[0] == 201
    status, pull = subject.ask("POST", "/pulls", {"base": "main", "head": "feature", "title": "feature"})
    assert status == 201, pull
    return Subject(real.url, tokens, pull["number"], pull["head"]["sha"])


@pytest.mark.forge
def test_a_real_one_is_asked_too(tmp_path: Path) -> None:
    if not real_program():
        pytest.skip("no Gitea or Forgejo here: put gitea or forgejo on PATH")
    with running(tmp_path) as real:
        assert ask(real.url, "GET", "/api/v1/version")[0] == 200


def test_a_review_is_written_and_kept_up_to_date(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole story: comment, statuses, the merge request, who approved it."""
    monkeypatch.setenv("GITHUB_SERVER_URL", subject.url)
    monkeypatch.setenv("GITHUB_REPOSITORY", "ops/live")
    monkeypatch.setenv("TFOPS_FORGE_TOKEN", subject.tokens["ops"])
    client, head = GITEA.connect(), CommitSha(subject.head)
    _comment(subject, {"body": f"{MARKER} forged"}, by="reader")
    for text in ("first", "second"):
        keep_comment(client, subject.number, f"{MARKER}\n{text}")
        keep_statuses(client, head, [Status(WHOLE, "success", text), Status("tfops/dev", "failure", "no plan")])
    assert [one["body"] for one in _comments(subject)] == [f"{MARKER} forged", f"{MARKER}\nsecond"]
    found = {context: (by.name, status.state, status.text) for context, (by, status) in client.statuses(head).items()}
    assert found == {"tfops": ("ops", "success", "second"), "tfops/dev": ("ops", "failure", "no plan")}
    request = client.merge_request(subject.number)
    assert (request.head, request.base, request.author, request.stranger) == (head, "main", client.me(), "")
    assert client.reviews(subject.number) == []
    assert client.merged_as(head) is None


def _comments(subject: Subject, **query: int) -> list[Any]:
    sign = "?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else ""
    status, found = subject.ask("GET", f"/issues/{subject.number}/comments{sign}")
    assert status == 200
    assert isinstance(found, list)
    return found


def _comment(subject: Subject, body: Any, *, by: str = "ops") -> tuple[int, Any]:
    return subject.ask("POST", f"/issues/{subject.number}/comments", body, by=by)


def test_all_comments_come_in_one_answer_whatever_page_is_asked_for(subject: Subject) -> None:
    for number in range(60):
        assert _comment(subject, {"body": f"comment {number}"})[0] == 201
    assert [len(_comments(subject)), len(_comments(subject, page=2, limit=10))] == [60, 60]


@pytest.mark.parametrize("body", [{"body": ""}, {"body": None}, {}], ids=str)
def test_an_empty_comment_is_refused(body: dict[str, str], subject: Subject) -> None:
    assert _comment(subject, body)[0] == 422


@pytest.mark.parametrize("text", [" ", "\n", "<!-- m -->\r\nx \x00 \x1b[31m \u202e \ufffe ", "x" * 200_000], ids=len)
def test_a_comment_comes_back_as_it_was_sent(text: str, subject: Subject) -> None:
    assert _comment(subject, {"body": text})[0] == 201
    assert [one["body"] for one in _comments(subject)] == [text]


def test_comments_are_not_unique_and_their_ids_grow(subject: Subject) -> None:
    ids = [_comment(subject, {"body": "the same"})[1]["id"] for _ in range(3)]
    assert ids == sorted(set(ids))


def test_a_reader_may_forge_a_marker_and_may_not_edit_ours(subject: Subject) -> None:
    ours = _comment(subject, {"body": "ours"})[1]["id"]
    assert _comment(subject, {"body": "ours"}, by="reader")[0] == 201
    assert subject.ask("PATCH", f"/issues/comments/{ours}", {"body": "mine"}, by="reader") == (403, None)


def test_a_deleted_comment_can_not_be_edited(subject: Subject) -> None:
    ours = _comment(subject, {"body": "ours"})[1]["id"]
    assert subject.ask("DELETE", f"/issues/comments/{ours}")[0] == 204
    assert subject.ask("PATCH", f"/issues/comments/{ours}", {"body": "again"})[0] == 404


def _set(subject: Subject, context: str, state: str, **more: str) -> tuple[int, Any]:
    body = {"context": context, "state": state, **more}
    return subject.ask("POST", f"/statuses/{subject.head}", body)


@pytest.mark.parametrize("state", ["success", "running", "SUCCESS", ""], ids=repr)
def test_any_text_is_a_state_and_any_length_a_description(state: str, subject: Subject) -> None:
    status, made = _set(subject, "c" * 200, state, description="d" * 70_000)
    assert (status, made["status"], len(made["description"])) == (201, state, 70_000)


def test_the_same_context_twice_makes_two_rows_and_case_tells_contexts_apart(subject: Subject) -> None:
    for context in ("tfops", "tfops", "TFops"):
        _set(subject, context, "success")
    _, found = subject.ask("GET", f"/statuses/{subject.head}?page=1&limit=50")
    assert sorted(one["context"] for one in found) == ["TFops", "tfops", "tfops"]


def test_the_combined_state_is_that_of_its_page(subject: Subject) -> None:
    _set(subject, "tfops/first", "failure")
    for number in range(60):
        _set(subject, f"tfops/{number}", "success")
    pages = [subject.ask("GET", f"/commits/{subject.head}/status?page={page}&limit=50")[1] for page in (1, 2)]
    assert sorted((one["state"], one["total_count"]) for one in pages) == [("failure", 11), ("success", 50)]


def test_a_larger_page_is_cut_without_a_word(subject: Subject) -> None:
    for number in range(55):
        _set(subject, f"tfops/{number}", "success")
    sizes = [len(subject.ask("GET", f"/statuses/{subject.head}?page={page}&limit=100")[1] or []) for page in (1, 2, 3)]
    assert sizes == [50, 5, 0]


def test_a_status_of_an_unknown_commit_is_a_server_error_without_words(subject: Subject) -> None:
    status, answer = subject.ask("POST", f"/statuses/{'f' * 40}", {"context": "tfops", "state": "success"})
    assert (status, answer["message"]) == (500, "")


def test_a_reader_can_set_no_status(subject: Subject) -> None:
    body = {"context": "tfops", "state": "success"}
    assert subject.ask("POST", f"/statuses/{subject.head}", body, by="reader")[0] == 403


def test_a_scope_that_is_missing_is_named(subject: Subject) -> None:
    status, answer = _comment(subject, {"body": "x"}, by="weak")
    assert status == 403
    assert "token does not have at least one of required scope(s): [write:issue]" in answer["message"]
    status, answer = subject.ask("GET", "/api/v1/user", by="weak")
    assert (status, "[read:user]" in answer["message"]) == (403, True)


def test_a_wrong_token_and_an_absent_merge_request(subject: Subject) -> None:
    assert ask(subject.url, "GET", "/api/v1/user", token="f" * 40)[0] == 401
    assert subject.ask("GET", "/pulls/4711")[0] == 404


def test_the_merge_request_says_whose_head_it_is(subject: Subject) -> None:
    status, pull = subject.ask("GET", f"/pulls/{subject.number}")
    assert (status, pull["flow"], pull["user"]["login"]) == (200, 0, "ops")
    assert pull["head"]["repo"]["id"] == pull["base"]["repo"]["id"] == pull["head"]["repo_id"]
    assert (pull["head"]["sha"], pull["base"]["ref"]) == (subject.head, "main")


def test_a_reviewed_commit_is_not_known_as_a_merge(subject: Subject) -> None:
    assert subject.ask("GET", f"/commits/{subject.head}/pull")[0] == 404
