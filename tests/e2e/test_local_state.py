"""The local backend's file, read without the engine, says what `state pull` says."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.engines import available_engines
from tests.support.sandbox import new_sandbox
from tfops.config.project import EngineChoice
from tfops.engine.local_state import read_local_state
from tfops.engine.locate import find_engine
from tfops.engine.state import parse_state, sensitive_values

_MODULE = """\
variable "size" { type = number }
resource "terraform_data" "counted" {
  count = 2
  input = { size = var.size, "quoted \\"name\\" <&>" = "ü\\u2028", password = sensitive("pa<ss>word-1") }
}
resource "terraform_data" "keyed" {
  for_each = toset(["a b", "c"])
  input    = [3.14159265358979323846, 1e100, null, each.key]
}
output "size" { value = { size = var.size, list = [1.5, "x"] } }
output "password" {
  value     = "pa<ss>word-2"
  sensitive = true
}
check "one" {
  assert {
    condition     = var.size > 0
    error_message = "no size"
  }
}
"""


@pytest.mark.parametrize("engine", available_engines())
def test_the_file_says_what_the_engine_says_of_it(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine)
    shop.write("modules/thing/main.tf", _MODULE)
    shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "thing", "inputs": {"size": 7}}}}))
    shop.commit("Start")
    found = find_engine(EngineChoice(), engine)
    shop.ok("apply", "dev", "--yes")
    [root] = {path.parent for path in shop.workspace.glob("roots/**/backend.tf.json")}
    here = read_local_state(root, found)
    pulled = subprocess.run(
        [found.executable, "state", "pull"], cwd=root, env=shop.env, capture_output=True, text=True, check=True
    ).stdout
    assert here is not None
    assert parse_state(here) == parse_state(pulled)
    assert sensitive_values(here) == sensitive_values(pulled) and "pa<ss>word-1" in sensitive_values(here)


def test_what_only_the_engine_can_say_is_left_to_it(tmp_path: Path) -> None:
    engine = find_engine(EngineChoice(), available_engines()[0])
    backend, state = tmp_path / "backend.tf.json", tmp_path / "main.tfstate"

    def read(text: str | None, kind: str = "local") -> str | None:
        settings = {"path": state.name} if kind == "local" else {"bucket": "b"}
        backend.write_text(json.dumps({"terraform": {"backend": {kind: settings}}}))
        state.unlink(missing_ok=True)
        if text is not None:
            state.write_text(text)
        return read_local_state(tmp_path, engine)

    whole = json.dumps({"version": 4, "terraform_version": engine.version, "serial": 1})
    assert read(whole) == whole and read(None) == ""
    others = [
        whole.replace(engine.version, "1.0.0"),
        whole.replace("4", "5", 1),
        "",
        whole[:-9],
        "[]",
        '{"encrypted_data": "x"}',
    ]
    for text in others:
        assert read(text) is None, text
    state.write_bytes(b"\xff\xfe")
    assert read_local_state(tmp_path, engine) is None
    assert read(whole, kind="s3") is None
