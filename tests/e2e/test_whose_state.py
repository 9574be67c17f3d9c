"""A first version takes nobody's state, and a preview's branch doesn't say where and with what the preview runs.

The promises stand in docs/reference/guards.md (`state-exists`, `home-branch`) and in docs/how-to/agent.md.
"""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox, new_sandbox, with_remote

_TWO = """\
version: 1
project: shop
environments:
  dev: {branch: main}
  prod: {branch: main}
"""

_RULES = """\
version: 1
project: shop
environments:
  dev: {branch: main, sync: manual}
  "preview-{slug}": {branch: "feature/*", config: preview.yaml}
"""


def test_a_first_version_takes_nobodys_state(shop: Sandbox) -> None:
    shop.write("tfops.yaml", _TWO)
    shop.write("environments/prod.yaml", json.dumps({"modules": {"main": {"source": "thing", "inputs": {"value": 1}}}}))
    shop.wish("one")
    shop.ok("apply", "prod", "--yes")
    theirs, ours = (shop.workspace / f"state/{env}/main.tfstate" for env in ("prod", "dev"))
    ours.parent.mkdir(exist_ok=True)
    shutil.copy(theirs, ours)
    before = ours.read_text()
    for command in (("plan", "dev"), ("apply", "dev", "--yes")):
        refused = shop.run(*command, "-o", "json").error
        assert (refused["guard"], "that of prod" in refused["what"]) == ("state-exists", True), refused
    # Another one's, that no version speaks of: there is a way on.
    stranger = json.loads(before) | {"lineage": "5f0f3f0e-0000-0000-0000-000000000000"}
    ours.write_text(json.dumps(stranger))
    refused = shop.run("apply", "dev", "--yes", "-o", "json").error
    assert (refused["guard"], "with 1 resource" in refused["what"]) == ("state-exists", True), refused
    assert "tfops adopt" in refused["hint"]
    assert json.loads(ours.read_text()) == stranger
    assert shop.tags() == ["tfops/prod/v1"]
    # Another environment's, though nothing is in it any more.
    ours.write_text(json.dumps(json.loads(before) | {"resources": []}))
    assert shop.run("apply", "dev", "--yes", "-o", "json").error["guard"] == "state-exists"
    # An empty one that nobody knows is no obstacle, and what a first change left when it stopped is its own.
    ours.write_text(json.dumps(stranger | {"resources": [], "outputs": {}}))
    shop.write(
        "modules/thing/main.tf",
        """\
variable "value" { type = any }
resource "terraform_data" "fine" { input = var.value }
resource "terraform_data" "broken" {
  input = terraform_data.fine.id
  provisioner "local-exec" { command = "test ${var.value} != bad" }
}
""",
    )
    shop.wish("bad")
    assert shop.run("apply", "dev", "--yes").code == 21
    shop.wish("good")
    assert "dev is now v1" in shop.ok("apply", "dev", "--yes").out


@pytest.mark.parametrize("how", ["by hand", "reconcile", "by hand, on its branch"])
def test_a_previews_branch_wishes_and_the_home_branch_decides(tmp_path: Path, engine: str, how: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    shop.write("environments/preview.yaml", "modules:\n  main: {source: thing, inputs: {value: 1}}\n")
    shop.wish("one")
    remote = with_remote(shop, tmp_path / "remote.git")
    other = shop.clone(str(remote), tmp_path / "other")
    other.git("switch", "--quiet", "-c", "feature/x")
    touched = tmp_path / "touched"
    # Everything that says where and with what: each would leave a mark. And a program's own name in the commit.
    program = other.path / "bin/engine"
    other.write("bin/engine", f"#!/bin/sh\necho engine >> {touched}\n")
    program.chmod(0o755)
    other.write("tfops/__init__.py", f"open({str(touched)!r}, 'a').write('tfops')\n")
    other.write("tfops.yaml", json.dumps({
        "version": 1,
        "project": "shop",
        "engine": {"use": str(tmp_path / "shop/.git/tfops/agent/checkouts/preview-x/bin/engine"), "env": ["SECRET_*"]},
        "backend": {"http": {"address": f"http://127.0.0.1:9/{'{env}'}"}},
        "ledger": {"ref": "refs/tfops/elsewhere/{env}"},
        "secrets": {"exec": {"x": ["sh", "-c", f"echo secret >> {touched}; echo v"]}},
        "verify": [{"command": ["sh", "-c", f"echo verify >> {touched}"]}],
        "required_checks": [{"command": ["sh", "-c", f"echo check >> {touched}"]}],
        "environments": {"dev": {"branch": "main"}, "preview-x": {"branch": "feature/x"}},
    }))  # fmt: skip
    other.write("environments/preview.yaml", "modules:\n  main: {source: thing, inputs: {value: 2}}\n")
    other.write("environments/preview-x.yaml", "modules:\n  main: {source: thing, inputs: {value: 2}}\n")
    other.commit()
    other.git("push", "--quiet", "origin", "feature/x")

    if how == "reconcile":
        [act] = shop.ok("reconcile", "-o", "json").result["acts"]
        assert (act["env"], act["version"]) == ("preview-x", "v1"), act
        made = shop
    else:
        made = other
        names = ["preview-x"] if how == "by hand" else []
        made.ok("plan", *names)
        made.ok("apply", *names, "--yes")
    assert not touched.exists(), touched.read_text()
    state = json.loads((made.workspace / "state/preview-x/main.tfstate").read_text())
    [thing] = [found for found in state["resources"] if found["name"] == "main"]
    assert thing["instances"][0]["attributes"]["input"]["value"] == 2, "modules and inputs are the branch's"
    assert made.git("for-each-ref", "refs/tfops/envs/preview-x") != ""
    made.ok("verify", "preview-x")

    # A kind of previews that only its own branch knows is nobody's.
    other.write("tfops.yaml", _RULES.replace("preview-", "mine-"))
    other.commit()
    other.git("push", "--quiet", "origin", "feature/x")
    assert other.run("apply", "mine-x", "--yes", "-o", "json").error["guard"] == "home-branch"
