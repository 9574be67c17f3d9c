"""What must not be destroyed: `prevent_destroy` of the modules, and `protect:` of tfops.yaml.

Plans say nothing about `lifecycle`, and the flag is gone with the configuration that held it: so it is
read from the modules' files while they are there, and kept on the card.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tfops.addresses import type_of, without_keys
from tfops.config.modules.hcl import Block, read_blocks
from tfops.config.modules.interface import files_of
from tfops.config.modules.known import ModuleValues
from tfops.dataclass import dataclass

LIFTING_FILE = "tfops_lift_protection_override.tf.json"

# A type, or an address without keys; `*` stands for anything.
PATTERN = re.compile(r"[A-Za-z_*][A-Za-z0-9_*-]*(\.[A-Za-z_*][A-Za-z0-9_*-]*)*")


def protected_blocks(text: str, *, is_json: bool) -> set[str]:
    """`type.name` of every resource of a file that says `prevent_destroy`, but for a plain `false`.

    Raises ValueError where the file can't be read.
    """
    if "prevent_destroy" not in text:
        return set()
    return {".".join(block.labels) for block in read_blocks(text, is_json=is_json) if is_flagged(block)}


def is_flagged(block: Block) -> bool:
    """Whether a resource says `prevent_destroy`. What only the engine can evaluate counts as a yes."""
    if block.kind != "resource":
        return False
    flags = (inner.attributes.get("prevent_destroy") for inner in block.inner("lifecycle"))
    return any(flag is not None and flag.text.strip() != "false" for flag in flags)


def lifting_overrides(files: Iterable[tuple[str, str]], named: Iterable[str]) -> dict[str, str]:
    """Override files that take `prevent_destroy` off the resources with these addresses, wherever a module has them.

    `files` are (path below `modules/`, text). Returns path to text. For a way back: the code is of the past and can't
    be changed, and what is lost there is named one by one anyway. A file that can't be read keeps its protections.
    """
    blocks = {".".join(without_keys(address).split(".")[-2:]) for address in named}
    lifted: dict[str, dict[str, Any]] = {}
    for path, text in files:
        for block in sorted(_readable_blocks(path, text) & blocks):
            kind, _, name = block.partition(".")
            body = {"lifecycle": {"prevent_destroy": False}}
            lifted.setdefault(path.rpartition("/")[0], {}).setdefault(kind, {})[name] = body
    return {
        f"{folder}/{LIFTING_FILE}": json.dumps({"resource": resources}, indent=2, sort_keys=True)
        for folder, resources in lifted.items()
    }


def _readable_blocks(path: str, text: str) -> set[str]:
    try:
        return protected_blocks(text, is_json=path.endswith(".json"))
    except ValueError:
        return set()


@dataclass(frozen=True, slots=True)
class Protected:
    """Addresses without keys of all resources that modules flag; `unread` are modules with a file that can't be read.

    What can't be read isn't absent: whatever such a module holds counts as protected.
    """

    blocks: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()

    def __contains__(self, address: str) -> bool:
        block = without_keys(address)
        return block in self.blocks or any(
            block.startswith(module) and block.count(".") == module.count(".") + 1 for module in self.unread
        )


def protected_addresses(
    folders: Mapping[str, Path], *, is_tofu: bool = False, inputs: Mapping[str, Mapping[str, Any]] | None = None
) -> Protected:
    """What the modules flag. `folders` maps a module's path in dots (`app`, `app.inner`) to where its files are.

    `inputs` are the environment's, by module: they decide flags that are variables (OpenTofu 1.12). What they, and
    the variables' defaults, don't decide counts as a yes.
    """
    blocks, unread = set[str](), set[str]()
    values = ModuleValues(folders, inputs or {}, is_tofu=is_tofu)
    for prefix, name, text in files_of(folders, is_tofu=is_tofu):
        try:
            flags = _flags(text, is_json=name.endswith(".json"))
        except ValueError:
            unread.add(prefix)
            continue
        blocks |= {prefix + block for block, flag in flags.items() if not values.is_false(flag, _path(prefix))}
    return Protected(frozenset(blocks), frozenset(unread))


def _path(prefix: str) -> str:
    return ".".join(prefix.split(".")[1::2])


def _flags(text: str, *, is_json: bool) -> dict[str, str]:
    """`type.name` of every flagged resource of a file to what the flag says."""
    if "prevent_destroy" not in text:
        return {}
    flagged = (block for block in read_blocks(text, is_json=is_json) if is_flagged(block))
    return {
        ".".join(block.labels): flag.text
        for block in flagged
        for inner in block.inner("lifecycle")
        if (flag := inner.attributes.get("prevent_destroy")) is not None
    }


def is_protected(address: str, *, blocks: frozenset[str] | Protected, patterns: Iterable[str]) -> bool:
    """Whether an address of the state is one of the flagged blocks' or fits a pattern of tfops.yaml."""
    return without_keys(address) in blocks or any(fits(pattern, address) for pattern in patterns)


def fits(pattern: str, address: str) -> bool:
    """A pattern without dots is a type; with dots, an address without keys. `*` stands for anything."""
    subject = without_keys(address) if "." in pattern else type_of(address)
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), subject) is not None
