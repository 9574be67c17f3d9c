"""The agent's parts that need no process: its queue, its parts of the world, what it believes of an event."""

import hashlib
import hmac
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from tfops.agent.act import left_alive
from tfops.agent.agent_status import AgentStatus
from tfops.agent.hooks import judge_hook
from tfops.agent.metrics import metrics_text
from tfops.agent.queue import Queue
from tfops.agent.start import parse_address
from tfops.errors import UsageError
from tfops.records.decision import Decision, SyncReason
from tfops.records.names import EnvName
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.resolve.shard import parse_shard
from tfops.views.reconcile import Act

_DEV, _QA = EnvName("dev"), EnvName("qa")
_CHANGED = Decision(_DEV, SyncReason.CHANGED, "changes it", commit="a" * 40, acts=True)
_LATE = 1e9  # after all that happens in a test: no answer is early
_SECRET = b"0123456789abcdef"


def _failed(detail: str = "locked", env: EnvName = _DEV) -> Act:
    return Act(env, "a" * 40, 12, "no", detail=detail)


def test_a_newer_commit_takes_the_place_of_one_that_waits() -> None:
    queue = Queue()
    queue.offer([_CHANGED], since=_LATE)
    queue.offer([replace(_CHANGED, commit="b" * 40)], since=_LATE)
    taken = queue.take(0)
    assert taken is not None and taken.commit == "b" * 40
    assert queue.take(0) is None


def test_what_is_not_to_be_done_any_more_waits_no_more() -> None:
    queue = Queue()
    queue.offer([_CHANGED], since=_LATE)
    queue.offer([Decision(_DEV, SyncReason.HELD, "held")], since=_LATE)
    assert queue.take(0) is None


def test_one_environment_is_never_begun_twice_and_others_go_on() -> None:
    queue = Queue()
    queue.offer([_CHANGED, replace(_CHANGED, env=_QA)], since=_LATE)
    assert [queue.take(0), queue.take(0)] == [_CHANGED, replace(_CHANGED, env=_QA)]
    queue.offer([_CHANGED], since=_LATE)
    assert queue.take(0) is None, "dev still runs"
    queue.ended(Act(_DEV, "a" * 40, 0, "is now v1"), 1)
    queue.offer([_CHANGED], since=_LATE)
    assert queue.take(1) == _CHANGED


def test_an_answer_that_was_asked_for_too_early_is_left_out_and_named() -> None:
    queue = Queue()
    queue.offer([_CHANGED], since=0)
    assert queue.take(1) == _CHANGED
    assert queue.offer([_CHANGED], since=0) == {_DEV}, "it is running: the answer may be of before"
    queue.ended(Act(_DEV, "a" * 40, 0, "is now v1"), 5)
    assert queue.offer([_CHANGED], since=4) == {_DEV}, "it ended after the survey began"
    assert queue.take(6) is None
    assert queue.offer([_CHANGED], since=6) == frozenset()
    assert queue.take(6) == _CHANGED


def test_failures_make_an_environment_wait_longer_each_time_up_to_a_cap() -> None:
    queue, now, pauses = Queue(), 0.0, []
    for _ in range(9):
        queue.offer([_CHANGED], since=_LATE)
        assert queue.take(now) == _CHANGED
        queue.ended(_failed(), now)
        queue.offer([_CHANGED], since=_LATE)
        assert queue.take(now) is None
        until = queue.next_at(now)
        assert until is not None
        pauses.append(until - now)
        now = until
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    queue.offer([_CHANGED], since=_LATE)
    assert queue.take(now) == _CHANGED
    queue.ended(_failed("behind"), now)
    queue.offer([_CHANGED], since=_LATE)
    assert queue.take(now) == _CHANGED, "a newer commit doesn't wait for the pauses of an older one"


def _github(body: bytes, secret: bytes = _SECRET) -> dict[str, str]:
    digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return {"x-github-event": "push", "x-hub-signature-256": f"sha256={digest}"}


def _forgejo(event: str) -> dict[str, str]:
    return {"x-forgejo-event": event, "x-forgejo-signature": hmac.new(_SECRET, b"{}", hashlib.sha256).hexdigest()}


@pytest.mark.parametrize(
    ("headers", "status", "wakes"),
    [
        (_github(b"{}"), 202, True),
        (_github(b"{}") | {"x-github-event": "ping"}, 200, False),
        (_github(b"{} "), 401, False),
        (_github(b"{}", b"another"), 401, False),
        ({"x-github-event": "push", "x-hub-signature-256": "sha256="}, 401, False),
        ({"x-github-event": "push", "x-hub-signature-256": "sha256=é"}, 401, False),
        ({"x-github-event": "push"}, 401, False),
        ({"x-gitlab-event": "Push Hook", "x-gitlab-token": _SECRET.decode()}, 202, True),
        ({"x-gitlab-event": "Push Hook", "x-gitlab-token": ""}, 401, False),
        ({"x-gitlab-event": "Note Hook", "x-gitlab-token": _SECRET.decode()}, 200, False),
        (
            {
                "x-gitea-event": "push",
                "x-gitea-signature": hmac.new(_SECRET, b"{}", hashlib.sha256).hexdigest(),
            },
            202,
            True,
        ),
        (_forgejo("push"), 202, True),
        (_forgejo("create"), 202, True),
        (_forgejo("pull_request_approved"), 200, False),
        ({}, 401, False),
    ],
)
def test_only_a_genuine_push_wakes_the_agent(headers: dict[str, str], status: int, wakes: bool) -> None:
    verdict = judge_hook(headers, b"{}", _SECRET)
    assert (verdict.status, verdict.wakes) == (status, wakes)


@pytest.mark.parametrize("host", ["forgejo", "gitea", "gogs"])
def test_a_form_of_gitea_is_signed_inside_and_one_of_github_as_a_whole(host: str) -> None:
    """docs/how-to/agent.md: both content types of a webhook."""
    payload = '{"ref": "refs/heads/main", "pusher": "Ännchen + Bo & Co = 100%"}'.encode()
    body, form = (
        urlencode({"payload": payload}).encode(),
        {"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
    )
    inside = hmac.new(_SECRET, payload, hashlib.sha256).hexdigest()
    theirs = form | {f"x-{host}-event": "push", f"x-{host}-signature": inside}
    assert judge_hook(theirs, body, _SECRET).wakes
    assert judge_hook(form | {"x-github-event": "push", "x-hub-signature-256": f"sha256={inside}"}, body, _SECRET).wakes
    assert judge_hook(form | _github(body), body, _SECRET).wakes, "GitHub signs the form"
    assert not judge_hook({**theirs, "content-type": "application/json"}, body, _SECRET).wakes
    for wrong in (body.replace(b"main", b"evil"), b"payload=&" + body, b"other=1", b"payload", b""):
        assert judge_hook(theirs, wrong, _SECRET).status == 401, wrong


def test_every_environment_is_in_exactly_one_shard() -> None:
    shards = [parse_shard(f"{number}/3") for number in (1, 2, 3)]
    names = [f"env-{number}" for number in range(300)]
    assert all(sum(shard.has(name) for shard in shards) == 1 for name in names)
    assert all(60 < sum(shard.has(name) for name in names) < 140 for shard in shards)
    for wrong in ("0/3", "4/3", "1", "a/b", "1/0"):
        with pytest.raises(ValueError, match="is not a part"):
            parse_shard(wrong)


def test_addresses() -> None:
    assert parse_address("0.0.0.0:8420") == ("0.0.0.0", 8420)
    assert parse_address("[::1]:1") == ("::1", 1)
    assert parse_address("none") is None
    for wrong in ("8420", "host:", "host:99999", ":1"):
        with pytest.raises(UsageError):
            parse_address(wrong)


def test_the_board_says_whether_the_agent_is_ready_and_counts_what_it_did() -> None:
    board = AgentStatus(silence_s=60)
    assert board.not_ready() == "no look yet"
    board.looked()
    assert board.not_ready() == "nothing decided yet"
    board.surveyed("shop", [_CHANGED, Decision(_QA, SyncReason.SYNCED, "runs it", is_in_sync=True)])
    assert board.not_ready() == ""
    board.ended(Act(_DEV, "a" * 40, 0, "is now v1", duration_s=3.5))
    board.ended(replace(_failed(), duration_s=700))
    board.looked("no answer")
    assert board.not_ready() == "no answer"
    text = metrics_text(board).decode()
    for line in (
        'tfops_environment_state{env="dev",reason="changed"} 1.0',
        'tfops_environment_in_sync{env="qa"} 1.0',
        'tfops_failures_total{env="dev",reason="locked"} 1.0',
        'tfops_looks_total{outcome="failed"} 1.0',
        'tfops_reconcile_duration_seconds_bucket{le="5.0"} 1.0',
        'tfops_reconcile_duration_seconds_bucket{le="+Inf"} 2.0',
        "tfops_reconcile_duration_seconds_sum 703.5",
    ):
        assert line in text


def test_a_loop_that_does_not_turn_is_stuck() -> None:
    board = AgentStatus(silence_s=-1)
    assert board.stuck_for() > 0
    assert AgentStatus(silence_s=60).stuck_for() == 0


def test_what_a_change_left_alive_is_told_with_its_id() -> None:
    changes = (
        ResourceChange("t.a", "t", Action.FORGET, resource_id="i-a"),
        ResourceChange("t.b", "t", Action.DELETE, resource_id="i-b"),
        ResourceChange("t.c", "t", Action.DETACH),
    )
    plan = Plan(changes, (), "d", is_empty=False)
    assert left_alive(plan) == "; left alive, outside of the state: t.a (i-a), t.c (no id)"
    assert left_alive(replace(plan, changes=changes[1:2])) == ""
