"""Hooks around changes with a real engine: what they get, whose files they are, what is shown and kept of them."""

import json
from pathlib import Path

from tests.support.engines import require_engine
from tests.support.sandbox import new_sandbox, with_remote

_RULES = """\
version: 1
project: shop
environments:
  dev: {branch: main}
  "preview-{slug}": {branch: "feature/*", config: dev.yaml}
hooks:
  before_apply: [{name: backup, command: [scripts/note.sh], env: [HOOK_TOKEN]}]
  after_apply:
    - {name: tell, command: [sh, -c, 'cat "$TFOPS_OUTPUTS"'], if: {exit_codes: [2]}}
    - {name: gate, command: [test, "!", -e, "%s"]}
  after_rollback: [{name: back, command: [scripts/note.sh]}]
"""
_MODULE = """\
variable "value" { type = string }
resource "terraform_data" "main" { input = var.value }
output "value" { value = terraform_data.main.output }
"""


def test_hooks_run_around_changes_and_a_previews_are_those_of_the_home_branch(tmp_path: Path) -> None:
    closed, notes = tmp_path / "closed", tmp_path / "notes"
    shop = new_sandbox(tmp_path / "shop", require_engine(), rules=_RULES % closed)
    shop.env["HOOK_TOKEN"] = "canary-token"
    shop.write("modules/thing/main.tf", _MODULE)
    note = f'#!/bin/sh\necho "$TFOPS_HOOK $TFOPS_ENV $TFOPS_VERSION" >> {notes}\necho "token $HOOK_TOKEN"\n'
    shop.write("scripts/note.sh", note)
    (shop.path / "scripts/note.sh").chmod(0o755)
    shop.wish("one")
    with_remote(shop, tmp_path / "remote.git")
    shop.git("remote", "set-head", "origin", "main")

    ran = shop.ok("apply", "dev", "--yes", "-o", "json")
    assert [(hook["at"], hook["name"], hook["exit_code"]) for hook in ran.result["hooks"]] == [
        ("before_apply", "backup", 0),
        ("after_apply", "tell", 0),
        ("after_apply", "gate", 0),
    ]
    assert '{"main": {"value": "one"}}' in ran.err and "token (secret)" in ran.err and "canary" not in ran.err
    assert "before_apply backup: passed" in shop.ok("show", "dev").out

    closed.touch()
    shop.wish("two")
    shop.git("push", "--quiet")
    degraded = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (degraded.code, degraded.error["why"]) == (13, "after_apply gate: exit code 1"), degraded.out
    assert "not verified" in shop.ok("status").out
    closed.unlink()
    shop.ok("rollback", "dev", "v1", "--yes", "--allow-destroy", "module.main.terraform_data.main")
    assert notes.read_text().splitlines() == [
        "before_apply dev v1",
        "before_apply dev v2",
        "before_apply dev v3",
        "after_rollback dev v3",
    ]

    notes.unlink()
    shop.git("switch", "--quiet", "--create", "feature/x")
    shop.write("scripts/note.sh", f"#!/bin/sh\necho evil >> {notes}\n")
    shop.write("tfops.yaml", json.dumps({"version": 1, "project": "shop", "environments": {"dev": {"branch": "main"}}}))
    shop.commit("mine")
    shop.git("push", "--quiet", "origin", "HEAD")
    shop.ok("apply", "preview-x", "--yes")
    assert notes.read_text() == "before_apply preview-x v1\n"
