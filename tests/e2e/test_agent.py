"""The agent as a whole process, over a real remote: pushes, events, floods, outages, and a stop in the middle."""

import collections
import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.agents import Agent, running_agent
from tests.support.ear import heard
from tests.support.git_daemon import GitDaemon, git_daemon
from tests.support.sandbox import Sandbox, new_sandbox, wait_until

_PATIENCE_S = 90.0


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[GitDaemon]:
    (tmp_path / "remotes").mkdir()
    with git_daemon(tmp_path / "remotes") as found:
        yield found


@pytest.fixture
def laptop(tmp_path: Path, engine: str, daemon: GitDaemon) -> Sandbox:
    """Where people push from; the agent has a clone of its own."""
    laptop = new_sandbox(tmp_path / "laptop", engine)
    laptop.wish("one")
    laptop.git("init", "--quiet", "--bare", "--initial-branch=main", str(daemon.folder / "shop.git"))
    laptop.git("remote", "add", "origin", daemon.url("shop.git"))
    laptop.git("push", "--quiet", "--set-upstream", "origin", "main")
    return laptop


def push(laptop: Sandbox, value: str) -> str:
    commit = laptop.wish(value)
    laptop.git("push", "--quiet")
    return commit


def runs(agent: Agent, commit: str) -> bool:
    found = [one for one in agent.status()["environments"] if one["env"] == "dev"]
    return bool(found) and (found[0]["commit"], found[0]["reason"]) == (commit, "synced")


def test_an_event_is_enough_and_nothing_bad_gets_in(laptop: Sandbox, daemon: GitDaemon, tmp_path: Path) -> None:
    clone = laptop.clone(daemon.url("shop.git"), tmp_path / "agent")
    # It looks by itself only when it starts, and never again while this test runs.
    with running_agent(clone, "--interval", "1h") as agent:
        first = laptop.git("rev-parse", "HEAD")
        wait_until(lambda: agent.said("is now v1") == 1, timeout_s=_PATIENCE_S)
        assert agent.get("/healthz")[0] == 200

        second = push(laptop, "two")
        assert agent.hook(secret="another secret, of someone else") == 401
        assert agent.hook(headers={"X-GitHub-Event": "push"}) == 401
        assert agent.hook(headers={"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": "wrong"}) == 401
        assert agent.hook(headers={"Content-Length": str(100_000_000)}, body=b"") == 413
        assert agent.status()["surveys"] == 1, "nothing of that made it look"
        with ThreadPoolExecutor(8) as senders:
            assert collections.Counter(senders.map(lambda _: agent.hook(), range(10_000))) == {202: 10_000}
        wait_until(lambda: agent.said("is now v2") == 1, timeout_s=_PATIENCE_S)
        assert agent.hook() == 202
        wait_until(lambda: runs(agent, second), timeout_s=_PATIENCE_S)
        assert agent.status()["surveys"] <= 100, "a flood is a look after another, not one for each event"
        assert first != second

        daemon.stop()
        assert agent.hook() == 202
        wait_until(lambda: agent.get("/readyz")[0] == 503, timeout_s=_PATIENCE_S)
        assert agent.get("/healthz")[0] == 200, "it lives, it only can't see"
        daemon.start()
        third = push(laptop, "three")
        assert agent.hook() == 202
        wait_until(lambda: agent.said("is now v3") == 1, timeout_s=_PATIENCE_S)
        assert agent.get("/readyz")[0] == 200
        metrics = agent.get("/metrics")[1]
        assert 'tfops_environment_state{env="dev"' in metrics
        assert "tfops_reconcile_duration_seconds_count 3.0" in metrics

        # Asked to stop in the middle of an apply, it lets it finish.
        laptop.write("modules/thing/slow.tf", _SLOW.format(mark=tmp_path / "begun"))
        push(laptop, "slow")
        assert agent.hook() == 202
        wait_until((tmp_path / "begun").exists, timeout_s=_PATIENCE_S)
        assert agent.stop() == 0
        assert agent.said("waits for dev") == 1 and agent.said("is now v4") == 1
    laptop.git("fetch", "--quiet", "--tags")
    assert laptop.tags() == [f"tfops/dev/v{number}" for number in (1, 2, 3, 4)]
    applied = [laptop.git("rev-parse", f"{tag}^{{commit}}") for tag in laptop.tags()]
    assert applied[:3] == [first, second, third]
    assert json.loads(laptop.ok("verify", "dev", "-o", "json").out)["result"]["findings"] is not None


_SLOW = """\
resource "terraform_data" "slow" {{
  provisioner "local-exec" {{
    command = "touch {mark}; sleep 2"
  }}
}}
"""


def test_people_and_machines_are_told(laptop: Sandbox, daemon: GitDaemon, tmp_path: Path) -> None:
    rules = (
        "version: 1\nproject: shop\nagent:\n  tell:\n    - {url_env: HOOK, secret_env: HOOK_SECRET}\n"
        "    - {to: slack, url_env: SLACK, events: [blocked]}\nenvironments:\n  dev: {branch: main}\n"
    )
    laptop.write("tfops.yaml", rules)
    laptop.write("environments/dev.yaml", "modules: {main: {source: nowhere}}\n")
    laptop.commit("broken")
    laptop.git("push", "--quiet")
    clone = laptop.clone(daemon.url("shop.git"), tmp_path / "agent")
    with heard() as ear:
        clone.env.update({"HOOK": ear.url, "SLACK": ear.url, "HOOK_SECRET": "shared"})
        with running_agent(clone, "--interval", "1h") as agent:
            wait_until(lambda: len(ear.bodies) == 2, timeout_s=_PATIENCE_S)
            assert agent.stop() == 0
    [(headers, body)] = [pair for pair in ear.bodies if "X-Tfops-Signature-256" in pair[0]]
    digest = hmac.new(b"shared", f"{headers['X-Tfops-Timestamp']}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Tfops-Signature-256"] == f"sha256={digest}"
    told = json.loads(body)
    assert (told["event"], told["env"], told["reason"]) == ("blocked", "dev", "bad-configuration")
    [slack] = [json.loads(body) for headers, body in ear.bodies if "X-Tfops-Signature-256" not in headers]
    assert slack["text"].startswith("! shop dev: environments/dev.yaml:1:")
    assert ear.url not in agent.log.read_text()


# What a provisioner says is in the engine's error: a reason, a secret, and far more than anybody reads.
_FAILING = """\
variable "password" {
  type      = string
  sensitive = true
}
resource "terraform_data" "bad" {
  provisioner "local-exec" {
    command     = "echo quota of 5 used up by $P; yes more | head -c 20000; exit 3"
    environment = { P = nonsensitive(var.password) }
  }
}
"""


def test_why_a_change_failed_is_in_all_that_the_agent_says(laptop: Sandbox, daemon: GitDaemon, tmp_path: Path) -> None:
    """The engine's own words, masked and bounded: in the log, in a message, over HTTP, in `status` and `log`."""
    rules = "version: 1\nproject: shop\nagent: {tell: [{url_env: HOOK}]}\nenvironments:\n  dev: {branch: main}\n"
    laptop.write("tfops.yaml", rules)
    laptop.write("modules/bad/main.tf", _FAILING)
    inputs = {"password": {"from": "env:PASSWORD"}}
    laptop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "bad", "inputs": inputs}}}))
    laptop.commit("fails")
    laptop.git("push", "--quiet")
    clone = laptop.clone(daemon.url("shop.git"), tmp_path / "agent")
    with heard() as ear:
        clone.env.update({"HOOK": ear.url, "PASSWORD": "canary-hunter2"})
        with running_agent(clone, "--interval", "1h") as agent:
            wait_until(lambda: any(json.loads(body)["event"] == "failed" for _, body in ear.bodies), timeout_s=180)
            shown = agent.get("/status")[1]
            assert agent.stop() == 0
    [told] = [json.loads(body) for _, body in ear.bodies if json.loads(body)["event"] == "failed"]
    [logged] = [line for line in agent.log.read_text().splitlines() if " failed " in line]
    for said in (told["text"], logged, shown, laptop.ok("status").out, laptop.ok("log", "dev").out):
        words = " ".join(said.split())
        assert "quota of 5 used up by" in words, said
        assert "canary-hunter2" not in said
        assert len(said) < 5000, len(said)


def test_what_it_does_is_traced(laptop: Sandbox, daemon: GitDaemon, tmp_path: Path) -> None:
    clone = laptop.clone(daemon.url("shop.git"), tmp_path / "agent")
    with heard() as collector:
        named = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_RESOURCE_ATTRIBUTES": "team=shop"}
        clone.env.update(named)
        with running_agent(clone, "--interval", "1h") as agent:
            wait_until(lambda: agent.said("is now v1") == 1, timeout_s=_PATIENCE_S)
            assert agent.stop() == 0
    spans: dict[str, Span] = {}
    for _, body in collector.bodies:
        [resource] = ExportTraceServiceRequest.FromString(body).resource_spans
        about = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
        assert (about["service.name"], about["tfops.project"], about["team"]) == ("tfops-agent", "shop", "shop")
        spans |= {span.name: span for scope in resource.scope_spans for span in scope.spans}
    assert spans["tfops.change"].trace_id == spans["tfops.decide"].trace_id
    facts = {pair.key: pair.value for pair in spans["tfops.change"].attributes}
    assert (facts["tfops.env"].string_value, facts["tfops.version"].string_value) == ("dev", "v1")
    assert (facts["tfops.reason"].string_value, facts["tfops.exit_code"].int_value) == ("never-applied", 0)
    assert facts["tfops.commit"].string_value == laptop.git("rev-parse", "HEAD")
    assert agent.said("untold") == 0


def test_a_collector_that_is_away_stops_nothing(laptop: Sandbox, daemon: GitDaemon, tmp_path: Path) -> None:
    clone = laptop.clone(daemon.url("shop.git"), tmp_path / "agent")
    clone.env.update({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9/key-1234", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"})
    with running_agent(clone, "--interval", "1h") as agent:
        wait_until(lambda: agent.said("is now v1") == 1, timeout_s=_PATIENCE_S)
        assert agent.stop() == 0
    assert agent.said("traces are not taken by the collector") == 1
    assert "key-1234" not in agent.log.read_text()
