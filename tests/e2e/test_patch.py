"""One module's change in all environments that use it, in waves: one breaks in the middle, and it goes on."""

import json

import pytest

from tests.support.sandbox import Ran, Sandbox

_NETWORK = """\
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
_APP = """\
variable "command" { type = string }
module "net" {
  source  = "../network"
  command = var.command
}
"""
_RULES = """\
version: 1
project: shop
verify: [{command: ["true"]}]
environments:
  dev: {branch: main}
  qa: {branch: main}
  other: {branch: main}
  staging: {branch: main, promote: {from: dev}}
  prod-eu: {branch: main, promote: {from: staging}}
  prod-us: {branch: main, protected: true, promote: {from: staging}}
"""
_USERS = ("dev", "qa", "staging", "prod-eu", "prod-us")


def _want(shop: Sandbox, env: str, command: str = "true") -> None:
    source = "other" if env == "other" else "app"
    inputs = {} if env == "other" else {"command": command}
    shop.write(f"environments/{env}.yaml", json.dumps({"modules": {"web": {"source": source, "inputs": inputs}}}))


@pytest.fixture
def six(shop: Sandbox) -> Sandbox:
    """Six environments, five of which use `network`, inside of `app`; all run the first of it."""
    shop.write("tfops.yaml", _RULES)
    shop.write("modules/network/main.tf", _NETWORK.replace("FIX", "CVE"))
    shop.write("modules/app/main.tf", _APP)
    shop.write("modules/other/main.tf", "")
    for env in (*_USERS, "other"):
        _want(shop, env)
    shop.commit("all of them")
    for env in ("dev", "qa", "other"):
        shop.ok("apply", env, "--yes")
    for source, env in (("dev", "staging"), ("staging", "prod-eu"), ("staging", "prod-us")):
        shop.ok("promote", source, env, "--yes")
    return shop


def _rows(ran: Ran) -> dict[str, tuple[int, str, str]]:
    found = json.loads(ran.out)["result"]["environments"]
    return {one["env"]: (one["wave"], one["state"], one["version"]) for one in found}


def test_a_patch_stops_at_the_wave_that_breaks_and_goes_on_where_it_stopped(six: Sandbox) -> None:
    nobody = six.run("patch", "--module", "netwrk", "-o", "json")
    assert (nobody.code, nobody.error["guard"]) == (11, "nothing-uses-it")
    six.write("modules/network/main.tf", _NETWORK)
    for words in (["patch", "--module", "network", "--plan"], ["plan", "--env", "o*"]):
        assert "not committed: modules/network/main.tf" in " ".join(six.run(*words).err.split())
    _want(six, "staging", "test -e /nowhere/GO")
    six.commit("fix(network): CVE-2026-1")
    planned = six.ok("patch", "--module", "network", "--plan")
    assert "5 environments use it: 5 planned" in planned.out
    assert "other" not in planned.out
    unnamed = six.run("patch", "--module", "network", "--yes", "-o", "json")
    assert (unnamed.code, {state for _, state, _ in _rows(unnamed).values()}) == (13, {"not-begun", "failed"})
    assert six.tags().count("tfops/dev/v2") == 0, "a protected one must be named, before anything is begun"

    named = ("--env", "*", "--env", "prod-us", "--yes")
    broken = six.run("patch", "--module", "network", *named, "-o", "json")
    assert broken.code == 21
    assert _rows(broken) == {
        "dev": (1, "patched", "v2"),
        "qa": (1, "patched", "v2"),
        "staging": (2, "failed", "v1"),
        "prod-eu": (3, "not-begun", "v1"),
        "prod-us": (4, "not-begun", "v1"),
    }
    again = six.run("patch", "--module", "network", *named, "-o", "json")
    assert (again.code, again.error["guard"]) == (11, "patch-stopped")
    go_on = "tfops patch --module network --env '*' --env prod-us --resume"
    assert again.error["hint"] == f"when its cause is fixed: {go_on}"
    assert json.loads(broken.out)["result"]["command"] == go_on.removesuffix(" --resume")

    _want(six, "staging")
    six.commit("fix: what staging runs")
    done = six.run("patch", "--module", "network", "--resume", *named, "--markdown")
    assert done.code == 0, done.out + done.err
    assert "5 environments use it: 4 patched, 1 done-before" in done.out, "dev too: it has to run what is promoted"
    assert "Next:" not in done.out
    assert "| 4 | `prod-us` |" in done.out
    assert "of staging v2" in six.ok("history", "prod-us").out
    nothing = six.ok("patch", "--module", "network", *named)
    assert "5 environments use it: 5 done-before" in nothing.out
    assert all(len(line) <= 80 for line in nothing.out.splitlines()[:6]), nothing.out
