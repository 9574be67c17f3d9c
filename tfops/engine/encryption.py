"""OpenTofu's encryption of states: how an encrypted one is recognized and read, what in its settings is secret."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tfops import exact
from tfops.config.modules.hcl import read_blocks
from tfops.config.modules.interface import module_texts
from tfops.config.modules.module import module_files
from tfops.dataclass import dataclass
from tfops.engine.commands import CommandLine
from tfops.engine.locate import Engine
from tfops.engine.runner import Runner
from tfops.errors import EngineFailed, Refused
from tfops.records.rendered import BACKEND_FILE, ENCRYPTION_FILE
from tfops.system.workspace import write_file

_SEALED = "sealed.tfstate"
_SETTING = re.compile(r'"?(?P<name>[A-Za-z_][\w-]*)"?[ \t]*[=:][ \t]*"(?P<value>(?:[^"\\]|\\.)*)"')
_HEREDOC = re.compile(r"<<-?[ \t]*(?P<word>\w+)[ \t]*\n(?P<text>.*?)\n[ \t]*(?P=word)", re.DOTALL)

_BLOCK = re.compile(r"\bencryption\b")

# Settings that say how, with what method and in which cloud; every other one may be a secret.
_PLAIN = frozenset(
    {
        "method", "keys", "chain", "enforced", "hash_function", "key_length", "iterations", "salt_length", "key_spec",
        "region", "kms_key_id", "kms_encryption_key", "key_name", "encrypted_metadata_alias", "address",
    }
)  # fmt: skip
_REFERENCE = re.compile(r"(\$\{)?(key_provider|method)\.[\w.-]+\}?")


def is_encrypted(text: str) -> bool:
    """Whether a state's text, or a saved plan's, is what OpenTofu writes with encryption."""
    return head_of(text) is not None


@dataclass(frozen=True, slots=True)
class Head:
    """What an encrypted state says in clear."""

    lineage: str
    serial: int


def head_of(text: str) -> Head | None:
    """None for what isn't an encrypted state (OpenTofu 1.7 to 1.12: `encrypted_data` and `encryption_version`)."""
    if '"encrypted_data"' not in text:
        return None
    try:
        document: Any = json.loads(text)
        if isinstance(document, dict) and {"encrypted_data", "encryption_version"} <= document.keys():
            return Head(str(document.get("lineage") or ""), int(document.get("serial") or 0))
    except (ValueError, TypeError):
        pass
    return None


def secret_texts(settings: str) -> Iterator[str]:
    """What must be masked of the text of TF_ENCRYPTION, in HCL or in JSON."""
    yield settings
    yield settings.strip()
    for found in _SETTING.finditer(settings):
        if found["name"] not in _PLAIN and not _REFERENCE.fullmatch(found["value"]):
            yield from {found["value"], _unescaped(found["value"])}
    yield from (found["text"] for found in _HEREDOC.finditer(settings))


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def decrypted(engine: Engine, runner: Runner, text: str) -> str:
    """The state in clear, read by an engine of its own from a copy beside the run's output; nothing else is touched.

    `state push` doesn't take an encrypted file (OpenTofu 1.12.6), although `apply` leaves `errored.tfstate` as one.
    Raises EngineFailed, where the keys at hand don't fit.
    """
    folder = runner.folder / "sealed"
    folder.mkdir(mode=0o700, exist_ok=True)
    write_file(folder / BACKEND_FILE, exact.dumps({"terraform": {"backend": {"local": {"path": _SEALED}}}}))
    block = runner.root / ENCRYPTION_FILE
    if block.is_file():
        write_file(folder / ENCRYPTION_FILE, block.read_text(encoding="utf-8"))
    write_file(folder / _SEALED, text)
    (folder / "none").mkdir(exist_ok=True)
    reader = replace(runner, root=folder)
    commands = CommandLine(engine.executable)
    reader.run(commands.init_backend(plugins=str(folder / "none")))  # asks for providers after the backend
    ended = reader.run(commands.pull_state(), shielded=True)
    clear = ended.stdout.read_text(encoding="utf-8")
    ended.stdout.unlink()
    (folder / _SEALED).unlink(missing_ok=True)
    if ended.code != 0 or not clear.strip():
        raise EngineFailed(
            "the encrypted state can't be decrypted",
            why="\n".join(error.text for error in ended.errors),
            hint="use the keys that it was written with: TF_ENCRYPTION, or `encryption` in tfops.yaml",
        )
    return clear


def require_no_block(folders: Mapping[str, Path]) -> None:
    """Raises Refused (guard `encryption`) for a module with an `encryption` block, which OpenTofu passes over without
    a word outside of the root module. `folders` are those of `installed_modules`, by path in dots.
    """
    for path, folder in folders.items():
        texts = module_texts(folder) if folder.is_dir() else {}
        for name in module_files(texts, is_tofu=True):
            if _BLOCK.search(texts[name]) and _has_block(texts[name], is_json=name.endswith(".json")):
                raise Refused(
                    "encryption",
                    f"module {path} (`{name}`) encrypts the state: in a module that block counts for nothing",
                    why="OpenTofu passes over it without a word: the state would be written in clear",
                    hint="take it out, and say it in tfops.yaml: `encryption`   (tfops docs engines)",
                )


def _has_block(text: str, *, is_json: bool) -> bool:
    try:
        blocks = [block for block in read_blocks(text, is_json=is_json) if block.kind == "terraform"]
    except ValueError:
        return True
    return any(block.inner("encryption") for block in blocks)
