"""Modules from elsewhere: what is behind, and copies of them that are called from here, with the real engine."""

import json
from pathlib import Path

from tests.support.sandbox import Sandbox, new_sandbox

_FAR = """\
variable "n" { type = number }
module "inner" { source = "../inner" }
resource "terraform_data" "far" { input = "${var.n} ${module.inner.text}" }
"""
_BASE = """\
# what all share
modules:
  far:
    # pinned by ann
    source: git::file://%s//parts/outer?ref=v1.0.0   # a tag
    inputs: {n: 1}
"""


def test_what_is_behind_is_told_and_a_copy_is_called_from_here(shop: Sandbox, tmp_path: Path, engine: str) -> None:
    far = new_sandbox(tmp_path / "far", engine)
    far.write("parts/outer/main.tf", _FAR)
    far.write("parts/inner/main.tf", 'output "text" { value = "one" }\n')
    commit = far.commit("one")
    far.git("tag", "v1.0.0")
    far.git("tag", "--annotate", "v1.2.0", "--message", "two")
    far.git("tag", "v2.0.0-rc1")
    shop.write("environments/base.yaml", _BASE % far.path)
    shop.write("environments/dev.yaml", "extends: base.yaml\nmodules: {main: {source: thing, inputs: {value: 1}}}\n")
    shop.write("modules/thing/more.tf", 'module "gone" { source = "git::file:///nowhere//x?ref=v1" }\n')
    shop.commit("far away")

    found = shop.run("outdated", "-o", "json")
    assert found.code == 2
    gone, behind = json.loads(found.out)["result"]["sources"]
    assert (behind["standing"], behind["takes"], behind["newest"]) == ("behind", "v1.0.0", "v1.2.0")
    assert behind["places"] == ["dev: far (environments/base.yaml:5)"]
    assert (gone["standing"], gone["places"]) == ("not-asked", ["gone (modules/thing/more.tf:1)"])
    far.git("tag", "--delete", "v1.2.0")
    unknown = shop.run("outdated", "dev")
    assert unknown.code == 13 and "not-asked" in unknown.out, "what nobody could be asked about isn't current"

    (shop.path / "modules/thing/more.tf").unlink()
    shop.commit("not gone any more")
    assert "1 of 1 source current" in shop.ok("outdated", "dev").out
    shop.ok("apply", "dev", "--yes")

    copied = shop.ok("vendor", "dev", "-o", "json").result
    assert copied["changed"] == ["environments/base.yaml"] and copied["environments"] == ["dev"]
    [copy] = copied["copies"]
    assert (copy["folder"], copy["commit"], copy["is_new"]) == ("modules/far", commit, True)
    base = (shop.path / "environments/base.yaml").read_text()
    assert base == (_BASE % far.path).replace(f"git::file://{far.path}//parts/outer?ref=v1.0.0", "far/parts/outer")
    assert "No changes" in shop.ok("plan", "dev", "--worktree").out
    assert not (shop.path / "modules/far/.git").exists()

    shop.commit("a copy")
    assert "1 copy is what was fetched" in shop.ok("vendor", "--check").out
    assert "copied to modules/far" in shop.ok("outdated", "--full").out, "a copy can be behind, too"
    shop.write("modules/far/parts/inner/main.tf", 'output "text" { value = "mine" }\n')
    changed = shop.run("vendor", "--check", "far")
    assert (changed.code, "modules/far isn't what was fetched" in changed.out) == (2, True)
    nothing = shop.run("vendor", "dev", "-o", "json")
    assert (nothing.code, nothing.error["guard"]) == (11, "unknown-module")
