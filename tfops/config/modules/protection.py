"""What must not be destroyed: `prevent_destroy` and `destroy = false` of the modules, `protect:` of tfops.yaml.

Plans say nothing about `lifecycle`, and the flag is gone with the configuration that held it: so it is
read from the modules' files while they are there, and kept on the card.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tfops.config.environment import StackConfig
from tfops.config.modules.files import read_modules
from tfops.config.modules.hcl import Block, Expression, read_blocks
from tfops.config.modules.interface import module_texts
from tfops.config.modules.known import ModuleValues, ReadModule
from tfops.config.modules.module import is_override, module_files
from tfops.config.source import RootSource
from tfops.dataclass import dataclass
from tfops.records.addresses import module_prefix, type_of, without_keys
from tfops.records.complaint import Mark
from tfops.system.trees import Tree

# A cheap look, so that only few files are read.
_MAYBE = re.compile(r"(?<![\w-])(prevent_)?destroy(?![\w-])")

LIFTING_FILE = "tfops_lift_protection_override.tf.json"


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

    What can't be read isn't absent: whatever such a module holds counts as protected. `guessed` are those of the
    `blocks` whose `prevent_destroy` is an expression that nothing here decides. `kept` say `destroy = false`: the
    engine is to leave them alive.
    """

    blocks: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    guessed: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()

    def __contains__(self, address: str) -> bool:
        block = without_keys(address)
        return block in self.blocks or any(
            block.startswith(module) and block.count(".") == module.count(".") + 1 for module in self.unread
        )


def protected_addresses(
    folders: Mapping[str, Path], *, is_tofu: bool = False, inputs: Mapping[str, Mapping[str, Any]] | None = None
) -> Protected:
    """What the modules flag. `folders` maps a module's path in dots (`app`, `app.inner`) to where its files are.

    `inputs` are the environment's, by module: they decide flags that are expressions (OpenTofu 1.12).
    """

    def read(path: str) -> Mapping[str, str]:
        folder = folders.get(path)
        return module_texts(folder) if folder is not None and folder.is_dir() else {}

    return protections(folders, read, inputs or {}, is_tofu=is_tofu)


def known_inputs(stack: StackConfig) -> dict[str, Mapping[str, Any]]:
    """The inputs of a stack's modules by the module's path in dots: that of a root of its own is empty."""
    return {
        "" if isinstance(module.source, RootSource) else name: module.inputs for name, module in stack.modules.items()
    }


def protections(
    paths: Iterable[str], read: ReadModule, inputs: Mapping[str, Mapping[str, Any]], *, is_tofu: bool
) -> Protected:
    """What the modules with these paths flag, each after its override files. What isn't decided counts as a yes."""
    values = ModuleValues(read, inputs, is_tofu=is_tofu)
    blocks, unread, guessed, kept = set[str](), set[str](), set[str](), set[str]()
    for path in paths:
        prefix = module_prefix(path)
        try:
            flags = _flags_of(read(path), is_tofu=is_tofu)
        except ValueError:
            unread.add(prefix)
            continue
        for block, flag in flags.items():
            said = values.decide(flag.prevent, path) if flag.prevent else False
            blocks |= {prefix + block} if said is not False else set()
            guessed |= {prefix + block} if said is None else set()
            kept |= {prefix + block} if flag.destroy and values.decide(flag.destroy, path) is False else set()
    return Protected(frozenset(blocks), frozenset(unread), frozenset(guessed), frozenset(kept))


@dataclass(frozen=True, slots=True)
class _Flag:
    """What a resource's `lifecycle` says of its end."""

    prevent: Expression | None = None
    destroy: Expression | None = None


def _flags_of(texts: Mapping[str, str], *, is_tofu: bool) -> dict[str, _Flag]:
    """`type.name` of every flagged resource of a module. Raises ValueError where a file of them can't be read."""
    names = (name for name in module_files(texts, is_tofu=is_tofu) if name != LIFTING_FILE)
    found: dict[str, _Flag] = {}
    for name in sorted(names, key=lambda name: (is_override(name), name)):
        if not _MAYBE.search(texts[name]):
            continue
        for block in read_blocks(texts[name], is_json=name.endswith(".json")):
            for inner in block.inner("lifecycle") if block.kind == "resource" else ():
                prevent, destroy = inner.attributes.get("prevent_destroy"), inner.attributes.get("destroy")
                before = found.get(".".join(block.labels), _Flag())
                if prevent or destroy:
                    found[".".join(block.labels)] = _Flag(prevent or before.prevent, destroy or before.destroy)
    return found


def conditional_flags(tree: Tree, folders: Iterable[str], *, is_tofu: bool) -> Iterator[tuple[Mark, str, str]]:
    """Every `prevent_destroy` that is an expression: where, of which block, and what it says.

    Of folders below `modules/` and those that they call.
    """
    for file in read_modules(tree, folders, is_tofu=is_tofu, about=_MAYBE):
        for block in file.blocks:
            for inner in block.inner("lifecycle") if block.kind == "resource" else ():
                flag = inner.attributes.get("prevent_destroy")
                if flag and flag.text.strip() not in ("true", "false"):
                    found = re.compile("prevent_destroy").search(file.text, (inner if inner.text else block).span.start)
                    mark, _ = file.place(found.start() if found else block.span.start)
                    yield mark, ".".join(block.labels), flag.text.strip()


def is_protected(address: str, *, blocks: frozenset[str] | Protected, patterns: Iterable[str]) -> bool:
    """Whether an address of the state is one of the flagged blocks' or fits a pattern of tfops.yaml."""
    return without_keys(address) in blocks or any(fits(pattern, address) for pattern in patterns)


def fits(pattern: str, address: str) -> bool:
    """A pattern without dots is a type; with dots, an address without keys. `*` stands for anything."""
    subject = without_keys(address) if "." in pattern else type_of(address)
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), subject) is not None
