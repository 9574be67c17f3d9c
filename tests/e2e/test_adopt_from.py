"""`adopt --from terragrunt`: its units become environments with stacks, by what it prints, and nothing real changes."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_adopt import ids
from tests.e2e.test_adopt_all import answers, without_rules
from tests.support.engines import engine_program
from tests.support.sandbox import Sandbox
from tests.support.state_server import StateServer, serve_states
from tests.support.terragrunt import stand_in_terragrunt

VPC = """\
variable "region" { type = string }
resource "terraform_data" "vpc" { input = var.region }
output "id" { value = terraform_data.vpc.id }
output "subnets" { value = ["s-1", "s-2"] }
"""
APP = """\
variable "vpc_id" { type = string }
variable "subnets" { type = list(string) }
variable "name" { type = string }
variable "token" {
  type      = string
  sensitive = true
}
resource "terraform_data" "app" {
  for_each = toset(var.subnets)
  input    = [var.vpc_id, var.name, var.token]
}
module "inner" { source = "./inner" }
"""
ROOT = """\
remote_state {{
  backend  = "http"
  config   = {{ address = "{address}/${{path_relative_to_include()}}/tfstate" }}
  generate = {{ path = "backend.tf", if_exists = "overwrite" }}
}}
generate "provider" {{
  path      = "provider.tf"
  if_exists = "overwrite"
  contents  = "provider \\"terraform\\" {{}}\\n"
}}
inputs = {{ region = "eu-west-1", nobody_wants = true }}
"""
UNIT = (
    'include "root" {{ path = find_in_parent_folders("root.hcl") }}\nterraform {{ source = "../../../modules//{0}" }}\n'
)
APP_UNIT = """\
dependency "vpc" {
  config_path  = "../vpc"
  mock_outputs = { id = "mock" }
}
inputs = {
  vpc_id  = dependency.vpc.outputs.id
  subnets = dependency.vpc.outputs.subnets
  name    = "app-${dependency.vpc.outputs.id}"
  token   = "hunter2-canary"
}
"""


def _tree(shop: Sandbox, states: StateServer) -> None:
    shop.write(".gitignore", ".terragrunt-cache/\n.terraform.lock.hcl\n")
    shop.write("modules/vpc/main.tf", VPC)
    shop.write("modules/app/main.tf", APP)
    shop.write("modules/app/inner/main.tf", 'resource "terraform_data" "deep" { input = "deep" }\n')
    shop.write("live/root.hcl", ROOT.format(address=states.address))
    shop.write("live/prod/vpc/terragrunt.hcl", UNIT.format("vpc"))
    shop.write("live/prod/app/terragrunt.hcl", UNIT.format("app") + APP_UNIT)


def _as_the_stand_in_has_it(shop: Sandbox, states: StateServer) -> None:
    """The same tree for the stand-in, applied as Terragrunt does it: the module's code, and what is generated."""
    inputs: dict[str, dict[str, Any]] = {
        "vpc": {},
        "app": {
            "vpc_id": {"output": ["vpc", "id"]},
            "subnets": {"output": ["vpc", "subnets"]},
            "name": "app-{vpc[id]}",
            "token": "hunter2-canary",
        },
    }
    for name, own in inputs.items():
        config = {"address": f"{states.address}/prod/{name}/tfstate"}
        generated = {"provider": {"path": "provider.tf", "contents": 'provider "terraform" {}\n'}}
        body = {
            "source": f"../../../modules//{name}",
            "inputs": {"region": "eu-west-1", "nobody_wants": True, **own},
            "needs": {"vpc": "../vpc"} if name == "app" else {},
            "more": {"remote_state": {"backend": "http", "config": config}, "generate": generated},
        }
        shop.write(f"live/prod/{name}/unit.json", json.dumps(body))
    shop.commit("for the stand-in")
    for name in inputs:
        code = shop.path / f"live/prod/{name}/.terragrunt-cache/code"
        shutil.copytree(shop.path / f"modules/{name}", code)
        address = f"{states.address}/prod/{name}/tfstate"
        (code / "backend.tf").write_text(f'terraform {{\n  backend "http" {{ address = "{address}" }}\n}}\n')
        vpc = states.states.get("/prod/vpc/tfstate")
        vpc_id = json.loads(vpc)["outputs"]["id"]["value"] if vpc else ""
        values = {"vpc_id": vpc_id, "subnets": ["s-1", "s-2"], "name": f"app-{vpc_id}", "token": "hunter2-canary"}
        mine = {"region": "eu-west-1"} if name == "vpc" else values
        (code / "terraform.tfvars.json").write_text(json.dumps(mine))
        for argv in (("init",), ("apply", "-auto-approve")):
            _run([engine_program(shop.env["TFOPS_ENGINE"]), *argv, "-input=false"], code, shop.env)


def _run(argv: list[str], folder: Path, env: dict[str, str]) -> None:
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("program", ["stand-in", pytest.param("real", marks=pytest.mark.peer)])
def test_units_become_stacks_that_take_from_each_other_and_only_addresses_move(
    tmp_path: Path, engine: str, program: str
) -> None:
    if program == "real" and shutil.which("terragrunt") is None:
        pytest.skip("no Terragrunt here: put terragrunt on PATH")
    with serve_states() as states:
        shop = without_rules(tmp_path, engine)
        _tree(shop, states)
        shop.commit("a tree of Terragrunt's")
        if program == "real":
            more = {"TG_TF_PATH": engine_program(engine), "TG_NON_INTERACTIVE": "true"}
            argv = ["terragrunt", "run", "--all", "--working-dir", "live", "--", "apply", "-auto-approve"]
            _run(argv, shop.path, shop.env | more)
        else:
            stand_in_terragrunt(tmp_path / "bin", shop.env)
            _as_the_stand_in_has_it(shop, states)
        by_hand = {name: states.states[f"/prod/{name}/tfstate"] for name in ("vpc", "app")}

        shown = shop.ok("adopt", "--from", "terragrunt", "live", "--dry-run", "-o", "json").result
        assert states.states["/prod/app/tfstate"] == by_hand["app"] and not (shop.path / "tfops.yaml").exists()
        _is_what_was_said(shown)
        killed = shop.run("adopt", "--from", "terragrunt", "live", "--yes", env={"TFOPS_FAILPOINT": "planned:SIGKILL"})
        assert killed.code != 0 and shop.tags() == [], "the files are committed, and nothing else was done"
        refused = shop.run("apply", "prod", "--yes", "-o", "json", env={"TOKEN": "hunter2-canary"})
        assert refused.error["guard"] == "state-exists", "nothing is made a second time meanwhile"
        done = shop.ok("adopt", "--from", "terragrunt", "live", "--yes", "-o", "json", env={"TOKEN": "hunter2-canary"})
        assert answers(done)["prod"]["result"]["version"] == "v1"
        written = shop.git("show", "HEAD") + shop.git("log", "--patch", "refs/tfops/envs/prod")
        assert "hunter2" not in written + done.out + done.err, "what is sensitive isn't written down"
        card = shop.ok("show", "prod", "-o", "json").result["card"]
        for name, text in by_hand.items():
            inventory = card["stacks"][name]["inventory"]
            assert sorted(inventory.values()) == ids(json.loads(text)), "every resource keeps its id"
            assert all(address.startswith(f"module.{name}.") for address in inventory)
            assert json.loads(states.states[f"/prod/{name}/tfstate"])["lineage"] == json.loads(text)["lineage"]
        assert "module.app.module.inner.terraform_data.deep" in card["stacks"]["app"]["inventory"]
        assert "No changes" in shop.ok("plan", "prod", env={"TOKEN": "hunter2-canary"}).out


def _is_what_was_said(shown: Any) -> None:
    [root] = shown["roots"]
    assert (root["env"], list(root["line"])) == ("prod", ["branch", "backend"])
    assert root["line"]["backend"]["address"].endswith("/prod/{stack}/tfstate")
    app = shown["files"]["environments/prod/app.yaml"]
    assert 'vpc_id: "${stack.vpc.vpc.id}"' in app and 'subnets: "${stack.vpc.vpc.subnets}"' in app
    assert "token: {from: env:TOKEN}" in app.replace('"', "")
    assert "nobody_wants" not in app and "mock" not in app
    [left] = shown["not_taken"]
    assert (left["path"], left["line"]) == ("live/prod/app/terragrunt.hcl", 10)
    assert left["text"] == "input `name` is made of an output and more: its value of today is taken"
    assert shown["secrets"] == ["TOKEN"]


def test_a_tool_that_is_not_here_is_said_to_be_missing(tmp_path: Path, engine: str) -> None:
    shop = without_rules(tmp_path, engine)
    shop.commit()
    refused = shop.run("adopt", "--from", "terragrunt", "-o", "json", env={"PATH": "/usr/bin:/bin"})
    assert (refused.code, refused.error["guard"]) == (11, "peer")


def test_what_makes_no_sense_together_is_said(tmp_path: Path, engine: str) -> None:
    shop = without_rules(tmp_path, engine)
    shop.commit()
    for words in (
        "--all --from terragrunt",
        "--from terragrunt --skip x",
        "--all --module x",
        "prod --dry-run",
        "--all . prod",
        "--from terragrunt ..",
        "",
    ):
        assert shop.run("adopt", *words.split()).code == 64, words
