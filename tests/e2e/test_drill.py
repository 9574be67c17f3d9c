"""`drill`: the way back rehearsed in a free environment, measured, and remembered by the version."""

import json
from pathlib import Path

from tests.support.sandbox import Sandbox, new_sandbox

_RULES = """\
version: 1
project: shop
environments:
  dev: {branch: main}
  perf: {branch: perf}
  safe: {branch: safe, protected: true}
"""

_GATED = """\
variable "value" { type = string }
variable "gate" { type = string }
variable "size" {
  type    = string
  default = "large"
}
resource "terraform_data" "main" {
  input = "${var.value} ${var.size}"
  provisioner "local-exec" { command = "test -e '${var.gate}'" }
}
output "value" { value = terraform_data.main.output }
"""


def _wish(shop: Sandbox, value: str) -> None:
    inputs = {"value": value, "gate": str(shop.home / "open")}
    shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "gated", "inputs": inputs}}}))
    shop.commit(f"dev wants {value}")
    shop.ok("apply", "dev", "--yes")


def _perf_resources(shop: Sandbox) -> int:
    return len(json.loads((shop.workspace / "state/perf/main.tfstate").read_text())["resources"])


def test_the_way_back_is_rehearsed_elsewhere_and_its_result_stands_by_the_version(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    shop.write("modules/gated/main.tf", _GATED)
    shop.write("environments/perf.yaml", '{"modules": {"main": {"source": "gated", "inputs": {"size": "small"}}}}')
    (shop.home / "open").touch()
    _wish(shop, "one")
    _wish(shop, "two")
    for version, place in (("v2", "perf"), ("v1", "dev"), ("v1", "safe")):
        refused = shop.run("drill", "dev", version, "--in", place, "--yes", "-o", "json")
        assert (refused.code, refused.error["guard"]) == (11, "drill")

    (shop.home / "open").unlink()
    failed = shop.run("drill", "dev", "v1", "--in", "perf", "--yes", "-o", "json")
    assert failed.code == 13
    assert failed.result["drill"]["why"].startswith("apply: the apply of perf failed: local-exec provisioner error")
    assert _perf_resources(shop) == 0, "what a drill made is destroyed, also when it fails"
    assert "drill failed on" in shop.ok("history", "dev").out

    (shop.home / "open").touch()
    drilled = shop.ok("drill", "dev", "v1", "--in", "perf", "--yes", "--keep", "-o", "json").result["drill"]
    assert (drilled["is_ok"], list(drilled["seconds"])) == (True, ["apply", "forward", "rollback"])
    entries = shop.ok("history", "perf", "-o", "json").result["entries"]
    assert [entry["record"]["kind"] for entry in entries] == ["rollback", "apply", "apply", "destroy"]
    card = shop.ok("show", "perf", "-o", "json").result["card"]
    assert (card["rehearses"], card["outputs"]["main"]["value"]) == ("dev", "one small"), "dev's content, perf's size"
    assert shop.ok("show", "dev", "v1").out.count("rolled back OK in") == 1
    assert "rolled back OK in" in shop.ok("history", "dev").out
    assert shop.ok("log", "dev", "-o", "json").result["events"][0]["kind"] == "drilled"
    assert "is whole" in shop.ok("verify", "dev").out
    shop.ok("destroy", "perf", "--yes")
    assert _perf_resources(shop) == 0
    assert [tag for tag in shop.tags() if "/dev/" in tag] == ["tfops/dev/v1", "tfops/dev/v2"]


def test_an_environment_can_be_a_place_for_the_drills_of_another(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES.replace("{branch: perf}", "{rehearses: dev}"))
    shop.write("environments/perf.yaml", "modules: {main: {inputs: {value: small}}}\n")
    shop.write("environments/safe.yaml", "modules: {main: {source: thing, inputs: {value: 1}}}\n")
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    shop.wish("two")
    shop.ok("apply", "dev", "--yes")
    assert "nothing wrong: 3 environments" in shop.ok("validate").out
    assert "nothing wrong" in shop.ok("validate", "perf", "--deep").out
    assert shop.ok("config", "show", "perf", "--sources").out.splitlines()[-1].endswith("# environments/perf.yaml:1")
    assert "perf" not in shop.ok("doctor", "-o", "json").out.partition('"branches"')[2].partition("}")[0]
    refused = shop.run("apply", "perf", "--yes", "-o", "json").error
    assert (refused["guard"], refused["hint"]) == ("drill", "tfops drill dev VERSION --in perf")
    assert shop.run("drill", "safe", "v1", "--yes", "-o", "json").error["guard"] == "drill", "it has no place"

    made = shop.ok("new", "environment", "qa", "--like", "perf", "-o", "json").result
    assert made["written"] == ["environments/qa.yaml"]
    assert "nothing wrong" in shop.ok("validate", "qa").out
    shop.git("checkout", "--quiet", "tfops.yaml")

    drilled = shop.ok("drill", "dev", "v1", "--yes", "--keep", "-o", "json").result["drill"]
    assert (drilled["place"], drilled["is_ok"]) == ("perf", True)
    [perf] = shop.ok("reconcile", "perf", "--dry-run", "-o", "json").result["decisions"]
    assert (perf["reason"], perf["text"]) == ("drill", "holds a rehearsal of dev")
    assert "holds a rehearsal of dev" in shop.ok("status").out
    shop.ok("destroy", "perf", "--yes")
    assert "is a place for drills of dev" in shop.ok("status").out

    shop.write("environments/perf.yaml", "modules: {main: {inputs: {valeu: small}}}\n")
    [found] = shop.run("validate", "-o", "json").error["complaints"]
    assert (found["mark"]["path"], found["message"]) == (
        "environments/perf.yaml",
        "module `main` has no input `valeu`",
    )
