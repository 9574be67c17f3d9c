"""`${git.commit}` and its like: recorded, brought back by a rollback, and no reason to touch what a commit doesn't.

Locals and functions are worked out by the engine.
"""

import json
from pathlib import Path
from typing import Any

from tests.support.sandbox import Sandbox, new_sandbox

_MODULE = """\
variable "built" { type = object({ commit = string, branch = string, env = string }) }
variable "size" { type = number }
resource "terraform_data" "main" { input = merge(var.built, { size = var.size }) }
"""


def _wish(shop: Sandbox, size: int) -> str:
    named = '${format("%s-%s", upper(env.name), local.short)}'
    built = {"commit": "${git.commit}", "branch": "${git.branch}", "env": named}
    body = {
        "locals": {"short": '${replace("w-b", "-", "e")}'},
        "modules": {"main": {"source": "built", "inputs": {"built": built, "size": size}}},
    }
    shop.write("environments/dev.yaml", json.dumps(body))
    return shop.commit(f"size {size}")


def _made(shop: Sandbox) -> Any:
    return shop.state()["resources"][0]["instances"][0]["attributes"]["input"]["value"]


def _card(shop: Sandbox) -> Any:
    return shop.ok("show", "dev", "-o", "json").result["card"]


def test_values_of_a_run_are_recorded_and_come_back(shop: Sandbox) -> None:
    shop.write("modules/built/main.tf", _MODULE)
    first = _wish(shop, 1)
    shop.ok("apply", "dev", "--yes")
    assert _made(shop) == {"commit": first, "branch": "main", "env": "DEV-web", "size": 1}
    assert _card(shop)["stacks"]["main"]["run_values"] == {
        "env.name": "dev",
        "git.branch": "main",
        "git.commit": first,
    }

    shop.write("README.md", "nothing of dev")
    shop.commit("Elsewhere")
    assert "untouched by 1 newer commit" in shop.ok("status", "dev").out
    assert shop.ok("plan", "dev", "-o", "json").result["plan"]["changes"] == [], "this commit touches nothing"
    assert shop.ok("affected", "--base", first, "-o", "json").result["environments"] == []

    second = _wish(shop, 2)
    shop.ok("apply", "dev", "--yes")
    assert _made(shop)["commit"] == second
    shop.ok("drift", "dev", "--detailed-exitcode")

    shop.ok("rollback", "dev", "v1", "--yes")
    assert _made(shop) == {"commit": first, "branch": "main", "env": "DEV-web", "size": 1}
    differs = shop.ok("diff", "dev", "v2", "v3", "-o", "json").result["differences"]
    assert [one["name"] for one in differs if one["group"] == "inputs"] == ["main.size"]
    shop.ok("render", "dev", "--diff", "v3")


def test_what_was_reviewed_is_the_same_at_the_commit_of_the_merge(tmp_path: Path, engine: str) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, review: {required: true, not_by: []}}\n"
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.write("modules/built/main.tf", _MODULE)
    shop.commit("The module")
    shop.git("switch", "--quiet", "-c", "topic")
    _wish(shop, 1)
    shop.ok("plan", "dev", "--keep")
    shop.ok("approve", "dev", "--yes")
    shop.git("switch", "--quiet", "main")
    shop.git("merge", "--quiet", "--squash", "topic")
    shop.git("commit", "--quiet", "-m", "Squashed")
    shop.ok("apply", "dev", "--reviewed")
    assert _made(shop) == {"commit": shop.git("rev-parse", "HEAD"), "branch": "main", "env": "DEV-web", "size": 1}
