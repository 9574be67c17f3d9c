"""Twelve environments of one repository at once: some fail, some are interrupted, and the others don't mind."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import Ran, Sandbox, wait_until

_MODULE = """\
variable "value" { type = string }
variable "command" {
  type    = string
  default = "true"
}
resource "terraform_data" "first" {
  input = var.value
  lifecycle {
    precondition {
      condition     = var.value != "bad"
      error_message = "this value is bad"
    }
  }
}
resource "terraform_data" "then" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = var.command }
}
"""
_WEB = [f"web-{number:02}" for number in range(1, 11)]


@pytest.fixture
def many(shop: Sandbox) -> Sandbox:
    """Ten environments and a protected one on main, one on another branch. `web-05` can't be planned."""
    lines = [f"  {env}: {{branch: main}}\n" for env in _WEB]
    lines.append("  prod: {branch: main, protected: true, labels: {tier: prod}}\n  dev: {branch: develop}\n")
    shop.write("tfops.yaml", "version: 1\nproject: shop\nenvironments:\n" + "".join(lines))
    shop.write("modules/many/main.tf", _MODULE)
    for env in (*_WEB, "prod", "dev"):
        _want(shop, env, "bad" if env == "web-05" else "good")
    shop.commit("twelve environments")
    return shop


def _want(shop: Sandbox, env: str, value: str, **more: str) -> None:
    labels = {"team": "web"} if env in ("web-01", "web-02", "web-03") else {}
    module = {"source": "many", "inputs": {"value": value, **more}}
    shop.write(f"environments/{env}.yaml", json.dumps({"labels": labels, "modules": {"main": module}}))


def _answers(ran: Ran) -> dict[str, Any]:
    body = json.loads(ran.out)
    assert body["exit_code"] == ran.code
    return {one["env"]: one for one in body["result"]["environments"]}


def test_one_that_fails_stops_no_other(many: Sandbox) -> None:
    planned = many.run("plan", "--all", "-o", "json")
    found = _answers(planned)
    assert (planned.code, list(found)) == (20, [*_WEB, "prod", "dev"])
    assert {env for env, one in found.items() if not one["ok"]} == {"web-05"}
    assert "this value is bad" in found["web-05"]["error"]["why"]
    assert all(one["result"]["plan"]["changes"] for one in found.values() if one["ok"])

    _want(many, "web-02", "good", command="exit 3")
    many.commit("one fails half-way")
    text = many.run("apply", "--all", "--env", "x")
    assert (text.code, "--all is every environment" in text.err) == (64, True)
    applied = many.run("apply", "--label", "team=web", "--yes", "-o", "json")
    found = _answers(applied)
    assert (applied.code, list(found)) == (21, ["web-01", "web-02", "web-03"])
    assert found["web-02"]["error"]["state"].startswith("Stopped part-way: 1 of 2 changes done.")
    assert many.tags() == ["tfops/web-01/v1", "tfops/web-03/v1"]
    assert found["web-01"]["result"]["plan"]["digest"] in many.git("show", "tfops/web-01/v1")
    [web] = many.ok("status", "--env", "web-02", "-o", "json").result["environments"]
    assert (web["labels"], bool(web["trouble"])) == ({"team": "web"}, True)

    stopped = many.run("apply", "--env", "web-0[5-7]", "--yes", "--fail-fast", "--parallel", "1")
    assert (stopped.code, "2 not done" in stopped.out) == (20, True), stopped.out
    rest = many.run("apply", "--env", "web-06", "--env", "prod*", "--env", "d*", "--yes", "-o", "json")
    assert {env: (one["exit_code"], one["text"]) for env, one in _answers(rest).items()} == {
        "web-06": (0, "is now v1"),
        "prod": (13, "not-approved"),
    }
    assert json.loads(rest.out)["result"]["left_out"] == {"dev": "bound to develop, this is main"}


def test_an_interrupt_ends_what_runs_and_nothing_new_starts(many: Sandbox) -> None:
    begun = [Path(f"{many.home}/{env}") for env in ("web-01", "web-02")]
    for env in ("web-01", "web-02", "web-03"):
        _want(many, env, "good", command=f"touch '{many.home}/{env}'; sleep 30")
    many.commit("slow ones")
    process = many.start("apply", "--label", "team=web", "--yes", "--parallel", "2", "-o", "json")
    wait_until(lambda: all(path.exists() for path in begun) or process.poll() is not None, timeout_s=60)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    body = json.loads(out)
    assert (process.returncode, body["exit_code"], body["result"]["is_interrupted"]) == (130, 130, True), err
    found = body["result"]["environments"]
    assert [one["text"] for one in found] == ["interrupted", "interrupted", "not started"]
    assert all(one["error"]["state"].startswith("Stopped part-way") for one in found[:2])
    assert "interrupt passed on; waiting for web-01, web-02" in err
    assert not Path(f"{many.home}/web-03").exists()


@pytest.mark.parametrize("flags", [[], ["--fail-fast"]])
def test_what_changed_since_it_began_is_not_applied(many: Sandbox, flags: list[str]) -> None:
    """The first one, while it is applied, commits what makes the second one's plan another."""
    git = "git -c user.name=bob -c user.email=bob@example.com"
    edit = f"cd '{many.path}' && sed -i s/good/better/ environments/web-02.yaml && {git} commit --quiet --all -m more"
    _want(many, "web-01", "good", command=edit)
    many.commit("one changes the other")
    ran = many.run("apply", "--env", "web-01", "--env", "web-02", "--yes", "--parallel", "1", "-o", "json", *flags)
    answers = [(one["exit_code"], one["text"]) for one in _answers(ran).values()]
    assert (ran.code, answers) == (13, [(0, "is now v1"), (13, "not-as-reviewed")])
    assert many.tags() == ["tfops/web-01/v1"]
