"""An environment that is a folder: one version and one card over several states, in the order that they need."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import Sandbox, new_sandbox, wait_until

_NET = """\
variable "cidr" { type = string }
resource "terraform_data" "vpc" { input = var.cidr }
output "vpc_id" { value = terraform_data.vpc.id }
output "cidr" { value = var.cidr }
output "zones" { value = { for zone in ["a", "b"] : zone => "${terraform_data.vpc.id}-${zone}" } }
"""
# Fails, or waits, while the gate is closed.
_APP = """\
variable "vpc" { type = string }
variable "cidr" { type = string }
variable "gate" { type = string }
resource "terraform_data" "first" { input = "${var.vpc} ${var.cidr}" }
resource "terraform_data" "gate" {
  triggers_replace = var.cidr
  depends_on       = [terraform_data.first]
  provisioner "local-exec" { command = "test -e '${var.gate}'" }
}
output "name" { value = "app in ${var.cidr}" }
"""
_VPC = "network/module.net.terraform_data.vpc"
_FIRST, _GATE = "app/module.app.terraform_data.first", "app/module.app.terraform_data.gate"
_PLAIN = {"modules": {"net": {"source": "net", "inputs": {"cidr": "10.9.0.0/16"}}}}


def _network(shop: Sandbox, cidr: str) -> None:
    shop.write(
        "environments/dev/network.yaml",
        json.dumps({"modules": {"net": {"source": "net", "inputs": {"cidr": cidr}}}}),
    )


@pytest.fixture
def shop(shop: Sandbox) -> Sandbox:
    """Stacks: `app` takes from `network`, `users` from `app`; `db` stands alone."""
    shop.write("modules/net/main.tf", _NET)
    shop.write("modules/app/main.tf", _APP)
    _network(shop, "10.0.0.0/16")
    inputs = {
        "vpc": "${stack.network.vpc_id}",
        "cidr": "${stack.network.net.cidr}",
        "gate": str(shop.home / "open"),
    }
    shop.write("environments/dev/app.yaml", json.dumps({"modules": {"app": {"source": "app", "inputs": inputs}}}))
    users = {"modules": {"net": {"source": "net", "inputs": {"cidr": "${stack.app.name}"}}}}
    shop.write("environments/dev/users.yaml", json.dumps(users))
    shop.write("environments/dev/db.yaml", json.dumps(_PLAIN))
    (shop.home / "open").touch()
    shop.commit("stacks")
    return shop


def _stacks(shop: Sandbox) -> Any:
    return shop.ok("show", "dev", "-o", "json").result["card"]["stacks"]


def _state(shop: Sandbox, stack: str) -> Any:
    return json.loads((shop.workspace / f"state/dev/{stack}.tfstate").read_text())


def _work(result: Any) -> dict[str, str]:
    return {change["address"]: change["action"] for change in result["plan"]["changes"]}


def test_stacks_are_applied_in_order_narrowed_taken_down_and_brought_back(shop: Sandbox) -> None:
    planned = shop.ok("plan", "dev", "-o", "json").result["plan"]
    assert {change["address"].partition("/")[0] for change in planned["changes"]} == {"network", "app", "users", "db"}
    assert {wait["stack"]: wait["upstream"] for wait in planned["waiting"]} == {"app": ["network"], "users": ["app"]}
    assert "terraform_data.stack_" not in json.dumps(planned), "what stands for an unknown isn't shown"

    first = shop.ok("apply", "dev", "--yes", "-o", "json").result
    assert first["version"] == "v1" and first["plan"]["waiting"] == []
    assert first["outputs"]["users/net"]["cidr"] == "app in 10.0.0.0/16"
    vpc = _state(shop, "network")["outputs"]["net"]["value"]["vpc_id"]
    assert _state(shop, "app")["resources"][0]["instances"][0]["attributes"]["input"]["value"] == f"{vpc} 10.0.0.0/16"
    assert set(_stacks(shop)) == {"network", "app", "users", "db"}
    assert shop.ok("inventory", "dev").out.count("module.net.terraform_data.vpc") == 3
    assert shop.ok("apply", "dev", "--yes", "-o", "json").result["version"] is None

    _network(shop, "10.1.0.0/16")
    shop.write("environments/dev/db.yaml", json.dumps(_PLAIN).replace("10.9", "10.8"))
    second = shop.commit("another network")
    narrowed = shop.ok("apply", "dev", "--stack", "db", "--yes", "-o", "json").result
    assert _work(narrowed) == {"db/module.net.terraform_data.vpc": "update"}
    assert f"only db is at {second[:8]}" in shop.ok("status").out
    assert {name for name, part in _stacks(shop).items() if part["commit"]} == {"network", "app", "users"}
    assert set(shop.ok("show", "dev", "-o", "json").result["card"]["outputs"]) == set(first["outputs"])
    kept = shop.git("ls-tree", "-r", "--name-only", "refs/tfops/envs/dev")
    assert all(f"root/{stack}/main.tf.json" in kept for stack in ("network", "app", "users", "db"))
    wrong = shop.run("plan", "dev", "--stack", "netwok", "-o", "json").error
    assert (wrong["guard"], "network" in wrong["hint"]) == ("unknown-stack", True)

    rest = shop.ok("apply", "dev", "--yes", "-o", "json").result
    assert (rest["version"], rest["commit"]["sha"]) == ("v3", second)
    assert _work(rest)[_VPC] == "update" and _work(rest)["users/module.net.terraform_data.vpc"] == "update"
    assert all(part["commit"] == "" for part in _stacks(shop).values())

    shop.git("rm", "-q", "environments/dev/users.yaml")
    shop.commit("no users")
    gone = shop.ok("apply", "dev", "--yes", "-o", "json").result
    assert _work(gone) == {"users/module.net.terraform_data.vpc": "delete"}
    assert _state(shop, "users")["resources"] == []

    back = shop.ok("rollback", "dev", "v2", "--yes", "--allow-destroy", _GATE, "-o", "json").result
    assert _work(back)["users/module.net.terraform_data.vpc"] == "create"
    cidr = _state(shop, "network")["outputs"]["net"]["value"]["cidr"]
    assert cidr == "10.0.0.0/16", "as it was in v2: narrowed to db, network was still at v1's commit"
    assert _state(shop, "db")["outputs"]["net"]["value"]["cidr"] == "10.8.0.0/16"

    told = shop.ok("destroy", "dev", "--yes").err
    assert told.index(f"{_FIRST}: deleted") < told.index(f"{_VPC}: deleted"), "backwards"
    assert all(_state(shop, stack)["resources"] == [] for stack in ("network", "app", "users", "db"))


def test_a_failure_stops_what_needs_it_and_nothing_else(shop: Sandbox) -> None:
    (shop.home / "open").unlink()
    failed = shop.run("apply", "dev", "--yes", "-o", "json")
    assert failed.code == 21
    assert "stack app" in failed.error["what"]
    assert failed.error["state"].splitlines() == [
        "Stopped part-way: 3 of 5 changes done.",
        f"  done: db/module.net.terraform_data.vpc, {_VPC}, {_FIRST}",
        f"  failed: {_GATE}",
        "  never started: users/module.net.terraform_data.vpc",
    ]
    assert "degraded: Stopped part-way: 3 of 5 changes done" in shop.ok("status").out
    (shop.home / "open").touch()
    resumed = shop.ok("resume", "dev", "--yes", "-o", "json").result
    assert resumed["version"] == "v1"
    assert set(_work(resumed)) == {_GATE, "users/module.net.terraform_data.vpc"}


def test_a_run_that_was_killed_in_the_second_stack_is_told_and_finished(shop: Sandbox, tmp_path: Path) -> None:
    shop.write("modules/app/main.tf", _APP.replace("test -e '${var.gate}'", "touch '${var.gate}.on'; sleep 30"))
    shop.commit("slow")
    running = shop.start("apply", "dev", "--yes")
    wait_until((shop.home / "open.on").exists, timeout_s=90)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=90)
    assert running.returncode == 130, out + err
    assert "never started: users/module.net.terraform_data.vpc" in err

    shop.write("modules/app/main.tf", _APP)
    shop.commit("quick again")
    killed = shop.run("apply", "dev", "--yes", env={"TFOPS_FAILPOINT": "state-read-back:SIGKILL"})
    assert killed.code == -9
    told = shop.ok("recover", "dev").out
    assert "half-applied" in told and "tfops resume dev" in told, "app is whole, users never began"
    done = shop.ok("resume", "dev", "--yes", "-o", "json").result
    assert (done["version"], _work(done)) == ("v1", {"users/module.net.terraform_data.vpc": "create"})
    assert shop.ok("plan", "dev", "-o", "json").result["plan"]["is_empty"]
    assert set(_stacks(shop)) == {"network", "app", "users", "db"}


_PARTS = """\
variable "more" { default = [] }
resource "terraform_data" "made" { input = "x" }
output "id" { value = terraform_data.made.id }
output "names" { value = toset(concat(["a", "b"], var.more)) }
output "tags" { value = tomap({ "k8s.io/x" = "y" }) }
output "pi" { value = 3.14159265358979323846 }
output "key" {
  value     = toset(["secret-key"])
  sensitive = true
}
"""
# Its variables are of type any: what they are, they are given.
_EACH = """\
variable "names" {}
variable "tags" {}
variable "pi" {}
resource "terraform_data" "each" {
  for_each = var.names
  input    = var.pi
}
output "tags" { value = true ? var.tags : {} }
output "pi" { value = var.pi }
"""


def test_sets_stay_sets_numbers_keep_their_digits_and_a_module_from_elsewhere_can_be_looped_over(
    tmp_path: Path, engine: str
) -> None:
    shop = new_sandbox(tmp_path / "shop", engine)
    elsewhere = new_sandbox(tmp_path / "elsewhere", engine)
    elsewhere.write("parts/main.tf", _PARTS)
    elsewhere.commit("a module")
    shop.write("modules/each/main.tf", _EACH)

    def wish(names: str, *more: str) -> None:
        source = f"git::file://{elsewhere.path}//parts"
        parts = {"modules": {"parts": {"source": source, "inputs": {"more": list(more)}}}}
        inputs = {"names": names, "tags": "${stack.net.tags}", "pi": "${stack.net.pi}"}
        shop.write("environments/dev/net.yaml", json.dumps(parts))
        shop.write("environments/dev/app.yaml", json.dumps({"modules": {"app": {"source": "each", "inputs": inputs}}}))
        shop.git("rm", "-q", "--ignore-unmatch", "environments/dev.yaml")
        shop.commit("stacks")

    wish("${stack.net.key}")
    failed = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (failed.code, "Sensitive values" in failed.error["why"]) == (20, True)
    assert not list((shop.workspace / "state/dev").glob("*.tfstate")), "nothing was applied that can't help"

    wish("${stack.net.names}")
    planned = shop.ok("plan", "dev", "-o", "json").result["plan"]
    assert [wait["stack"] for wait in planned["waiting"]] == ["app"]
    shop.ok("apply", "dev", "--yes")
    assert [one["index_key"] for one in _state(shop, "app")["resources"][0]["instances"]] == ["a", "b"]
    assert '"pi": 3.14159265358979323846' in (shop.workspace / "state/dev/app.tfstate").read_text()
    assert shop.ok("apply", "dev", "--yes", "-o", "json").result["version"] is None

    wish("${stack.net.names}", "c")
    planned = shop.ok("plan", "dev", "-o", "json").result["plan"]
    assert [change["address"] for change in planned["changes"]] == ['app/module.app.terraform_data.each["c"]']
    assert planned["waiting"] == [], "what is known wholly is planned at once"
    shop.ok("apply", "dev", "--yes")
    shop.ok("drift", "dev")
    shop.ok("destroy", "dev", "--yes")
