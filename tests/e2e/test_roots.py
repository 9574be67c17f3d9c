"""Root modules that somebody wrote by hand, as environments: nothing moves, and everything has a version."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.e2e.test_adopt import ids, terraform
from tests.support.sandbox import Sandbox, new_sandbox
from tests.support.state_server import serve_states

RULES = """\
version: 1
project: shop
environments:
  prod:
    branch: main
    root: live/prod
    tfvars: [live/common.tfvars]
    inputs: {size: 3, token: {from: env:TOKEN}}
"""
ROOT = """\
terraform {
  required_version = ">= 1.4"
}
provider "terraform" {
  alias = "second"
}
variable "size" { type = number }
variable "team" { type = string }
variable "names" { type = set(string) }
variable "token" {
  type      = string
  sensitive = true
}
locals {
  greeting = templatefile("${path.module}/../../templates/hello.tpl", { team = var.team })
}
resource "terraform_data" "db" {
  input = { size = var.size, greeting = local.greeting, at = path.root }
  lifecycle {
    prevent_destroy = true
  }
}
resource "terraform_data" "secret" {
  input = sha256(var.token)
}
module "service" {
  source   = "../../parts/service"
  for_each = var.names
  name     = each.key
}
output "sizes" { value = var.size }
output "hidden" {
  value     = var.token
  sensitive = true
}
"""
SERVICE = """\
variable "name" { type = string }
resource "terraform_data" "service" { input = var.name }
output "id" { value = terraform_data.service.id }
"""
TOKEN = {"TOKEN": "hunter2-canary"}


def new_shop(tmp_path: Path, engine: str, rules: str = RULES) -> Sandbox:
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.write("live/prod/main.tf", ROOT)
    shop.write("live/prod/terraform.tfvars", 'names = ["a", "b"]\nteam = "nobody"\n')
    shop.write("live/common.tfvars", 'team = "ops"\n')
    shop.write("templates/hello.tpl", "hello ${team}\n")
    shop.write("parts/service/main.tf", SERVICE)
    return shop


def test_a_root_is_applied_changed_and_brought_back_as_it_lies_there(tmp_path: Path, engine: str) -> None:
    shop = new_shop(tmp_path, engine)
    shop.commit()
    assert "nothing wrong" in shop.ok("validate").out
    made = shop.ok("apply", "prod", "--yes", "--output", "json", env=TOKEN).result
    assert made["version"] == "v1"
    card = card_of(shop, "prod")
    assert sorted(card["stacks"]["main"]["inventory"]) == [
        'module.service["a"].terraform_data.service',
        'module.service["b"].terraform_data.service',
        "terraform_data.db",
        "terraform_data.secret",
    ]
    assert card["modules"]["root"]["source"] == "./live/prod"
    assert card["stacks"]["main"]["protected"] == ["terraform_data.db"]
    assert card["outputs"] == {"root": {"sizes": 3}}
    assert attribute(shop, "terraform_data", "db")["input"]["value"] == {
        "size": 3,
        "greeting": "hello ops\n",
        "at": ".",
    }

    # A template outside of the folder is part of it, and so is a file of values; a note beside them is not.
    shop.write("notes.txt", "nothing\n")
    shop.commit("a note")
    assert "No changes" in shop.ok("plan", "prod", env=TOKEN).out
    assert shop.ok("affected", "--base", "HEAD~1", "--output", "json").result["environments"] == []
    shop.write("templates/hello.tpl", "hi ${team}\n")
    shop.write("live/prod/terraform.tfvars", 'names = ["a"]\nteam = "nobody"\n')
    shop.commit("less")
    touched = shop.ok("affected", "--base", "HEAD~1", "--output", "json").result["environments"]
    assert [one["env"] for one in touched] == ["prod"]
    shop.ok("apply", "prod", "--yes", env=TOKEN)
    assert attribute(shop, "terraform_data", "db")["input"]["value"]["greeting"] == "hi ops\n"
    assert "in sync" in shop.ok("status").out

    # Back, with files as they were then, and what was the root's own as well.
    back = shop.ok("rollback", "prod", "--yes", env=TOKEN)
    assert "v3 (content of v1)" in back.out
    assert attribute(shop, "terraform_data", "db")["input"]["value"]["greeting"] == "hello ops\n"
    assert "hunter2" not in shop.git("show", "refs/tfops/envs/prod:root/root.json")

    # What is protected is, and an engine's mistake stands at the repository's file.
    refused = shop.run("destroy", "prod", "--yes", env=TOKEN)
    assert refused.code != 0
    assert "live/prod/main.tf:" in refused.err


def test_what_stands_in_a_roots_folder_counts_as_it_does_by_hand(tmp_path: Path, engine: str) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n  prod: {branch: main, root: a/b/c, inputs: {last: inputs}}\n"
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    root = shop.path / "a/b/c"
    names = ("plain", "auto", "last", "default")
    shop.write(
        "a/b/c/main.tf",
        "".join(f'variable "{name}" {{ default = "default" }}\n' for name in names)
        + 'resource "terraform_data" "x" { input = "base" }\n'
        + 'resource "terraform_data" "ran" {\n'
        + '  provisioner "local-exec" { command = "../../../bin/note.sh && cp ../linked.txt seen.txt" }\n}\n'
        + 'output "given" { value = [var.plain, var.auto, var.last, var.default] }\n'
        + 'output "cwd" { value = basename(path.cwd) }\n'
        + 'output "links" { value = trimspace(file("${path.module}/../linked.txt")) }\n'
        + 'output "files" { value = fileset(path.root, "*.txt") }\n',
    )
    shop.write("a/b/c/terraform.tfvars", 'plain = "tfvars"\nauto = "tfvars"\nlast = "tfvars"\n')
    shop.write("a/b/c/z.auto.tfvars.json", '{"auto": "auto", "last": "auto"}')
    shop.write("a/b/c/x_override.tf", 'resource "terraform_data" "x" { input = "overridden" }\n')
    shop.write("a/b/c/old.txt", "old\n")
    shop.write("elsewhere/text.txt", "linked\n")
    shop.write("bin/note.sh", "#!/bin/sh\necho noted > noted.txt\n")
    shop.write("a/b/c/terraform.tfstate", "nobody reads this")
    shop.write("other/huge.txt", "not reached\n")
    (shop.path / "bin/note.sh").chmod(0o755)
    (shop.path / "a/b/linked.txt").symlink_to("../../elsewhere/text.txt")
    shop.commit()
    refused = shop.run("apply", "prod", "--yes", "--output", "json")
    assert refused.error["guard"] == "state-exists"  # it can't be read, so nobody knows what it holds
    shop.git("rm", "-q", "a/b/c/terraform.tfstate")
    shop.commit("without a state")
    shop.ok("apply", "prod", "--yes")
    outputs = card_of(shop, "prod")["outputs"]["root"]
    assert outputs["given"] == ["tfvars", "auto", "inputs", "default"]
    assert (outputs["cwd"], outputs["links"], outputs["files"]) == ("c", "linked", ["old.txt"])
    assert attribute(shop, "terraform_data", "x")["input"]["value"] == "overridden"

    top = shop.workspace / "roots/prod/main/modules"
    assert not (top / "other").exists()
    assert (top / "a/b/c/noted.txt").exists()
    assert not (root / "noted.txt").exists()
    # What a run wrote stays; what a commit had and the next one hasn't is gone.
    shop.git("rm", "-q", "a/b/c/old.txt")
    shop.commit("without the old")
    shop.ok("apply", "prod", "--yes")
    assert card_of(shop, "prod")["outputs"]["root"]["files"] == ["noted.txt", "seen.txt"]


def test_a_state_beside_the_code_is_taken_over_and_nothing_moves(tmp_path: Path, engine: str) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n  prod: {branch: main, root: live}\n"
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.write(".gitignore", "*.tfstate*\n.terraform/\n.terraform.lock.hcl\n")
    shop.write(
        "live/main.tf",
        'variable "size" {\n  type = number\n  default = 1\n}\n'
        'resource "terraform_data" "x" { input = var.size }\n'
        'resource "terraform_data" "each" {\n  for_each = toset(["a", "b"])\n  input = each.key\n}\n',
    )
    for step in ("init", "apply -auto-approve -var size=4"):
        terraform(shop, shop.path / "live", *step.split())
    state = (shop.path / "live/terraform.tfstate").read_text()
    before = ids(json.loads(state))
    shop.commit()

    refused = shop.run("apply", "prod", "--yes", "--output", "json")
    assert (refused.code, refused.error["guard"]) == (11, "state-exists")
    assert "tfops adopt prod" in refused.error["hint"]
    refused = shop.run("adopt", "prod", "--yes", "--output", "json")
    assert (refused.code, refused.error["guard"]) == (11, "not-empty")
    assert shop.tags() == []
    shop.write("tfops.yaml", rules.replace("root: live", "root: live, inputs: {size: 4}"))
    shop.commit("the size")
    asked = shop.run("adopt", "prod")
    assert asked.code != 0
    assert "--yes" in asked.err
    assert shop.ok("adopt", "prod", "--yes", "--output", "json").result["version"] == "v1"
    card = card_of(shop, "prod")
    assert (card["kind"], sorted(card["stacks"]["main"]["inventory"].values())) == ("adopt", before)
    assert (shop.path / "live/terraform.tfstate").read_text() == state
    assert shop.git("status", "--porcelain").strip() == ""
    assert "No changes" in shop.ok("plan", "prod").out
    assert shop.run("adopt", "prod", "--yes", "--output", "json").error["guard"] == "exists"


def test_the_roots_own_backend_counts_and_a_way_back_does_not_change_it(tmp_path: Path, engine: str) -> None:
    with serve_states() as states:
        rules = f"""\
version: 1
project: shop
environments:
  blue: {{branch: main, root: live, backend_config: {{address: "{states.address}/{{env}}"}}}}
  green: {{branch: main, root: live, backend_config: {{address: "{states.address}/{{env}}"}}}}
"""
        shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
        shop.write("live/main.tf", 'resource "terraform_data" "x" { input = 1 }\n')
        shop.write("live/backend.tf", 'terraform {\n  backend "http" {\n    retry_max = 1\n  }\n}\n')
        shop.commit()
        shop.ok("apply", "blue", "--yes")
        assert card_of(shop, "blue")["stacks"]["main"]["backend"] == "http"
        assert json.loads(states.states["/blue"])["resources"]
        assert not (shop.workspace / "state/blue/main.tfstate").exists()

        # Made by hand in the same place: it is taken over where it is.
        folder = tmp_path / "hand"
        shutil.copytree(shop.path / "live", folder)
        init = ["init", f"-backend-config=address={states.address}/green"]
        terraform(shop, folder, *init)
        terraform(shop, folder, "apply", "-auto-approve")
        refused = shop.run("apply", "green", "--yes", "--output", "json")
        assert refused.error["guard"] == "state-exists"
        shop.ok("adopt", "green", "--yes")
        assert card_of(shop, "green")["kind"] == "adopt"

        shop.write("live/main.tf", 'resource "terraform_data" "x" { input = 2 }\n')
        shop.write("live/backend.tf", 'terraform {\n  backend "http" {\n    retry_max = 0\n  }\n}\n')
        shop.commit("how, and not where")
        shop.ok("apply", "blue", "--yes")
        shop.ok("rollback", "blue", "--yes")
        assert '"retry_max": 0' in shop.git("show", "refs/tfops/envs/blue:root/backend.tf.json")
        shop.write("tfops.yaml", rules.replace("/{env}", "/same"))
        shop.commit("one place for both")
        assert "would keep its state where" in shop.run("validate").err


def test_two_environments_are_workspaces_of_one_root(tmp_path: Path, engine: str) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n" + "".join(
        f"  {name}: {{branch: main, root: live, workspace: {name}}}\n" for name in ("blue", "green")
    )
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.write("live/main.tf", 'resource "terraform_data" "x" { input = terraform.workspace }\n')
    shop.commit()
    for name in ("blue", "green"):
        shop.ok("apply", name, "--yes")
        found = json.loads((shop.workspace / f"state/{name}/main.workspaces/{name}/terraform.tfstate").read_text())
        assert found["resources"][0]["instances"][0]["attributes"]["input"]["value"] == name
    assert "No changes" in shop.ok("plan", "blue").out
    assert shop.run("backend", "move", "blue", "--output", "json").error["guard"] == "workspace"
    shop.write("tfops.yaml", rules.replace("workspace: blue", "workspace: red"))
    shop.commit("another one")
    assert shop.run("plan", "blue", "--output", "json").error["guard"] == "backend-moved"


def test_roots_in_a_list_are_stacks_that_give_each_other_outputs(tmp_path: Path, engine: str) -> None:
    rules = """\
version: 1
project: shop
environments:
  prod:
    branch: main
    roots:
      - {path: live/net, inputs: {cidr: 10.0.0.0/8}}
      - path: live/app
        inputs: {vpc: "${stack.net.vpc.id}", key: "${stack.net.key}"}
"""
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.write(
        "live/net/main.tf",
        'variable "cidr" { type = string }\n'
        'resource "terraform_data" "vpc" { input = var.cidr }\n'
        'output "vpc" { value = { id = terraform_data.vpc.output } }\n'
        'output "key" {\n  value = "canary-${terraform_data.vpc.output}"\n  sensitive = true\n}\n',
    )
    shop.write(
        "live/app/main.tf",
        'variable "vpc" { type = string }\nvariable "key" { type = string }\n'
        'data "terraform_remote_state" "net" {\n  backend = "local"\n'
        f'  config = {{ path = "{shop.workspace}/state/prod/net.tfstate" }}\n}}\n'
        'resource "terraform_data" "app" { input = var.vpc }\n'
        'resource "terraform_data" "key" { input = var.key }\n'
        'resource "terraform_data" "read" { input = data.terraform_remote_state.net.outputs.vpc.id }\n',
    )
    shop.commit()
    assert "app can't be planned before net is applied" in shop.ok("plan", "prod").out
    made = shop.ok("apply", "prod", "--yes")
    assert "canary" not in made.out + made.err
    card = card_of(shop, "prod")
    assert set(card["stacks"]) == {"net", "app"}
    # What isn't a reference is seen as well: the second root is planned again on top of the first.
    shop.write("tfops.yaml", rules.replace("10.0.0.0/8", "10.1.0.0/16"))
    shop.commit("another net")
    shop.ok("apply", "prod", "--yes")
    app = json.loads((shop.workspace / "state/prod/app.tfstate").read_text())
    values = {
        one["name"]: one["instances"][0]["attributes"]["input"] for one in app["resources"] if one["mode"] == "managed"
    }
    assert {values["app"]["value"], values["read"]["value"]} == {"10.1.0.0/16"}
    down = shop.ok("destroy", "prod", "--yes")
    assert down.err.index("app/terraform_data.app: deleting") < down.err.index("net/terraform_data.vpc: deleting")


def card_of(shop: Sandbox, env: str) -> Any:
    return json.loads(shop.git("show", f"refs/tfops/envs/{env}:card.json"))


def attribute(shop: Sandbox, kind: str, name: str) -> Any:
    state = json.loads((shop.workspace / "state/prod/main.tfstate").read_text())
    [found] = [one for one in state["resources"] if (one["type"], one["name"]) == (kind, name) and "module" not in one]
    return found["instances"][0]["attributes"]
