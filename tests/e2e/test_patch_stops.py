"""What stops a patch, and what it says then: before it begins, in the middle of a wave, between two waves."""

import json
import signal
from pathlib import Path

import pytest

from tests.support.sandbox import Ran, Sandbox, wait_until
from tests.support.terminal import run_in_terminal

_MODULE = """\
variable "command" {
  type    = string
  default = "true"
}
resource "terraform_data" "net" { input = "FIX" }
resource "terraform_data" "then" {
  triggers_replace = terraform_data.net.input
  provisioner "local-exec" { command = var.command }
}
"""
_RULES = """\
version: 1
project: shop
environments:
  dev: {{branch: main, verify: [{{command: ["true"]}}]}}
  staging: {{branch: main, verify: [{{command: {check}}}], promote: {{from: dev}}}}
  prod: {{branch: main, protected: true, promote: {{from: staging{more}, needs: applied}}}}
"""
_ENVS = ("dev", "staging", "prod")
_NAMED = ("--module", "network", "--env", "*", "--env", "prod", "--yes")


def _rules(shop: Sandbox, check: str = '["true"]', more: str = "") -> None:
    shop.write("tfops.yaml", _RULES.format(check=check, more=more))


def _want(shop: Sandbox, env: str, source: str = "network", **inputs: str) -> None:
    shop.write(f"environments/{env}.yaml", json.dumps({"modules": {"web": {"source": source, "inputs": inputs}}}))


def _fix(shop: Sandbox, name: str = "fixed") -> str:
    shop.write("modules/network/main.tf", _MODULE.replace("FIX", name))
    return shop.commit(f"fix(network): {name}")


@pytest.fixture
def three(shop: Sandbox) -> Sandbox:
    """Three environments in a row run the first of `network`."""
    _rules(shop)
    shop.write("modules/network/main.tf", _MODULE)
    for env in _ENVS:
        _want(shop, env)
    shop.commit("all of them")
    shop.ok("apply", "dev", "--yes")
    for source, env in (("dev", "staging"), ("staging", "prod")):
        shop.ok("promote", source, env, "--yes")
    return shop


def _rows(ran: Ran) -> dict[str, tuple[str, str]]:
    found = json.loads(ran.out)["result"]["environments"]
    return {one["env"]: (one["state"], one["version"]) for one in found}


def _errors(ran: Ran) -> dict[str, str]:
    found = json.loads(ran.out)["result"]["environments"]
    return {one["env"]: one["answer"]["text"] for one in found if one["answer"] and one["answer"]["error"]}


def test_checks_that_fail_between_two_waves_stop_it_and_after_the_fix_it_goes_on(three: Sandbox) -> None:
    healthy = three.home / "healthy"
    _rules(three, f'[test, -e, "{healthy}"]', ", soaked: 1s")
    _fix(three)
    broken = three.run("patch", *_NAMED, "-o", "json")
    assert (broken.code, _rows(broken)) == (
        13, {"dev": ("patched", "v2"), "staging": ("failed", "v2"), "prod": ("not-begun", "v1")},
    ), broken.err  # fmt: skip
    assert three.run("promote", "staging", "prod", "--yes", "-o", "json").error["guard"] == "source-unverified"
    assert three.run("patch", *_NAMED, "-o", "json").error["guard"] == "patch-stopped"

    healthy.touch()
    _rules(three, f'[test, -e, "{healthy}"]', ", soaked: 1h")
    _fix(three, "better")
    waits = three.run("patch", *_NAMED, "--resume", "-o", "json")
    assert (waits.code, _errors(waits)) == (11, {"prod": "not-soaked"})
    assert _rows(waits) == {"dev": ("patched", "v3"), "staging": ("patched", "v3"), "prod": ("not-begun", "v1")}
    _rules(three, f'[test, -e, "{healthy}"]', ", soaked: 0s")
    three.commit("rules: an hour is too long for this one")
    done = three.run("patch", *_NAMED, "--resume", "-o", "json")
    assert (done.code, _rows(done)) == (
        0, {"dev": ("done-before", "v3"), "staging": ("done-before", "v3"), "prod": ("patched", "v2")},
    ), "the newer commit gives prod nothing else: nobody waits again"  # fmt: skip


def test_an_interrupt_in_a_wave_ends_it_with_a_report_and_it_goes_on(three: Sandbox) -> None:
    begun = three.home / "begun"
    _want(three, "staging", command=f"touch '{begun}'; sleep 30")
    _fix(three)
    process = three.start("patch", *_NAMED, "-o", "json")
    wait_until(lambda: begun.exists() or process.poll() is not None, timeout_s=60)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=40)
    ran = Ran(process.returncode, out, err)
    assert (ran.code, json.loads(out)["result"]["is_interrupted"]) == (130, True), err
    assert _rows(ran) == {"dev": ("patched", "v2"), "staging": ("failed", "v1"), "prod": ("not-begun", "v1")}
    _want(three, "staging")
    three.commit("staging does not wait")
    done = three.run("patch", *_NAMED, "--resume", "-o", "json")
    assert (done.code, {state for state, _ in _rows(done).values()}) == (0, {"patched"}), done.out


def test_what_can_not_have_it_is_said_before_anything_begins(three: Sandbox) -> None:
    _fix(three)
    alone = three.run("patch", "--module", "network", "--env", "prod", "--yes", "-o", "json")
    assert (alone.code, _errors(alone), _rows(alone)) == (11, {"prod": "source-unpatched"}, {"prod": ("failed", "v1")})
    assert not [tag for tag in three.tags() if tag.endswith("/v2")]


def test_what_is_held_is_left_alone_and_the_others_are_patched(three: Sandbox) -> None:
    _fix(three)
    three.ok("hold", "staging", "--reason", "a load test")
    behind = three.ok("patch", *_NAMED[:-1], "--plan", "-o", "json")
    assert _rows(behind) == {"dev": ("planned", "v1"), "staging": ("held", "v1"), "prod": ("held", "v1")}
    three.ok("resume", "staging")
    three.ok("hold", "prod", "--reason", "the end of the year")
    held = three.run("patch", *_NAMED)
    assert held.code == 11, held.out
    assert "3 environments use it: 2 patched, 1 held" in held.out
    assert "held: the end of the year" in held.out
    assert "next: tfops patch --module network --env '*' --env prod --lift-hold" in held.out
    done = three.run("patch", *_NAMED, "--lift-hold", "-o", "json")
    assert (done.code, _rows(done)["prod"]) == (0, ("patched", "v2")), done.out


def test_a_person_sees_all_plans_and_is_asked_once_and_by_name(three: Sandbox) -> None:
    _fix(three)
    unasked = three.run("patch", "--module", "network", "-o", "json")
    assert (unasked.code, unasked.error["what"]) == (13, "there is no terminal to ask on")
    command = three.command("patch", "--module", "network")
    no = run_in_terminal(command, cwd=three.path, env=three.env, answers=[("Apply to 3 environments", "n")])
    assert (no.code, len(three.tags())) == (13, 3), no.text
    answers = [("Apply to 3 environments", "y"), ("prod is protected: type its name", "prod")]
    yes = run_in_terminal(command, cwd=three.path, env=three.env, answers=answers, timeout_s=120)
    assert yes.code == 0, yes.text
    assert "wave 3 of 3: prod" in yes.text
    assert "3 environments use it: 3 patched" in yes.text
    table = yes.text[yes.text.index("WAVE") :].splitlines()
    assert all(len(line) <= 80 for line in table), table


def test_a_module_of_a_git_repository_is_patched_by_its_version_and_who_pins_it_keeps_it(
    three: Sandbox, tmp_path: Path
) -> None:
    upstream = Sandbox(tmp_path / "network", tmp_path / "upstream-home", three.env["TFOPS_ENGINE"])
    upstream.path.mkdir()
    upstream.git("init", "--quiet", "--initial-branch=main")
    for version in ("v1", "v2"):
        upstream.write("main.tf", _MODULE.replace("FIX", version))
        upstream.commit(version)
        upstream.git("tag", version)
    source = f"git::file://{upstream.path}"
    for env in _ENVS:
        _want(three, env, f"{source}?ref=v1")
    three.commit("from elsewhere")
    three.ok("patch", "--module", "network", *_NAMED[2:])
    for env in ("dev", "staging"):
        _want(three, env, f"{source}?ref=v2")
    three.commit("fix: CVE-2026-1")
    done = three.run("patch", "--module", source, *_NAMED[2:], "-o", "json")
    assert (done.code, _rows(done)) == (
        0, {"dev": ("patched", "v3"), "staging": ("patched", "v3"), "prod": ("kept", "v2")},
    ), done.out  # fmt: skip
    again = three.ok("patch", "--module", source, "--plan", "-o", "json")
    assert {env: state for env, (state, _) in _rows(again).items()} == {
        "dev": "done-before", "staging": "done-before", "prod": "kept",
    }  # fmt: skip
