"""The main job in a repository whose objects are named by SHA-256, with a remote (docs/reference/files.md)."""

import subprocess
from pathlib import Path

from tests.support.sandbox import Sandbox, new_sandbox, with_remote


def test_the_main_job_in_a_repository_with_sha_256(tmp_path: Path, engine: str) -> None:
    folder = tmp_path / "shop"
    subprocess.run(["git", "init", "--quiet", "--object-format=sha256", "--initial-branch=main", folder], check=True)
    shop = new_sandbox(folder, engine)
    shop.wish("one")
    shop.env["GIT_DEFAULT_HASH"] = "sha256"  # of the remote that is made next
    remote = with_remote(shop, tmp_path / "remote.git")
    del shop.env["GIT_DEFAULT_HASH"]
    assert "dev is now v1" in shop.ok("apply", "dev", "--yes").out
    second = shop.wish("two")
    shop.git("push", "--quiet")
    assert len(second) == 64
    assert "dev is now v2" in shop.ok("apply", "dev", "--yes").out
    assert shop.ok("plan", "dev", "--worktree", "-o", "json").result["plan"]["is_empty"]

    other: Sandbox = shop.clone(str(remote), tmp_path / "other")
    [dev] = other.ok("status", "-o", "json").result["environments"]
    assert (dev["current"]["version"], dev["current"]["commit"]) == ("v2", second)
    assert "dev wants two" in other.ok("history", "dev").out
    assert "back to v1" in shop.ok("rollback", "dev", "--plan").err
    assert "dev is now v3" in shop.ok("rollback", "dev", "--yes").out
    assert other.ok("verify", "dev", "-o", "json").result["findings"] == []
    assert other.run("reconcile", "--dry-run").code == 0
