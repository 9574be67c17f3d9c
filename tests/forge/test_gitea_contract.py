"""What the local Gitea does is what a real one does: each fact is asked of both, where a real one is on PATH."""

import base64
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.forges.gitea import GiteaServer, closed, notified, referred
from tests.support.forges.real_gitea import RealGitea, ask, real_program, running
from tests.support.forges.server import HEAD, NUMBER, OTHER, User, served
from tfops.forge.asking import ForgeFailed, Gone
from tfops.forge.base import Account, Client, Status
from tfops.forge.comment import MARKER, keep_comment
from tfops.forge.gitea import GITEA
from tfops.forge.statuses import WHOLE, keep_statuses
from tfops.records.names import CommitSha, EnvName
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.views.environment_review import EnvironmentReview
from tfops.views.review import review_comment

_REPOSITORY = "/api/v1/repos/ops/live"
_WIDE = ("write:issue", "write:repository", "read:user", "read:organization")


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
    server.teams = {"crew/keepers": {"reader"}, "crew/keepers-of-old": {"ops"}}
    users = {
        "ops": server.add_user("ops"),
        "reader": server.add_user("reader", can_push=False),
        "weak": server.add_user("weak", scopes=frozenset({"read:repository", "read:issue"})),
    }
    with served(server):
        yield Subject(server.url, {name: user.token for name, user in users.items()}, NUMBER, HEAD)


def _real(real: RealGitea) -> Subject:
    tokens = {
        "ops": real.add_user("ops", *_WIDE, "write:user", "write:organization"),
        "reader": real.add_user("reader", *_WIDE),
    }
    tokens["weak"] = real.token("ops", "read:repository", "read:issue")
    subject = Subject(real.url, tokens, 1, "")
    made = subject.ask("POST", "/api/v1/user/repos", {"name": "live", "auto_init": True, "default_branch": "main"})
    assert made[0] == 201, made
    real.add_organization("crew", owner="ops", teams={"keepers": "reader", "keepers-of-old": "ops"})
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
    client, head = _client(subject, monkeypatch), CommitSha(subject.head)
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


def _client(subject: Subject, monkeypatch: pytest.MonkeyPatch, *, of: str = "ops") -> Client:
    job = {"GITHUB_SERVER_URL": subject.url, "GITHUB_REPOSITORY": "ops/live", "TFOPS_FORGE_TOKEN": subject.tokens[of]}
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    return GITEA.connect()


def test_who_is_in_a_team_is_asked_by_its_name(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are listed to who is in any of them."""
    client = _client(subject, monkeypatch)
    asked = [("keepers", "reader"), ("keepers", "ops"), ("Keepers-of-old", "ops"), ("keepers", "who")]
    assert [client.is_member(f"crew/{team}", Account(0, who)) for team, who in asked] == [True, False] * 2
    with pytest.raises(Gone, match="who is in crew/nobody can't be read"):
        client.is_member("crew/nobody", Account(0, "ops"))
    member = _client(subject, monkeypatch, of="reader")
    assert member.is_member("crew/keepers", Account(0, "reader"))
    with pytest.raises(ForgeFailed, match="who is in crew/keepers-of-old can't be read"):
        member.is_member("crew/keepers-of-old", Account(0, "ops"))
    with pytest.raises(ForgeFailed) as failed:
        _client(subject, monkeypatch, of="weak").is_member("crew/keepers", Account(0, "ops"))
    assert failed.value.hint == "give the token the scope read:organization"


def _comments(subject: Subject, **query: int) -> list[Any]:
    sign = "?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else ""
    status, found = subject.ask("GET", f"/issues/{subject.number}/comments{sign}")
    assert status == 200 and isinstance(found, list)
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


def test_without_a_page_all_statuses_come_and_none_is_null(subject: Subject) -> None:
    assert subject.ask("GET", f"/statuses/{subject.head}")[1] in (None, []), "Forgejo, Gitea"
    for number in range(35):
        _set(subject, f"tfops/{number}", "success")
    sizes = [len(subject.ask("GET", f"/statuses/{subject.head}{query}")[1]) for query in ("", "?page=1")]
    assert sizes == [35, 30]


def test_an_empty_context_stays_empty(subject: Subject) -> None:
    """GitHub calls it `default`."""
    assert _set(subject, "", "success")[1]["context"] == ""


@pytest.mark.parametrize(
    ("states", "combined"),
    [("success pending", "pending"), ("pending warning", "warning"), ("warning error success", "failure")],
)
def test_the_worst_is_the_combined_state_and_an_error_a_failure(states: str, combined: str, subject: Subject) -> None:
    for number, state in enumerate(states.split()):
        _set(subject, f"tfops/{number}", state)
    assert subject.ask("GET", f"/commits/{subject.head}/status")[1]["state"] == combined


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
    assert (status, pull.get("flow", 0), pull["user"]["login"]) == (200, 0, "ops"), "Gitea 1.22 doesn't say it"
    assert pull["head"]["repo"]["id"] == pull["base"]["repo"]["id"] == pull["head"]["repo_id"]
    assert (pull["head"]["sha"], pull["base"]["ref"]) == (subject.head, "main")


def test_a_reviewed_commit_is_not_known_as_a_merge(subject: Subject) -> None:
    assert subject.ask("GET", f"/commits/{subject.head}/pull")[0] == 404


def test_whoever_may_write_may_edit_and_delete_anybodys_comment(subject: Subject) -> None:
    theirs = _comment(subject, {"body": "theirs"}, by="reader")[1]["id"]
    assert subject.ask("PATCH", f"/issues/comments/{theirs}", {"body": "other"})[0] == 200
    assert subject.ask("DELETE", f"/issues/comments/{theirs}")[0] == 204


def test_a_short_id_is_completed_and_a_branch_is_no_commit(subject: Subject) -> None:
    body = {"context": "tfops", "state": "success"}
    assert subject.ask("POST", f"/statuses/{subject.head[:10]}", body)[0] == 201
    assert [one["context"] for one in subject.ask("GET", f"/statuses/{subject.head}")[1]] == ["tfops"]
    assert subject.ask("POST", "/statuses/no-such-branch", body)[0] in (404, 500), "Forgejo, Gitea"


def test_the_combined_state_of_a_page_behind_the_last_is_empty(subject: Subject) -> None:
    _set(subject, "tfops", "success")
    assert subject.ask("GET", f"/commits/{subject.head}/status?page=99&limit=50")[1]["state"] == ""


def _review(subject: Subject, event: str, *, by: str, **more: str) -> tuple[int, Any]:
    return subject.ask("POST", f"/pulls/{subject.number}/reviews", {"event": event, "body": "x", **more}, by=by)


def _reviews(subject: Subject) -> list[tuple[str, str, bool, bool]]:
    found = subject.ask("GET", f"/pulls/{subject.number}/reviews")[1] or []
    return [(one["state"], one["commit_id"], one["official"], one["dismissed"]) for one in found]


@pytest.mark.parametrize("event", ["APPROVED", "REQUEST_CHANGES"])
def test_the_author_gives_no_verdict(event: str, subject: Subject) -> None:
    assert _review(subject, event, by="ops")[0] == 422


def test_a_readers_approval_is_taken_and_is_not_official(subject: Subject) -> None:
    assert _review(subject, "APPROVED", by="reader")[0] == 200
    assert _reviews(subject) == [("APPROVED", subject.head, False, False)]


def test_an_event_that_nobody_knows_stays_pending(subject: Subject) -> None:
    status, made = _review(subject, "APPROVE", by="reader")
    assert (status, made["state"]) == (200, "PENDING")


def test_a_second_approval_dismisses_the_first_and_may_name_an_old_commit() -> None:
    with _local() as (server, subject):
        assert _review(subject, "APPROVED", by="bob", commit_id=OTHER)[0] == 200
        assert _review(subject, "APPROVED", by="bob")[0] == 200
        assert _reviews(subject) == [("APPROVED", OTHER, True, True), ("APPROVED", HEAD, True, False)]
        assert not server.reviews[1]["dismissed"]


@contextlib.contextmanager
def _local() -> Iterator[tuple[GiteaServer, Subject]]:
    """The local one alone: a base that is protected, and bob, who may push and wrote nothing."""
    server = GiteaServer(required_statuses=("tfops/*",), required_approvals=1)
    server.pull = {"user": {"id": 1, "login": "ops"}}
    users: list[User] = [server.add_user("ops"), server.add_user("bob"), server.add_user("carol")]
    with served(server):
        yield server, Subject(server.url, {user.login: user.token for user in users}, NUMBER, HEAD)


def _merge(subject: Subject, **more: str) -> tuple[int, str]:
    status, answer = subject.ask("POST", f"/pulls/{NUMBER}/merge", {"Do": "merge", **more})
    return status, (answer or {}).get("message", "")


def test_a_merge_says_405_for_all_but_another_head() -> None:
    with _local() as (server, subject):
        assert _merge(subject, head_commit_id=OTHER) == (409, "head out of date")
        assert _merge(subject) == (405, "Not all required status checks successful"), "absent is not passed"
        for state in ("pending", "warning", "error"):
            _set(subject, "tfops/dev", state)
            assert _merge(subject) == (405, "Not all required status checks successful")
        _set(subject, "tfops/prod", "success")
        assert _merge(subject) == (405, "Does not have enough approvals"), "one that fits the pattern is enough"
        _review(subject, "APPROVED", by="bob")
        _review(subject, "REQUEST_CHANGES", by="carol")
        assert _merge(subject) == (405, "There are requested changes")
        _review(subject, "APPROVED", by="carol")
        server.pull["mergeable"] = False
        assert _merge(subject) == (405, "Please try again later"), "a conflict has the same code"
        server.pull["mergeable"] = True
        assert _merge(subject)[0] == 200
        refused = _review(subject, "APPROVED", by="bob")
        assert (refused[0], refused[1]["message"]) == (422, "can't submit review for a closed or merged PR")


def test_an_archived_repository_takes_statuses_and_no_comments() -> None:
    with _local() as (server, subject):
        server.archived = True
        assert _set(subject, "tfops", "success")[0] == 201
        assert _comment(subject, {"body": "x"})[0] == 423


def test_both_words_before_a_token_work() -> None:
    with _local() as (server, _):
        for word in ("token", "Bearer"):
            assert server.user_of({"authorization": f"{word} secret-bob"}) is not None


@pytest.mark.parametrize(
    ("text", "issues"),
    [
        ("#3 !4 o/r#5 <code>#6</code>", {"#3", "!4", "o/r#5", "#6"}),
        ('aws_x.y["#34"]', {"#34"}),
        ("see http://forge/ops/live/issues/7", {"http://forge/ops/live/issues/7"}),
        ("`#3` ```` #4 ```` <!-- #5 --> \\#6 &#35;7 #\u200b8 a#9", set()),
    ],
)
def test_what_refers_to_another_issue(text: str, issues: set[str]) -> None:
    assert referred(text) == issues


@pytest.mark.parametrize(
    ("text", "people", "issues"),
    [
        ("@ann closes #3", {"ann"}, {3}),
        ("<details><code>@ann fixes #3</code></details>", {"ann"}, {3}),
        ("`@ann closes #3`", set(), set()),
        ("```` @ann ``` closes #3 ````", set(), set()),
        ("```diff\n@ann closes #3\n```", set(), set()),
        ("<!-- @ann closes #3 -->", set(), set()),
        ("@ops/team closes \\#3", set(), set()),
        ("\\@ann &#64;ann @\u200bann closes &#35;3", set(), set()),
    ],
)
def test_who_is_notified_and_what_is_closed_by_a_comment(text: str, people: set[str], issues: set[int]) -> None:
    assert (notified(text), closed(text)) == (people, issues)


def test_no_name_in_our_comment_notifies_or_closes() -> None:
    name = "aws_x.y[`closes #3 @ann`] | fixes #4 @bob o/r#5 http://forge/ops/live/issues/7 <!-- @carol -->"
    change = ResourceChange(name, "aws_x", Action.DELETE, reason=name)
    review = EnvironmentReview(EnvName("prod"), Plan((change,), (), "d" * 64, is_empty=False), reasons=(name,))
    broken = EnvironmentReview(EnvName("dev"), None, why_no_plan=name)
    with _local() as (server, subject):
        text = review_comment([review, broken], commit=HEAD, most_bytes=60_000, first_line=MARKER)
        _comment(subject, {"body": text})
        server.required_statuses, server.required_approvals = (), 0
        assert _merge(subject)[0] == 200
        assert (notified(text), server.closed_issues, referred(text)) == (set(), set(), set())
