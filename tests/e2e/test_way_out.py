"""Where a run or a remote got into a corner, the next command leads out of it."""

import json
import subprocess
from pathlib import Path

from tests.support.sandbox import Sandbox, wait_until, with_remote

_SLOW = """\
variable "marker" { type = string }
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "touch '${var.marker}'; sleep 3" }
}
"""


def test_a_run_whose_lock_was_broken_says_so_once_and_the_next_apply_records(shop: Sandbox, tmp_path: Path) -> None:
    shop.write("modules/slow/main.tf", _SLOW)
    body = {"modules": {"main": {"source": "slow", "inputs": {"marker": str(tmp_path / "begun")}}}}
    shop.write("environments/dev.yaml", json.dumps(body))
    shop.commit()
    remote = with_remote(shop, tmp_path / "remote.git")
    other = shop.clone(str(remote), tmp_path / "other")
    process = shop.start("apply", "dev", "--yes", "-o", "json")
    wait_until((tmp_path / "begun").exists)
    assert "broken by force" in other.ok("unlock", "dev", "--force").out
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, "lock was broken" in json.loads(out)["error"]["what"]) == (22, True)
    assert shop.tags() == []
    again = shop.ok("apply", "dev", "--yes")
    assert "dev is now v1 · nothing to change, recorded" in again.out
    shop.ok("verify", "dev")


def test_a_remote_that_came_later_is_explained_and_its_hint_works(shop: Sandbox, tmp_path: Path) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    with_remote(shop, tmp_path / "remote.git")
    shop.wish("two")
    shop.git("push", "--quiet")
    error = shop.run("apply", "dev", "--yes", "-o", "json").error
    assert error["guard"] == "missing-ledger"
    hint = error["hint"].partition(": ")[2]
    subprocess.run(hint, shell=True, cwd=shop.path, env=shop.env, check=True, capture_output=True)
    assert "dev is now v2" in shop.ok("apply", "dev", "--yes").out
    shop.ok("verify", "dev")


def test_a_ledger_that_was_deleted_on_the_remote_is_not_made_anew_silently(shop: Sandbox, tmp_path: Path) -> None:
    shop.wish("one")
    remote = with_remote(shop, tmp_path / "remote.git")
    shop.ok("apply", "dev", "--yes")
    subprocess.run(["git", "-C", str(remote), "update-ref", "-d", "refs/tfops/envs/dev"], check=True)
    shop.wish("two")
    shop.git("push", "--quiet")
    assert shop.run("apply", "dev", "--yes", "-o", "json").error["guard"] == "missing-ledger"
    assert shop.run("lock", "dev", "-o", "json").error["guard"] == "missing-ledger"
