"""What a version's card remembers for the way back: protections, types, downloads, what left the state alive."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.support.sandbox import Sandbox, new_sandbox

_INNER = """\
variable "keys" { type = set(string) }
resource "terraform_data" "kept" {
  for_each = var.keys
  lifecycle {
    prevent_destroy = true
  }
}
resource "terraform_data" "free" {}
"""
_OUTER = """\
module "inner" {
  source = "../inner"
  keys   = ["a", "b"]
}
module "far" { source = "%s" }
resource "terraform_data" "wanted" {}
resource "terraform_data" "old" {}
"""
_FORGET = """\
removed {
  from = terraform_data.old
  lifecycle { destroy = false }
}
"""


def far_module(folder: Path, engine: str) -> tuple[Sandbox, str]:
    """A module in another repository, as the engine downloads it."""
    far = new_sandbox(folder / "far", engine)
    far.write("main.tf", 'resource "terraform_data" "far" {}\n')
    far.commit()
    return far, f"git::file://{far.path}"


def stack_of(shop: Sandbox, *version: str) -> Any:
    return shop.ok("show", "dev", *version, "-o", "json").result["card"]["stacks"]["main"]


def test_the_card_remembers_what_a_way_back_needs(shop: Sandbox, tmp_path: Path, engine: str) -> None:
    far, source = far_module(tmp_path, engine)
    shop.write("modules/inner/main.tf", _INNER)
    shop.write("modules/outer/main.tf", _OUTER % source)
    shop.write("environments/dev.yaml", "modules:\n  app: {source: outer}\n")
    rules = (shop.path / "tfops.yaml").read_text()
    shop.write("tfops.yaml", rules + 'protect: ["module.app.terraform_data.wanted"]\n')
    shop.commit()
    shop.ok("apply", "dev", "--yes")
    first = stack_of(shop)
    assert first["protected"] == [
        'module.app.module.inner.terraform_data.kept["a"]',
        'module.app.module.inner.terraform_data.kept["b"]',
        "module.app.terraform_data.wanted",
    ]
    assert first["types"] == {"terraform.io/builtin/terraform": ["terraform_data"]}
    assert (first["lock_committed"], first["forgotten"]) == (False, {})
    assert [(name, part["source"]) for name, part in first["downloads"].items()] == [("app.far", source)]

    shop.write("modules/outer/main.tf", (_OUTER % source).replace('resource "terraform_data" "old" {}\n', "") + _FORGET)
    far.write("main.tf", 'resource "terraform_data" "far" { input = 1 }\n')
    far.commit()
    shop.commit()
    shutil.rmtree(
        shop.workspace / "roots/dev/main/.terraform"
    )  # as in a fresh clone: else the engine keeps what it has
    shop.ok("apply", "dev", "--yes")
    second = stack_of(shop)
    assert second["forgotten"] == {"module.app.terraform_data.old": first["inventory"]["module.app.terraform_data.old"]}
    assert second["downloads"]["app.far"]["digest"] != first["downloads"]["app.far"]["digest"]

    shop.write("tfops.yaml", rules + "inventory: hash\n")
    shop.commit()
    shop.ok("apply", "dev", "--yes")
    third = stack_of(shop)
    assert third["inventory"].keys() == second["inventory"].keys()
    assert all(known.startswith("sha256:") for known in third["inventory"].values())
    assert third["forgotten"] == second["forgotten"]
    shop.write("tfops.yaml", rules + "inventory: off\n")
    shop.commit()
    shop.ok("apply", "dev", "--yes")
    ledger = json.loads(shop.git("show", "refs/tfops/envs/dev:inventory.json"))
    assert set(ledger.values()) == {""} == set(stack_of(shop)["inventory"].values())
