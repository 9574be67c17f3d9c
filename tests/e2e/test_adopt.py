"""`tfops adopt`: a Terraform folder with a state becomes an environment, and nothing that it made is touched."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support.sandbox import Sandbox, new_sandbox
from tests.support.state_server import serve_states

RULES = "version: 1\nproject: shop\nenvironments:\n  other: {branch: other}\n"
LEGACY = """\
terraform {
  required_version = ">= 1.4"
  backend "local" {
    path = "state/legacy.tfstate"
  }
}
variable "size" {
  type    = number
  default = 1
}
variable "tags" { type = map(string) }
variable "token" {
  type      = string
  sensitive = true
}
resource "terraform_data" "db" {
  input = { size = var.size, tags = var.tags }
}
resource "terraform_data" "node" {
  for_each = toset(["a", "b"])
  input    = "${each.key} ${file("${path.module}/files/hello.txt")}"
}
module "inner" {
  source = "./parts/inner"
  count  = 1
}
"""


def legacy_folder(shop: Sandbox) -> Path:
    folder = shop.path / "legacy"
    shop.write("legacy/main.tf", LEGACY)
    shop.write("legacy/files/hello.txt", "hello\n")
    shop.write(
        "legacy/parts/inner/main.tf", 'resource "terraform_data" "x" { input = "deep" }\noutput "x" { value = 1 }\n'
    )
    shop.write("legacy/terraform.tfvars", 'size = 3\ntags = { team = "ops" }\ntoken = "hunter2-canary"\n')
    (folder / "state").mkdir()
    for step in ("init", "apply -auto-approve"):
        terraform(shop, folder, *step.split())
    return folder


def terraform(shop: Sandbox, folder: Path, *argv: str) -> None:
    program = "tofu" if shop.env["TFOPS_ENGINE"] == "tofu" else "terraform"
    done = subprocess.run(
        [program, *argv, "-input=false", "-no-color"],
        cwd=folder, env=shop.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def ids(state: Any) -> list[str]:
    return sorted(item["attributes"]["id"] for resource in state["resources"] for item in resource["instances"])


def test_a_folder_is_taken_over_in_two_runs_and_every_resource_keeps_its_id(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=RULES)
    shop.write(".gitignore", "/legacy/\n")
    folder = legacy_folder(shop)
    shop.commit()
    old = (folder / "state/legacy.tfstate").read_text()
    token = {"TOKEN": "hunter2-canary"}

    # What is not as the state says is refused, and nothing stays behind.
    (folder / "terraform.tfvars").write_text('size = 4\ntags = { team = "ops" }\ntoken = "x"\n')
    refused = shop.run("adopt", "dev", "legacy", "--output", "json", env=token)
    assert (refused.code, refused.error["guard"]) == (11, "not-empty")
    assert refused.error["why"].startswith("update module.legacy.terraform_data.db (input")
    assert shop.git("status", "--porcelain") == ""
    assert not (shop.path / "modules/legacy").exists()

    (folder / "terraform.tfvars").write_text('size = 3\ntags = { team = "ops" }\ntoken = "x"\n')
    assert shop.run("adopt", "dev", "legacy").code == 11  # the secret isn't set
    assert shop.git("status", "--porcelain") == ""
    first = shop.ok("adopt", "dev", "legacy", env=token)
    assert "The first plan is empty: 4 resources get new addresses" in first.out
    assert "set TOKEN in the environment" in first.out
    assert shop.tags() == []
    module = (shop.path / "modules/legacy/main.tf").read_text()
    assert "backend" not in module
    assert 'required_version = ">= 1.4"' in module
    assert (shop.path / "environments/dev.yaml").read_text() == (
        "# What `dev` is made of: taken over from a Terraform folder.\n"
        "modules:\n  legacy:\n    source: legacy\n    inputs:\n      size: 3\n      tags:\n        team: ops\n"
        "      token: {from: env:TOKEN}\n"
    )
    assert "  dev: {branch: main}\n" in (shop.path / "tfops.yaml").read_text()

    shop.commit("Adopt dev")
    assert shop.run("adopt", "dev", "legacy", env=token).code == 13  # nobody said yes
    assert shop.tags() == []
    done = shop.ok("adopt", "dev", "legacy", "--yes", env=token)
    assert "✓ dev is now v1, taken over from" in done.out
    new = shop.state()
    assert new["lineage"] == json.loads(old)["lineage"]
    assert ids(new) == ids(json.loads(old))
    assert all(resource["module"].startswith("module.legacy") for resource in new["resources"])
    assert (folder / "state/legacy.tfstate").read_text() == old
    assert "tfops" in (folder / "ADOPTED-BY-TFOPS.txt").read_text()
    card = shop.ok("show", "dev", "--output", "json").result["card"]
    assert (card["kind"], card["plan"]["create"], card["plan"]["delete"]) == ("adopt", 0, 0)

    assert shop.ok("plan", "dev", "--detailed-exitcode", env=token).code == 0
    assert "already at v1" in shop.ok("apply", "dev", "--yes", env=token).out
    again = shop.run("adopt", "dev", "legacy", "--yes", "--output", "json", env=token)
    assert (again.code, again.error["guard"]) == (11, "exists")
    assert not [path for path in (shop.path / ".git/tfops").rglob("*dev-adopt*") if path.is_file()]
    leaks = subprocess.run(
        ["git", "grep", "-l", "hunter2-canary", "HEAD"], cwd=shop.path, env=shop.env, capture_output=True, check=False
    )
    assert leaks.stdout == b""


def test_what_can_not_be_taken_over_is_said_before_anything_is_written(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=RULES)
    shop.commit()
    shop.write("legacy/main.tf", 'variable "x" {}\nresource "terraform_data" "x" { input = var.x }\n')

    def why(**files: str) -> str:
        for name, text in files.items():
            (shop.path / "legacy" / name.replace("__", ".")).write_text(text)
        ran = shop.run("adopt", "dev", "legacy", "--output", "json")
        assert ran.code == 11, ran.out + ran.err
        return str(ran.error["what"])

    assert "has no state" in why()
    state: dict[str, Any] = {"version": 4, "lineage": "l", "serial": 1, "outputs": {}, "resources": []}
    assert "has no state, or an empty one" in why(terraform__tfstate=json.dumps(state))
    instances = [{"attributes": {"id": "1"}}]
    state["resources"] = [{"mode": "managed", "type": "terraform_data", "name": "x", "instances": instances}]
    assert why(terraform__tfstate=json.dumps(state)) == "no file says what these variables are: x"
    assert "Function calls not allowed" in why(terraform__tfvars="x = upper(1)\n")
    for name, text, said in (
        ("i.tf", 'import {\n  to = terraform_data.z[0]\n  id = "1"\n}\n', "imports terraform_data.z"),
        ("i.tf", 'module "m" { source = "../../elsewhere" }\n', "outside of"),
        ("i.tf", 'module "m" { source = "../nowhere" }\n', "that isn't there"),
        ("i.tf", 'variable "y" {\n  sensitive = true\n  default = ""\n}\n', "isn't text, and its variable has no type"),
    ):
        assert said in why(**{name.replace(".", "__"): text, "terraform__tfvars": "x = 1\ny = [1]\n"})
    shop.write(".git/info/exclude", "i.tf\n")
    assert "is ignored by Git, and Terraform reads it" in why()
    (shop.path / "legacy/i.tf").unlink()
    assert "can't be read" in why(broken__tf="resource {{{\n")
    assert shop.run("adopt", "dev", "nope").code == 10
    assert shop.run("adopt", "Dev", "legacy").code == 64
    assert shop.git("status", "--porcelain", "--", "modules", "environments", "tfops.yaml") == ""


def test_a_state_in_a_backend_is_copied_to_another_and_never_over_a_foreign_one(tmp_path: Path, engine: str) -> None:
    with serve_states() as server:
        shop = new_sandbox(tmp_path / "shop", engine, rules=RULES + server.backend())
        shop.write(".gitignore", "/legacy/\n")
        backend = 'terraform {\n  backend "http" {}\n}\n'
        shop.write("legacy/main.tf", backend + 'resource "terraform_data" "x" { input = 1 }\n')
        folder = shop.path / "legacy"
        terraform(shop, folder, "init", f"-backend-config=address={server.address}/old")
        terraform(shop, folder, "apply", "-auto-approve")
        old = server.states["/old"]
        shop.commit()
        shop.ok("adopt", "dev", "legacy")
        shop.commit("Adopt dev")

        foreign = json.loads(old) | {"lineage": "another"}
        server.states["/dev/main"] = json.dumps(foreign).encode()
        refused = shop.run("adopt", "dev", "legacy", "--yes", "--output", "json")
        assert (refused.code, refused.error["guard"]) == (11, "state-exists")
        assert shop.tags() == []

        del server.states["/dev/main"]
        assert "✓ dev is now v1" in shop.ok("adopt", "dev", "legacy", "--yes").out
        assert server.states["/old"] == old
        new = json.loads(server.states["/dev/main"])
        assert (ids(new), new["lineage"]) == (ids(json.loads(old)), json.loads(old)["lineage"])


def simple_folder(shop: Sandbox, name: str, backend: str = "") -> Path:
    shop.write(f"{name}/main.tf", f'{backend}\nresource "terraform_data" "x" {{ input = 1 }}\n')
    return shop.path / name


def test_the_state_is_the_one_that_terraform_uses_there_or_none(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=RULES)
    shop.write(".gitignore", "/old*/\n")
    shop.commit()
    local = 'terraform {\n  backend "local" {}\n}\n'

    def said(name: str, **env: str) -> str:
        ran = shop.run("adopt", "dev", name, "--output", "json", env=env)
        assert (ran.code, ran.error["guard"]) == (11, "adopt"), ran.out + ran.err
        return str(ran.error["what"])

    # The file that lies there is an older state: only init knows which one is meant.
    folder = simple_folder(shop, "old", local)
    (folder / "terraform.tfstate").write_text(
        json.dumps({"version": 4, "lineage": "older", "serial": 9, "outputs": {}, "resources": []})
    )
    assert "isn't initialized" in said("old")
    terraform(shop, folder, "init", "-backend-config=path=real/now.tfstate")
    terraform(shop, folder, "apply", "-auto-approve")
    real = json.loads((folder / "real/now.tfstate").read_text())
    (folder / "errored.tfstate").write_text("{}")
    assert "was never saved" in said("old")
    (folder / "errored.tfstate").unlink()
    assert "TF_CLI_ARGS_plan names another state" in said("old", TF_CLI_ARGS_plan="-state=other.tfstate")
    assert "has no state" in said("old", TF_WORKSPACE="empty")
    (folder / "main.tf").write_text((folder / "main.tf").read_text().replace("{}", '{ path = "another" }', 1))
    assert "isn't the one any more" in said("old")
    (folder / "main.tf").write_text('resource "terraform_data" "x" { input = 1 }\n')
    assert "its files say another now" in said("old")

    # A workspace of a data folder that lies elsewhere.
    folder = simple_folder(shop, "old2")
    data = {"TF_DATA_DIR": str(tmp_path / "data")}
    shop.env.update(data)
    for step in ("init", "workspace new blue", "apply -auto-approve"):
        terraform(shop, folder, *step.split()) if step != "workspace new blue" else subprocess.run(
            ["terraform", *step.split()], cwd=folder, env=shop.env, check=True, capture_output=True
        )
    for name in data:
        del shop.env[name]
    assert "has no state" in said("old2")
    blue = json.loads((folder / "terraform.tfstate.d/blue/terraform.tfstate").read_text())

    folder = simple_folder(shop, "old", local)
    ran = shop.ok("adopt", "dev", "old")
    assert "state in old/real/now.tfstate" in ran.err
    shop.commit("Adopt dev")
    shop.ok("adopt", "dev", "old", "--yes")
    assert shop.state()["lineage"] == real["lineage"]
    shop.git("checkout", "--quiet", "-b", "two")
    shop.ok("adopt", "two", "old2", env=data)
    shop.commit("Adopt two")
    shop.ok("adopt", "two", "old2", "--yes", env=data)
    assert shop.ok("show", "two", "--output", "json").result["card"]["stacks"]["main"]["lineage"] == blue["lineage"]


ODD = """\
variable "seconds" { type = number }
variable "labels" {
  type      = map(string)
  sensitive = true
}
import {
  to = terraform_data.x
  id = "whatever"
}
resource "terraform_data" "x" { input = "${var.seconds} ${filemd5("${path.module}/blob.bin")}" }
resource "terraform_data" "y" {
  input = nonsensitive(sha256(jsonencode(var.labels)))
  provisioner "local-exec" { command = "${path.module}/run.sh" }
}
module "shared" {
  source = "../lib/shared" # outside of the folder
}
module "linked" { source = "./linked" }
module "ours" { source = "../../modules/ours" }
output "deep" { value = module.shared.deep }
"""


def test_everything_that_belongs_to_a_folder_is_taken_along_and_nothing_that_git_ignores(
    tmp_path: Path, engine: str
) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=RULES)
    folder = shop.path / "live/app"
    shop.write("live/app/main.tf", ODD.replace("import {\n", "removed {\n").replace(
        '  to = terraform_data.x\n  id = "whatever"\n', '  from = terraform_data.gone\n  lifecycle { destroy = true }\n'
    ))  # fmt: skip
    shop.write("live/app/run.sh", "#!/bin/sh\nexit 0\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "blob.bin").write_bytes(b"\xff\x00\xfe")
    shop.write("live/app/extra.auto.tfvars", 'seconds = 60 * 60 # an hour\nlabels = { "a b" = "${1 + 1}" }\n')
    shop.write(
        "live/lib/shared/main.tf", 'module "deep" { source = "../deep" }\noutput "deep" { value = module.deep.x }\n'
    )
    shop.write("live/lib/deep/main.tf", 'resource "terraform_data" "d" { input = 1 }\noutput "x" { value = 1 }\n')
    (folder / "linked").symlink_to("../lib/deep")
    shop.write("modules/ours/main.tf", 'resource "terraform_data" "o" {}\n')
    shop.write(".gitignore", ".env\nlive/**/.terraform*\n*.tfstate*\n")
    (shop.path / ".git/info").mkdir(exist_ok=True)
    (shop.path / ".git/info/exclude").write_text("kubeconfig\n")
    for name in (".env", "kubeconfig", ".DS_Store", "main.tf~"):
        shop.write(f"live/app/{name}", "token-canary\n")
    for step in ("init", "apply -auto-approve", "plan -out=saved"):
        terraform(shop, folder, *step.split())
    (folder / "main.tf").write_text(ODD)
    shop.git("add", ".gitignore", "live")
    shop.commit()
    env = {"LABELS": '{"a b": "2"}'}
    shop.ok("adopt", "dev", "live/app", env=env)
    module = shop.path / "modules/app"
    written = {str(path.relative_to(module)) for path in module.rglob("*") if path.is_file()}
    outside = {"outside/deep/main.tf", "outside/shared/main.tf"}
    assert written == {"blob.bin", "linked/main.tf", "main.tf", "run.sh"} | outside
    main = (shop.path / "modules/app/main.tf").read_text()
    assert 'source = "./outside/shared" # outside' in main
    assert 'source = "../ours"' in main
    assert "import" not in main
    assert (shop.path / "modules/app/run.sh").stat().st_mode & 0o100
    assert "seconds: 3600\n      labels: {from: env:LABELS}" in (shop.path / "environments/dev.yaml").read_text()
    shop.commit("Adopt dev")
    refused = shop.run("adopt", "dev", "live/app", "--yes", "-o", "json", env={"LABELS": "a text"})
    assert (refused.code, refused.error["guard"], "no JSON of one" in refused.error["why"]) == (11, "secret", True)
    shop.ok("adopt", "dev", "live/app", "--yes", env=env)
    assert shop.ok("plan", "dev", "--detailed-exitcode", env=env).code == 0
