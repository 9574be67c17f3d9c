"""Encrypted states of OpenTofu: keys for tests, and how to see whether they are used."""

import json
from pathlib import Path
from typing import Any

PASSPHRASE = "a-passphrase-of-the-tests"
KEYS = {
    "key_provider": {"pbkdf2": {"main": {"passphrase": PASSPHRASE, "iterations": 200000}}},
    "method": {"aes_gcm": {"main": {"keys": "${key_provider.pbkdf2.main}"}}},
    "state": {"method": "method.aes_gcm.main", "enforced": True},
    "plan": {"method": "method.aes_gcm.main", "enforced": True},
}
TF_ENCRYPTION = {"TF_ENCRYPTION": json.dumps(KEYS)}
# The same in tfops.yaml.
STATE_PASSPHRASE = {"STATE_PASSPHRASE": PASSPHRASE}
BLOCK = """\
encryption:
  key_provider: {pbkdf2: {main: {passphrase: {from: env:STATE_PASSPHRASE}, iterations: 200000}}}
  method: {aes_gcm: {main: {keys: key_provider.pbkdf2.main}}}
  state: {method: method.aes_gcm.main, enforced: true}
  plan: {method: method.aes_gcm.main, enforced: true}
"""


def is_sealed(state: Any) -> bool:
    return {"encrypted_data", "encryption_version", "lineage", "serial"} <= state.keys() and "resources" not in state


def files_with(folder: Path, text: str) -> list[str]:
    every = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [str(path) for path in every if text.encode() in path.read_bytes()]
