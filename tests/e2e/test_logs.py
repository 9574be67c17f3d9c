"""What the engine printed is there for those who weren't: from another clone, masked, bounded."""

import json
from pathlib import Path

from tests.support.engines import require_engine
from tests.support.sandbox import Sandbox, new_sandbox, with_remote

_MODULE = """\
variable "fails" { type = bool }
variable "password" {
  type      = string
  sensitive = true
}
resource "terraform_data" "first" { input = var.fails }
resource "terraform_data" "second" {
  triggers_replace = var.fails
  depends_on       = [terraform_data.first]
  provisioner "local-exec" {
    command     = "echo connecting with $PASSWORD; ${var.fails ? "exit 3" : "true"}"
    environment = { PASSWORD = nonsensitive(var.password) }
  }
}
"""
_RULES = {"version": 1, "project": "shop", "environments": {"dev": {"branch": "main"}}}


def _wish(shop: Sandbox, *, fails: bool) -> None:
    inputs = {"fails": fails, "password": {"from": "env:SHOP_PASSWORD"}}
    shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "shop", "inputs": inputs}}}))
    shop.commit(f"fails: {fails}")
    shop.git("push", "--quiet")


def test_a_run_that_stopped_is_told_on_any_clone(tmp_path: Path) -> None:
    rules = _RULES | {"logs": {"runs": 2}}
    shop = new_sandbox(tmp_path / "shop", require_engine(), rules=json.dumps(rules))
    shop.write("modules/shop/main.tf", _MODULE)
    shop.commit("a module")
    remote = with_remote(shop, tmp_path / "remote.git")
    shop.git("clone", "--quiet", str(remote), str(tmp_path / "other"))
    other = Sandbox(tmp_path / "other", tmp_path / "home2", shop.env["TFOPS_ENGINE"])
    shop.env["SHOP_PASSWORD"] = "hunter2-hunter2"
    _wish(shop, fails=True)
    assert shop.run("logs", "dev", "-o", "json").error["guard"] == "no-log"

    stopped = shop.run("apply", "dev", "--yes")
    assert stopped.code == 21 and "what the engine said is kept: tfops logs dev" in stopped.err, stopped.err
    other.git("pull", "--quiet")
    told = other.ok("logs", "dev")
    assert "exit status 3" in told.out and "apply terraform_data" not in told.out
    assert "hunter2" not in told.out + shop.git("show", "--stat", "-p", "refs/tfops/logs/dev")

    _wish(shop, fails=False)
    shop.ok("apply", "dev", "--yes")
    assert other.run("logs", "dev", "v1", "-o", "json").error["guard"] == "no-log", "all runs are kept only on request"

    shop.write("tfops.yaml", json.dumps(rules | {"logs": {"runs": 2, "keep": "all"}}))
    for fails in (True, False):
        _wish(shop, fails=fails)
        shop.run("apply", "dev", "--yes")
    found = other.run("logs", "dev", "--list", "-o", "json").result["logs"]
    assert {log["version"] for log in found} == {2, None}, "the newest two, and what became of them"
    whole = other.run("logs", "dev", "v2", "-o", "json").result["log"]
    assert {line["command"] for line in whole["lines"]} >= {"plan", "apply"}
    assert "hunter2" not in json.dumps(whole)
