"""Promoting and patching where environments are root modules of somebody's own."""

from pathlib import Path

from tests.support.sandbox import Sandbox, new_sandbox, with_remote

_RULES = """\
version: 1
project: shop
environments:
  staging: {branch: main, root: live/app, workspace: staging}
  prod: {branch: main, root: live/app, workspace: prod, inputs: {size: 3}, promote: {from: staging, needs: applied}}
"""
_CODE = """\
variable "size" { default = 1 }
module "net" { source = "../../modules/net" }
resource "terraform_data" "main" { input = "${terraform.workspace} ${var.size}" }
output "main" { value = terraform_data.main.output }
"""


def _release(shop: Sandbox, name: str) -> str:
    shop.write("modules/net/main.tf", f'resource "terraform_data" "net" {{ input = "{name}" }}\n')
    commit = shop.commit(f"release {name}")
    shop.git("push", "--quiet", "origin", "HEAD:main")
    return commit


def _state(shop: Sandbox, env: str) -> str:
    return (shop.workspace / f"state/{env}/main.workspaces/{env}/terraform.tfstate").read_text()


def test_one_root_in_two_workspaces_is_promoted_and_its_modules_are_patched(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    shop.write("live/app/main.tf", _CODE)
    shop.commit()
    with_remote(shop, tmp_path / "remote.git")
    first = _release(shop, "one")
    shop.ok("apply", "staging", "--yes")
    _release(shop, "two")
    refused = shop.run("apply", "prod", "--yes", "-o", "json")
    assert (refused.code, refused.error["guard"]) == (11, "unpromoted")
    promoted = shop.ok("promote", "staging", "prod", "--yes", "-o", "json").result
    assert promoted["version"] == "v1"
    card = shop.ok("show", "prod", "-o", "json").result["card"]
    assert (card["commit"], card["outputs"]["root"]["main"]) == (first, "prod 3")
    assert '"one"' in _state(shop, "prod")

    # A module that roots call is patched in all of them, in the order of promotion.
    patched = shop.ok("patch", "--module", "net", "--yes", "-o", "json")
    assert '"two"' in _state(shop, "staging") and '"two"' in _state(shop, "prod"), patched.out
    shop.write("live/app/notes.md", "no engine reads this")
    _release(shop, "two")
    assert "unpromoted" not in shop.ok("plan", "prod").err


def test_a_root_is_copied_by_hand(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    shop.write("live/app/main.tf", _CODE)
    shop.write("modules/net/main.tf", "")
    shop.commit()
    shop.ok("apply", "staging", "--yes")
    refused = shop.run("replicate", "staging", "copy", "--branch", "copies", "--yes", "-o", "json").error
    assert (refused["guard"], refused["state"]) == ("own-root", "Nothing was changed.")
    assert "copy: {branch: copies, root: FOLDER}" in refused["hint"]
