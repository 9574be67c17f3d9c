"""A branch gets an environment, and when the branch is gone, so is the environment."""

import json
from pathlib import Path

from tests.support.sandbox import Sandbox, new_sandbox, with_remote

_RULES = """\
version: 1
project: shop
environments:
  dev: {branch: main, sync: manual}
  "preview-{slug}": {branch: "feature/*", config: preview.yaml, most: 1}
"""


def _turn(shop: Sandbox) -> dict[str, tuple[str, str]]:
    """Environment to why, and to the version that was made."""
    result = shop.ok("reconcile", "-o", "json").result
    versions = {act["env"]: act["version"] for act in result["acts"]}
    found = ((one["env"], one["detail"] or one["reason"]) for one in result["decisions"])
    return {env: (why, versions.get(env, "")) for env, why in found}


def test_a_preview_comes_and_goes_with_its_branch(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    shop.write(
        "environments/preview.yaml", json.dumps({"modules": {"main": {"source": "thing", "inputs": {"value": 1}}}})
    )
    shop.wish("one")
    with_remote(shop, tmp_path / "remote.git")
    shop.git("push", "--quiet", "origin", "HEAD:feature/login", "HEAD:feature/other")
    assert _turn(shop) == {
        "dev": ("manual", ""),
        "preview-login": ("never-applied", "v1"),
        "preview-other": ("preview-limit", ""),
    }
    assert "module.main.terraform_data.main" in shop.ok("inventory", "preview-login").out

    other = shop.clone(str(tmp_path / "remote.git"), tmp_path / "other")
    other.git("push", "--quiet", "origin", ":feature/login")
    assert "origin/feature/login" in shop.git("branch", "--remotes"), "nobody told this clone"
    gone = shop.ok("prune").out
    assert "preview-login" in gone and "branch-gone" in gone and "preview-other" not in gone
    assert _turn(shop)["preview-login"] == ("branch-gone", "v2")
    assert "origin/feature/login" not in shop.git("branch", "--remotes")
    assert json.loads((shop.workspace / "state/preview-login/main.tfstate").read_text())["resources"] == []
    assert _turn(shop) == {"dev": ("manual", ""), "preview-other": ("never-applied", "v1")}

    # What tfops.yaml doesn't have any more is only taken down by name.
    shop.write("tfops.yaml", "\n".join(line for line in _RULES.splitlines() if "preview" not in line) + "\n")
    shop.commit("no previews any more")
    shop.git("push", "--quiet")
    assert _turn(shop)["preview-other"] == ("orphan", "")
    assert "orphan" in shop.ok("prune", "--yes").out
    assert _turn(shop)["preview-other"] == ("orphan", "")
    assert "was destroyed" in shop.ok("prune", "preview-other", "--yes").out
    assert shop.run("prune", "dev", "--yes", "-o", "json").error["guard"] == "not-over"


def test_commands_know_a_preview_by_its_name(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    shop.write("environments/preview.yaml", "modules:\n  main: {source: thing, inputs: {value: 1}}\n")
    shop.wish("one")
    with_remote(shop, tmp_path / "remote.git")
    shop.git("switch", "--quiet", "-c", "feature/login")
    shop.git("push", "--quiet", "--set-upstream", "origin", "feature/login")
    shop.ok("apply", "--yes")
    assert "value: 1  " in shop.ok("config", "show", "preview-login", "--sources").out
    assert "environments/preview.yaml:2" in shop.ok("config", "show", "--sources").out
    assert shop.ok("render", "--diff", "v1").out == "preview-login renders to the same as v1\n"
    assert "can be taken back to v1" in shop.ok("check", "--reversible").out
    assert shop.ok("providers", "lock", "preview-login", "-o", "json").result["path"] == "environments/preview.lock.hcl"

    shop.write("environments/preview.yaml", "modules:\n  main: {source: thing, inputs: {valeu: 1}}\n")
    for asked in (["preview-login"], []):
        refused = shop.run("validate", *asked, "-o", "json")
        assert (refused.code, refused.error["complaints"][0]["mark"]["path"]) == (10, "environments/preview.yaml")
    shop.write("environments/preview.yaml", "modules:\n  main: {source: thing, inputs: {value: 2}}\n")
    assert shop.ok("validate", "preview-login", "--deep", "-o", "json").result["environments"] == ["preview"]
