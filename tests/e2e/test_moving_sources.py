"""Sources that move: named before, seen in the plan, not taken for what a version was (`docs/reference/guards.md`)."""

import json
import shutil
from pathlib import Path

from tests.support.sandbox import Sandbox, new_sandbox

_FAR = 'resource "terraform_data" "far" {{ input = {} }}\n'


def _use(shop: Sandbox, source: str) -> None:
    shop.write("environments/dev.yaml", json.dumps({"modules": {"far": {"source": source}}}))
    shop.commit("Use it")


def _as_in_a_fresh_clone(shop: Sandbox) -> None:
    shutil.rmtree(shop.workspace / "roots/dev/main/.terraform")


def test_a_source_that_moved_is_named_and_does_not_pass_for_what_a_version_was(
    shop: Sandbox, tmp_path: Path, engine: str
) -> None:
    far = new_sandbox(tmp_path / "far", engine)

    def release(number: int) -> None:
        far.write("main.tf", _FAR.format(number))
        far.commit()
        far.git("tag", "--force", "v1.0.0")

    release(1)
    shop.write("modules/outer/main.tf", f'module "inner" {{ source = "git::file://{far.path}?ref=main" }}\n')
    _use(shop, "outer")
    warned = shop.ok("validate").err
    assert "modules/outer/main.tf:1:27: the source of `inner`" in warned
    assert "may give another module tomorrow: `main` looks like a branch, and moves" in warned

    _use(shop, f"git::file://{far.path}?ref=main")
    shop.ok("apply", "dev", "--yes")
    assert f"dev: the source git::file://{far.path}?ref=main may give" in shop.ok("validate").err
    release(2)
    assert "moved" not in shop.ok("plan", "dev").err, "this clone still has the module of v1"
    _as_in_a_fresh_clone(shop)
    assert "far: what the source gives here isn't what v1 was applied with" in shop.ok("plan", "dev").err

    _use(shop, f"git::file://{far.path}?ref=v1.0.0")
    assert "tomorrow" not in shop.ok("validate").err
    shop.ok("apply", "dev", "--yes")
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    release(3)
    _as_in_a_fresh_clone(shop)
    gone = ("--yes", "--allow-destroy", "module.main.terraform_data.main")
    refused = shop.run("rollback", "dev", "v2", *gone, "-o", "json")
    assert (refused.code, refused.error["guard"]) == (11, "moved-module")
    assert len(shop.tags()) == 3
    shop.ok("rollback", "dev", "v2", *gone, "--ignore-verdict")
