"""`resume`: what stopped half-way is finished as it was meant, and only what remains is done."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import Sandbox, new_sandbox
from tests.support.state_server import StateServer, serve_states
from tests.support.ways_back import RULES, look, new_story

# The gate is made anew for each value, and fails while it is closed; `last` comes after it.
_GATED = """\
variable "value" { type = string }
variable "gate" { type = string }
resource "terraform_data" "first" { input = var.value }
resource "terraform_data" "gate" {
  triggers_replace = var.value
  depends_on       = [terraform_data.first]
  provisioner "local-exec" { command = "test -e '${var.gate}'" }
}
resource "terraform_data" "last" { input = terraform_data.gate.id }
"""
_MODULE = "module.main.terraform_data"
_GATE = f"{_MODULE}.gate"


def _wish(shop: Sandbox, value: str) -> str:
    inputs = {"value": value, "gate": str(shop.home / "open")}
    shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "gated", "inputs": inputs}}}))
    return shop.commit(f"dev wants {value}")


def _gate(shop: Sandbox, *, is_open: bool) -> None:
    (shop.home / "open").touch() if is_open else (shop.home / "open").unlink()


def _addresses(result: Any) -> set[str]:
    return {change["address"] for change in result["plan"]["changes"]}


def test_a_stopped_apply_and_a_stopped_rollback_are_finished_as_they_were_meant(shop: Sandbox) -> None:
    shop.write("modules/gated/main.tf", _GATED)
    _wish(shop, "one")
    assert shop.run("resume", "dev", "--yes", "-o", "json").error["guard"] == "nothing-to-resume"
    _gate(shop, is_open=True)
    shop.ok("apply", "dev", "--yes")

    _gate(shop, is_open=False)
    stopped = _wish(shop, "two")
    failed = shop.run("apply", "dev", "--yes", "-o", "json")
    assert failed.code == 21
    assert failed.error["state"].splitlines() == [
        "Stopped part-way: 1 of 3 changes done.",
        f"  done: {_MODULE}.first",
        f"  failed: {_GATE}",
        f"  never started: {_MODULE}.last",
    ]
    assert "tfops resume dev" in failed.error["hint"] and "tfops rollback dev v1" in failed.error["hint"]
    status = shop.ok("status").out
    assert "degraded: Stopped part-way: 1 of 3 changes done." in status
    assert "Next: tfops resume dev" in status
    for command in ("show", "log"):
        seen = shop.ok(command, "dev").out
        assert f"· never started  {_MODULE}.last" in seen and f"✗ failed         {_GATE}" in seen

    back = shop.ok("rollback", "dev", "--plan").err
    assert "dev back to v1, from the apply of" in back, "what ran before, though it is the only version"
    assert "takes back 1 commit" in back and f"{stopped[:8]} dev wants two" in back, "the one that broke it"

    _wish(shop, "three")
    _gate(shop, is_open=True)
    ran = shop.ok("resume", "dev", "--yes", "-o", "json")
    assert f"done before: {_MODULE}.first" in ran.err
    assert ran.err.count("Stopped part-way") == 1, "how far it got is said once"
    assert "1 newer commit is on main and not part of this" in ran.err
    assert (ran.result["version"], ran.result["commit"]["sha"]) == ("v2", stopped)
    assert _addresses(ran.result) == {_GATE, f"{_MODULE}.last"}, "only what remains"
    assert "1 commit behind" in shop.ok("status").out

    _gate(shop, is_open=False)
    assert shop.run("rollback", "dev", "v1", "--yes", "--allow-destroy", _GATE).code == 21
    assert "dev back to v2, from the rollback of" in shop.ok("rollback", "dev", "--plan").err
    _gate(shop, is_open=True)
    back = shop.ok("resume", "dev", "--yes", "--allow-destroy", _GATE, "-o", "json").result
    assert (back["kind"], back["version"], back["restores"]) == ("rollback", "v3", "v1")
    assert shop.ok("show", "dev", "-o", "json").result["trouble"] is None
    lifted = shop.ok("resume", "dev", "--yes", "-o", "json").result
    assert (lifted["is_held"], lifted["reason"]) == (False, "rolled back to v1")
    assert shop.run("resume", "dev", "--yes", "-o", "json").error["guard"] == "nothing-to-resume"


@pytest.fixture
def states() -> Iterator[StateServer]:
    with serve_states() as server:
        yield server


def _with_remote_state(folder: Path, engine: str, states: StateServer) -> Sandbox:
    rules = f"version: 1\nproject: shop\n{states.backend()}environments:\n  dev: {{branch: main}}\n"
    return new_sandbox(folder / "shop", engine, rules=rules)


def test_what_was_made_but_the_state_lost_is_taken_in_by_id_and_not_made_twice(
    tmp_path: Path, engine: str, states: StateServer
) -> None:
    shop = _with_remote_state(tmp_path, engine, states)
    shop.wish("one")
    states.frozen["/dev/main"] = b""
    failed = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (failed.code, "doesn't hold it" in failed.error["what"]) == (21, True)
    [output] = shop.workspace.glob("runs/dev/*/*-apply.out")
    made = [json.loads(line)["hook"]["id_value"] for line in output.read_text().splitlines() if "apply_comp" in line]
    del states.frozen["/dev/main"]

    clone = shop.clone(str(shop.path), tmp_path / "clone")  # the ledger knows the ids, not only this clone
    clone.git("fetch", "--quiet", "origin", "refs/tfops/*:refs/tfops/*")
    ran = clone.ok("resume", "dev", "--yes", "-o", "json")
    assert "taken in by id: module.main.terraform_data.main" in ran.err
    assert "argeting" not in ran.err, "how it is taken in is nobody's business"
    assert ran.result["version"] == "v1"
    assert list(clone.ok("inventory", "dev", "-o", "json").result["environments"]["dev"].values()) == made


# A way back makes `quick`, and dies while `slow` is at it.
_OLD = """\
resource "terraform_data" "old" {}
resource "terraform_data" "quick" {}
resource "terraform_data" "slow" {
  input = terraform_data.quick.id
  provisioner "local-exec" { command = "sleep 1" }
}
resource "terraform_data" "last" { input = terraform_data.slow.id }
"""
_NEW = 'resource "terraform_data" "new" {}\nmoved {\n  from = terraform_data.old\n  to   = terraform_data.new\n}\n'


def test_a_way_back_that_died_is_planned_over_its_bridge_by_who_recovers_and_who_resumes(
    tmp_path: Path, engine: str, states: StateServer
) -> None:
    """A remote state, so that it dies with what it moved."""
    shop = _with_remote_state(tmp_path, engine, states)
    for text in (_OLD, _NEW):
        shop.write("modules/thing/main.tf", text)
        shop.write("environments/dev.yaml", "modules: {main: {source: thing}}\n")
        shop.commit("Change the module")
        shop.ok("apply", "dev", "--yes")
    [known] = shop.ok("inventory", "dev", "-o", "json").result["environments"]["dev"].values()
    died = shop.run("rollback", "dev", "v1", "--yes", env={"TFOPS_FAILPOINT": "engine-working:SIGKILL+engine"})
    assert died.code == -9
    shop.ok("recover", "dev")
    trouble = shop.ok("show", "dev", "-o", "json").result["trouble"]
    left = {*trouble["done"], *trouble["failed"], *trouble["in_doubt"], *trouble["never_started"]}
    assert f"{_MODULE}.last" in left
    assert f"{_MODULE}.new" not in left, "what only moves is destroyed by nobody"
    back = shop.ok("resume", "dev", "--yes", "-o", "json").result
    assert (back["version"], back["restores"]) == ("v3", "v1")
    assert shop.ok("inventory", "dev", "-o", "json").result["environments"]["dev"][f"{_MODULE}.old"] == known


_MADE = """\
resource "demo_thing" "t" { content = "t" }
resource "demo_pet" "p" { content = "p" }
resource "demo_password" "w" { content = "w" }
"""


@pytest.mark.parametrize("dies", [False, True], ids=["stopped", "died"])
def test_what_cannot_be_imported_does_not_hold_up_the_recovery(
    tmp_path: Path, engine: str, states: StateServer, provider_door: Path, dies: bool
) -> None:
    """Its things are in no state: what can be is taken in, the rest is named and made anew when someone says so."""
    rules = RULES.replace("environments:", f"{states.backend()}environments:")
    story = new_story(tmp_path / "story", engine, provider_door, rules=rules)
    story.write(_MADE)
    states.frozen["/dev/main"] = b""
    failpoint = {"TFOPS_FAILPOINT": "engine-ended:SIGKILL"} if dies else {}
    assert story.shop.run("apply", "dev", "--yes", env=failpoint).code == (-9 if dies else 21)
    del states.frozen["/dev/main"]
    recovered = story.shop.ok("recover", "dev")
    assert "can't be imported: module.main.demo_password.w, module.main.demo_pet.p" in recovered.err
    assert "taken in by id: module.main.demo_thing.t" in recovered.err
    refused = story.shop.run("resume", "dev", "--yes", "-o", "json")
    named = [f"module.main.demo_{name}" for name in ("password.w", "pet.p")]
    assert refused.error["name"] == "not-approved"
    assert all(name in refused.error["hint"] for name in named)
    story.shop.ok("resume", "dev", "--yes", *(word for name in named for word in ("--allow-duplicate", name)))
    kinds = sorted(key.partition("/")[0] for key in look(story.world))
    assert kinds == ["password", "password", "pet", "pet", "thing"]


_NAMED = """\
resource "demo_database" "d" {{
  name           = "{name}"
  engine_version = "1"
  lifecycle {{ create_before_destroy = {first} }}
}}
"""


def _latest(shop: Sandbox) -> str:
    return str(shop.ok("history", "dev", "-o", "json").result["entries"][0]["record"]["version"])


@pytest.mark.parametrize("how", ["stopped", "died", "elsewhere"])
def test_what_was_replaced_but_the_state_lost_is_taken_in_by_id_and_not_made_twice(
    tmp_path: Path, engine: str, states: StateServer, provider_door: Path, how: str
) -> None:
    """The state still has the object that is gone, so that its address looks as if nothing were missing."""
    rules = RULES.replace("environments:", f"{states.backend()}environments:")
    story = new_story(tmp_path / "story", engine, provider_door, rules=rules)
    first = str(how == "stopped").lower()
    story.version(_NAMED.format(name="one", first=first))
    story.write(_NAMED.format(name="two", first=first))
    states.frozen["/dev/main"] = states.states["/dev/main"]
    failpoint = {"TFOPS_FAILPOINT": "engine-ended:SIGKILL"} if how == "died" else {}
    assert story.shop.run("apply", "dev", "--yes", env=failpoint).code == (-9 if how == "died" else 21)
    del states.frozen["/dev/main"]
    shop = story.shop
    if how == "elsewhere":
        shop = shop.clone(str(shop.path), tmp_path / "clone")
        shop.env |= story.shop.env
        shop.git("fetch", "--quiet", "origin", "refs/tfops/*:refs/tfops/*")
    recovered = shop.ok("recover", "dev")
    assert "taken in by id: module.main.demo_database.d" in recovered.err, recovered.out
    shop.ok("apply", "dev", "--yes")  # what died is recorded by now
    assert _latest(shop) == "v2"
    assert list(look(story.world)) == ["database/two"]
    assert list(shop.ok("inventory", "dev", "-o", "json").result["environments"]["dev"].values()) == ["two"]


_VOLUME = """\
resource "demo_volume" "v" {{
  content = "v"
  size    = "{size}"
  lifecycle {{ create_before_destroy = true }}
}}
resource "terraform_data" "slow" {{  # the old volume goes when this is there
  count = {slow}
  input = demo_volume.v.id
  provisioner "local-exec" {{ command = "until [ -e '{gate}' ]; do sleep 0.1; done" }}
}}
"""


def test_what_was_made_beside_what_the_state_has_is_named_and_not_made_again_by_the_way(
    tmp_path: Path, engine: str, states: StateServer, provider_door: Path
) -> None:
    """The engine dies between the two halves of a replacement: both objects exist, and an address can have one."""
    rules = RULES.replace("environments:", f"{states.backend()}environments:")
    story = new_story(tmp_path / "story", engine, provider_door, rules=rules)
    gate = story.shop.home / "open"
    story.version(_VOLUME.format(size="S", gate=gate, slow=0))
    story.write(_VOLUME.format(size="L", gate=gate, slow=1))
    died = story.shop.run("apply", "dev", "--yes", env={"TFOPS_FAILPOINT": "engine-working:SIGKILL+engine"})
    assert (died.code, len(look(story.world))) == (-9, 2)
    gate.touch()
    recovered = story.shop.ok("recover", "dev")
    assert "can't be imported: module.main.demo_volume.v" in recovered.err
    refused = story.shop.run("resume", "dev", "--yes", "-o", "json")
    assert refused.error["name"] == "not-approved" and "--allow-duplicate" in refused.error["hint"], refused.out
    story.shop.ok("apply", "dev", "--yes", "--allow-duplicate", "module.main.demo_volume.v")
    assert len(look(story.world)) == 2, "the lost one, and the one that somebody wanted all the same"
