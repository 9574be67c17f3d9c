"""A state elsewhere is read from the plan that was made on it: what that saves, and that nothing is given up for it."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import engine_program, require_compared, require_engine
from tests.support.sandbox import Sandbox
from tests.support.state_server import StateServer, serve_states
from tfops.config.project import EngineChoice
from tfops.engine.locate import find_engine
from tfops.engine.mask import MASK

_RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n"
_KEY = "/dev/main"


@pytest.fixture
def server() -> Iterator[StateServer]:
    with serve_states() as found:
        yield found


@pytest.fixture
def away(shop: Sandbox, server: StateServer) -> Sandbox:
    """A project whose state is on a server, and that was applied once."""
    shop.env["TFOPS_ENGINE"] = require_engine(fast=True)
    require_compared(shop.env["TFOPS_ENGINE"])
    shop.write("tfops.yaml", _RULES + server.backend())
    shop.commit("State elsewhere")
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    return shop


def _starts(shop: Sandbox, *args: str) -> int:
    return int(shop.ok("apply", "dev", "--yes", "-o", "json", *args).result["engine_starts"])


def _state(server: StateServer) -> Any:
    return json.loads(server.states[_KEY])


def test_an_apply_is_a_plan_an_apply_and_a_look_at_what_became_of_it(away: Sandbox, server: StateServer) -> None:
    away.wish("two")
    assert _starts(away) == 3, "plan, apply, state pull"
    assert _starts(away) == 1, "plan: there is nothing to record"
    away.write("README.md", "More\n")
    away.commit("Nothing that an engine reads")
    assert _starts(away) == 2, "plan, and state pull for what is recorded"
    card = away.ok("show", "dev", "-o", "json").result["card"]["stacks"]["main"]
    assert (card["serial_after"], len(card["state_sha256"])) == (_state(server)["serial"], 64)
    assert card["serial_before"] == card["serial_after"]
    assert card["inventory"] == {
        "module.main.terraform_data.main": _state(server)["resources"][0]["instances"][0]["attributes"]["id"]
    }


def test_a_state_that_is_another_one_is_refused_before_anybody_is_asked(away: Sandbox, server: StateServer) -> None:
    first = server.states[_KEY]
    away.wish("two", keys=["a"])
    away.ok("apply", "dev", "--yes")
    second = server.states[_KEY]
    lacks = json.dumps({**(whole := json.loads(second)), "serial": 9, "resources": whole["resources"][:1]}).encode()
    away.wish("three")
    for state, guard in (
        (None, "state-absent"),
        (b"", "state-absent"),
        (first, "state-older"),
        (second.replace(whole["lineage"].encode(), b"00000000-0000-4000-8000-000000000000"), "state-lineage"),
        (lacks, "state-lacks"),
    ):
        server.states = {_KEY: state} if state is not None else {}
        refused = away.run("apply", "dev", "-o", "json")
        assert refused.code == 11 and refused.error["guard"] == guard, (guard, refused.out)
    assert away.tags() == ["tfops/dev/v1", "tfops/dev/v2"]
    server.states = {_KEY: second}
    assert _starts(away) == 3


def test_a_failing_plan_on_a_state_that_is_gone_says_that_it_is_gone(away: Sandbox, server: StateServer) -> None:
    server.states.clear()
    away.write("modules/thing/broken.tf", 'resource "terraform_data" "broken" { input = tonumber("x") }\n')
    away.commit("Broken")
    assert away.run("apply", "dev", "--yes", "-o", "json").error["guard"] == "state-absent"


def test_what_moves_is_looked_for_where_the_state_has_it(away: Sandbox, server: StateServer) -> None:
    module = (away.path / "modules/thing/main.tf").read_text()
    moved = module.replace('"main" { input', '"moved" { input').replace("terraform_data.main", "terraform_data.moved")
    away.write(
        "modules/thing/main.tf", moved + "moved {\n  from = terraform_data.main\n  to = terraform_data.moved\n}\n"
    )
    away.commit("Moved")
    was = away.ok("show", "dev", "-o", "json").result["card"]["stacks"]["main"]["inventory"]
    assert _starts(away) == 5, "get, plan, state pull, apply, state pull"
    now = away.ok("show", "dev", "-o", "json").result["card"]["stacks"]["main"]["inventory"]
    assert now == {"module.main.terraform_data.moved": was["module.main.terraform_data.main"]}


# What is secret nobody says but the state: no form, no plan of a value that stays.
_MAKES = """\
variable "value" { type = string }
resource "terraform_data" "made" {
  input = sensitive(uuid())
  lifecycle { ignore_changes = [input] }
}
locals { open = nonsensitive(terraform_data.made.output) }
"""
_QUOTES = """\
check "quotes" {
  assert {
    condition     = var.value == ""
    error_message = "warned of ${local.open} and ${base64encode(local.open)}"
  }
}
"""
_FAILS = """\
resource "terraform_data" "fails" {
  lifecycle {
    precondition {
      condition     = var.value == ""
      error_message = "failed at ${local.open} and ${base64encode(local.open)}"
    }
  }
}
"""


@pytest.mark.parametrize("flags", [["-o", "json"], ["-v"]])
def test_what_only_the_state_says_to_be_secret_is_in_no_word_of_the_plan(
    away: Sandbox, server: StateServer, flags: list[str]
) -> None:
    away.write("modules/makes/main.tf", _MAKES)
    away.wish("one", module="makes")
    away.ok("apply", "dev", "--yes")
    [made] = [item for item in _state(server)["resources"] if item["name"] == "made"]
    secret = made["instances"][0]["attributes"]["output"]["value"]
    away.write("modules/makes/main.tf", _MAKES + _QUOTES)
    away.commit("Quotes it")
    warned = away.ok("apply", "dev", "--yes", *flags)
    away.write("modules/makes/main.tf", _MAKES + _QUOTES + _FAILS)
    away.commit("Fails")
    failed = away.run("apply", "dev", "--yes", *flags)
    assert failed.code == 20, failed.err
    said = warned.out + warned.err + failed.out + failed.err
    assert f"warned of {MASK} and {MASK}" in said.replace("\\n", " ") and f"failed at {MASK}" in " ".join(said.split())
    kept = [path for path in away.workspace.rglob("*") if path.is_file() and "state" not in path.parts]
    assert secret not in said + "".join(path.read_text(errors="replace") for path in kept)
    assert not list(away.workspace.rglob("*.bin"))


def test_a_plan_that_is_not_read_costs_what_it_did_before(away: Sandbox, server: StateServer, tmp_path: Path) -> None:
    """An engine that nobody compared: the state is pulled before the plan."""
    away.wish("two")
    real = tmp_path / "terraform"
    version = ".".join([*find_engine(EngineChoice(), away.env["TFOPS_ENGINE"]).version.split(".")[:2], "99"])
    says = f'[ "$1" = version ] && echo "Terraform v{version}" && exit'
    real.write_text(f'#!/bin/sh\n{says}\nexec {engine_program(away.env["TFOPS_ENGINE"])} "$@"\n')
    real.chmod(0o755)
    away.env["TFOPS_ENGINE"] = str(real)
    assert _starts(away) == 6, "init, state pull, plan, show, apply, state pull"


_SWAPS = """\
import json, sys, urllib.request
address, lineage = sys.argv[1:]
state = json.load(urllib.request.urlopen(address)) | {"lineage": lineage}
urllib.request.urlopen(urllib.request.Request(address, json.dumps(state).encode(), method="POST"))
"""


def test_a_stack_that_nothing_is_done_to_is_recorded_as_the_backend_has_it(shop: Sandbox, server: StateServer) -> None:
    shop.env["TFOPS_ENGINE"] = require_engine(fast=True)
    require_compared(shop.env["TFOPS_ENGINE"])

    def wish(busy: str, checks: str = "[]") -> None:
        rules = _RULES.replace("{branch: main}", f"{{branch: main, required_checks: {checks}}}")
        shop.write("tfops.yaml", rules + server.backend())
        for stack, value in (("busy", busy), ("idle", "one")):
            body = {"modules": {"main": {"source": "thing", "inputs": {"value": value}}}}
            shop.write(f"environments/dev/{stack}.yaml", json.dumps(body))
        shop.commit(busy)

    wish("one")
    shop.ok("apply", "dev", "--yes")
    wish("two")
    assert _starts(shop) == 5, "two plans, an apply, two looks at what is there"
    idle = json.loads(server.states["/dev/idle"])
    card = shop.ok("show", "dev", "-o", "json").result["card"]["stacks"]["idle"]
    assert (card["lineage"], card["serial_after"], len(card["state_sha256"])) == (idle["lineage"], idle["serial"], 64)

    # While it is checked, somebody puts another state in the place of the one that was planned on.
    script, lineage = shop.home / "swaps.py", "00000000-0000-4000-8000-000000000000"
    script.write_text(_SWAPS)
    command = json.dumps([sys.executable, str(script), f"{server.address}/dev/idle", lineage])
    wish("three", f"[{{name: swaps, command: {command}}}]")
    failed = shop.run("apply", "dev", "--yes", "-o", "json")
    assert failed.code == 21 and "was exchanged since it was planned" in failed.out, failed.out
    assert len(shop.tags()) == 2 and "degraded" in shop.ok("status", "dev").out
