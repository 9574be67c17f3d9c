"""What a commit's modules declare, by address without keys: resources, protections, what moves and what is let go."""

import os
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from tfops.addresses import is_resource, qualified, type_of, without_keys
from tfops.config.environment import EnvironmentConfig
from tfops.config.modules.hcl import Block, read_blocks
from tfops.config.modules.module import is_tofu_file, module_files
from tfops.config.modules.protection import is_flagged
from tfops.config.source import LocalSource
from tfops.dataclass import dataclass
from tfops.system.trees import Tree


@dataclass(frozen=True, slots=True)
class Declared:
    """All local modules of an environment together. `unseen` are paths of modules of which not everything can be seen
    from here: they come from elsewhere, or a file of theirs is among the `unread`. `engines` are the engine versions
    that modules ask for. `turned` are those of the `moved` that become another type."""

    resources: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    forgotten: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    engines: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    turned: frozenset[str] = frozenset()


def declared_by(tree: Tree, environment: EnvironmentConfig, *, is_tofu: bool = False) -> Declared:
    """Read the environment's modules and those that they call, from a commit."""
    found: dict[str, set[str]] = {name: set() for name in Declared.__slots__}
    todo = []
    for stack, config in environment.stacks.items():
        for name, module in config.modules.items():
            is_local = isinstance(module.source, LocalSource)
            todo.append((qualified(stack, f"module.{name}."), module.source.text if is_local else ""))
    while todo:
        prefix, folder = todo.pop()
        if not folder or folder.startswith(("..", "/")):
            found["unseen"].add(prefix)
            continue
        for kind, value in _of_folder(tree, folder, is_tofu=is_tofu):
            if kind == "call":
                name, _, source = value.partition("\0")
                inner = os.path.normpath(PurePosixPath(folder, source)) if source.startswith(".") else ""
                todo.append((f"{prefix}module.{name}.", inner))
            elif kind == "unread":
                found["unread"].add(value)
                found["unseen"].add(prefix)
            else:
                found[kind].add(value if kind == "engines" else prefix + value)
    return Declared(**{name: frozenset(values) for name, values in found.items()})


def _of_folder(tree: Tree, folder: str, *, is_tofu: bool) -> Iterator[tuple[str, str]]:
    for name in module_files(tree.names(f"modules/{folder}"), is_tofu=is_tofu):
        text = tree.read(f"modules/{folder}/{name}") or ""
        try:
            blocks = read_blocks(text, is_json=name.endswith(".json"))
        except ValueError:
            yield "unread", f"modules/{folder}/{name}"
        else:
            for block in blocks:
                yield from _of_block(block)
                yield from _asked_of_engines(block, name, is_tofu=is_tofu)


def _asked_of_engines(block: Block, name: str, *, is_tofu: bool) -> Iterator[tuple[str, str]]:
    """Which versions of the engine a block in the file `name` asks for.

    OpenTofu passes over `required_version` but in its own files, and has a block of its own since 1.12:
    https://opentofu.org/docs/language/settings/
    """
    asked: list[Any] = []
    if block.kind == "terraform" and (is_tofu_file(name) or not is_tofu):
        asked = [_literal(block, "required_version")]
    elif block.kind == "language" and is_tofu:
        asked = [_literal(inner, "opentofu") for inner in block.inner("compatible_with")]
    yield from (("engines", text) for text in asked if text and isinstance(text, str))


def _of_block(block: Block) -> Iterator[tuple[str, str]]:
    match block.kind, len(block.labels):
        case "resource", 2:
            yield "resources", ".".join(block.labels)
            if is_flagged(block):
                yield "protected", ".".join(block.labels)
        case "module", 1:
            yield "call", f"{block.labels[0]}\0{_literal(block, 'source')}"
        case "moved", 0:
            source, target = _reference(block), _reference(block, "to")
            yield "moved", source
            if is_resource(source) and is_resource(target) and type_of(source) != type_of(target):
                yield "turned", source
        case "removed", 0:
            if any(_literal(inner, "destroy") is False for inner in block.inner("lifecycle")):
                yield "forgotten", _reference(block)


def _literal(block: Block, name: str) -> Any:
    """The value of an attribute; empty where it isn't there, or isn't one that can be told from here."""
    try:
        return block.attributes[name].literal() if name in block.attributes else ""
    except ValueError:
        return ""


def _reference(block: Block, name: str = "from") -> str:
    """`aws_vpc.old` of `from = aws_vpc.old["a"]`."""
    written = block.attributes.get(name)
    return without_keys(written.text) if written else ""
