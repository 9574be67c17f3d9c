"""Encrypted states: how one is recognized, what is masked, what tfops.yaml may say, what the root gets."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.memory_tree import MemoryTree
from tfops.change.encryption import require_encryption
from tfops.config.project_file import load_project
from tfops.config.values import Secret
from tfops.engine.encryption import Head, head_of, require_no_block, secret_texts
from tfops.engine.environment import base_environment, engine_environment
from tfops.engine.locate import Engine
from tfops.engine.mask import Masker
from tfops.engine.state import parse_state
from tfops.errors import ConfigError, Refused
from tfops.records.names import MAIN_STACK, EnvName
from tfops.render.encryption import encryption_file, encryption_secrets

DEV = EnvName("dev")
SEALED = json.dumps(
    {"serial": 7, "lineage": "l-1", "meta": {"key_provider.pbkdf2.main": "e30="},
     "encrypted_data": "aGVsbG8=", "encryption_version": "v0"}
)  # fmt: skip
HEAD = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n"
BLOCK = """\
encryption:
  key_provider:
    pbkdf2: {main: {passphrase: {from: env:STATE_PASSPHRASE}}}
    aws_kms: {spare: {kms_key_id: "alias/${x}-{env}", key_spec: AES_256}}
  method:
    aes_gcm: {main: {keys: key_provider.pbkdf2.main}}
    unencrypted: {migrate: null}
  state: {method: method.aes_gcm.main, enforced: true, fallback: {method: method.unencrypted.migrate}}
"""


def rules(text: str) -> Any:
    return load_project(MemoryTree({"tfops.yaml": HEAD + text}))


def test_an_encrypted_state_is_recognized_and_never_taken_for_a_damaged_or_absent_one() -> None:
    assert head_of(SEALED) == Head("l-1", 7)
    with pytest.raises(Refused) as caught:
        parse_state(SEALED)
    assert caught.value.guard == "state-encrypted"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"encrypted_data": ', '{"version": 4, "x": "\\"encrypted_data\\""}'])
def test_anything_else_is_not_encrypted(text: str) -> None:
    assert head_of(text) is None


HCL = """
key_provider "pbkdf2" "main" {
  passphrase = "hunter2-hunter2-\\"quoted\\""
  hash_function = "sha512"
}
key_provider "gcp_kms" "other" { credentials = <<EOT
{"private_key": "line-of-a-key"}
EOT
}
method "aes_gcm" "main" { keys = key_provider.pbkdf2.main }
"""


@pytest.mark.parametrize(
    "text", [HCL, json.dumps({"key_provider": {"pbkdf2": {"m": {"passphrase": 'hunter2-hunter2-"quoted"'}}}})]
)
def test_what_tf_encryption_holds_is_masked(text: str) -> None:
    mask = Masker(secret_texts(text))
    assert mask('bad: hunter2-hunter2-"quoted"!') == "bad: (secret)!"
    assert "aes_gcm" in mask("method.aes_gcm.main of sha512") and "sha512" in mask("sha512")
    assert "line-of-a-key" not in mask(text)


def test_it_reaches_engines_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_ENCRYPTION", "{}")
    env = engine_environment(more=("TF_*",), secrets={}, plugin_cache=Path("/cache"))
    assert env["TF_ENCRYPTION"] == "{}"
    assert "TF_ENCRYPTION" not in base_environment()
    monkeypatch.setenv("TF_ENCRYPTION", " ")
    assert "TF_ENCRYPTION" not in engine_environment(more=(), secrets={}, plugin_cache=Path("/cache"))


def test_terraform_is_refused_where_states_must_be_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    tofu, terraform = Engine("tofu", "1.12.6", "/t", ""), Engine("terraform", "1.11.4", "/t", "")
    require_encryption(terraform, rules(""))
    require_encryption(tofu, rules(BLOCK))
    with pytest.raises(Refused, match="says that states are encrypted, and terraform 1"):
        require_encryption(terraform, rules(BLOCK))
    monkeypatch.setenv("TF_ENCRYPTION", "x")
    require_encryption(tofu, rules(""))
    with pytest.raises(Refused, match="TF_ENCRYPTION says"):
        require_encryption(terraform, rules(""))


def test_the_root_gets_the_block_with_its_secrets_in_ephemeral_variables() -> None:
    found = rules(BLOCK)
    [(name, secret)] = encryption_secrets(found).items()
    assert secret == Secret("env", "STATE_PASSPHRASE")
    text = encryption_file(found, DEV, MAIN_STACK)
    assert text is not None
    body = json.loads(text)
    assert body["variable"] == {name: {"type": "string", "sensitive": True, "ephemeral": True}}
    assert body["terraform"]["encryption"] == {
        "key_provider": {
            "pbkdf2": {"main": {"passphrase": f"${{var.{name}}}"}},
            "aws_kms": {"spare": {"kms_key_id": "alias/$${x}-dev", "key_spec": "AES_256"}},
        },
        "method": {"aes_gcm": {"main": {"keys": "${key_provider.pbkdf2.main}"}}, "unencrypted": {"migrate": {}}},
        "state": {
            "method": "method.aes_gcm.main", "enforced": True, "fallback": {"method": "method.unencrypted.migrate"},
        },
    }  # fmt: skip
    assert encryption_file(rules(""), DEV, MAIN_STACK) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("encryption: {}\n", "doesn't say how states are encrypted"),
        ("encryption: {plan: {method: method.a.b}}\n", "doesn't say how states are encrypted"),
        (BLOCK.replace("{from: env:STATE_PASSPHRASE}", "in-clear-in-clear"), "`passphrase` stands in clear"),
        (BLOCK.replace("env:STATE", "evn:STATE"), "no secrets of the kind `evn:`"),
        (BLOCK.replace("keys: key_provider.pbkdf2.main", "keys: key_provider.pbkdf2.mian"), "names no `key_provider`"),
        (BLOCK.replace("{method: method.aes_gcm.main", "{method: aes_gcm"), "names no `method`"),
        (BLOCK.replace("enforced: true", "enforced: {from: env:X}"), "in a `key_provider` only"),
        (BLOCK.replace("  method:", "  methods:"), "unknown key `methods`"),
    ],
)
def test_what_would_encrypt_nothing_or_show_a_key_is_a_mistake(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rules(text)
    assert any(message in complaint.message for complaint in caught.value.complaints), caught.value.complaints


@pytest.mark.parametrize(
    ("name", "text", "is_refused"),
    [
        ("main.tf", 'terraform {\n  encryption {\n    method "unencrypted" "a" {}\n  }\n}\n', True),
        ("main.tofu", "terraform {\n  encryption {}\n}\n", True),
        ("main.tf.json", '{"terraform": {"encryption": {}}}', True),
        ("main.tf", "terraform {\n  encryption {", True),
        ("main.tf", 'resource "aws_s3_bucket" "encryption" {}\n# encryption\n', False),
    ],
)
def test_a_module_with_a_block_that_counts_for_nothing_is_refused(
    tmp_path: Path, name: str, text: str, is_refused: bool
) -> None:
    (tmp_path / name).write_text(text)
    if not is_refused:
        require_no_block({"app": tmp_path, "gone": tmp_path / "nowhere"})
        return
    with pytest.raises(Refused) as caught:
        require_no_block({"app.inner": tmp_path})
    assert caught.value.guard == "encryption" and name in caught.value.what
