"""What a commit's modules declare, by address without keys: resources, protections, what moves and what is let go."""

import os
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from tfops.config.environment import EnvironmentConfig, StackConfig
from tfops.config.modules.hcl import Block, read_blocks
from tfops.config.modules.module import is_module_file, is_tofu_file, module_files
from tfops.config.modules.protection import Protected, known_inputs, protections
from tfops.config.source import LocalSource, RootSource
from tfops.dataclass import dataclass
from tfops.records.addresses import is_resource, module_prefix, qualified, type_of, without_keys
from tfops.records.names import MAIN_STACK, StackName
from tfops.system.trees import Tree


@dataclass(frozen=True, slots=True)
class Declared:
    """All local modules of an environment together. `unseen` are paths of modules of which not everything can be seen
    from here: they come from elsewhere, or a file of theirs is among the `unread`. `engines` are the engine versions
    that modules ask for. `turned` are those of the `moved` that become another type. `guessed` are those of the
    `protected` whose `prevent_destroy` the inputs don't decide, `kept` say `destroy = false`."""

    resources: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    forgotten: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    engines: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    turned: frozenset[str] = frozenset()
    guessed: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()


def declared_by(tree: Tree, environment: EnvironmentConfig, *, is_tofu: bool = False) -> Declared:
    """Read the environment's modules and those that they call, from a commit."""
    found: dict[str, set[str]] = {name: set() for name in Declared.__slots__}
    todo: list[tuple[StackName, str, str]] = []
    folders: dict[StackName, dict[str, str]] = {stack: {} for stack in environment.stacks}
    for stack, config in environment.stacks.items():
        for name, module in config.modules.items():
            path = "" if isinstance(module.source, RootSource) else name
            todo.append((stack, path, module.source.path if isinstance(module.source, LocalSource) else ""))
    while todo:
        stack, path, folder = todo.pop()
        prefix = _prefix(stack, path)
        if not folder or folder.startswith(("..", "/")):
            found["unseen"].add(prefix)
            continue
        folders[stack][path] = folder
        for kind, value in _of_folder(tree, folder, is_tofu=is_tofu):
            if kind == "call":
                name, _, source = value.partition("\0")
                inner = os.path.normpath(PurePosixPath(folder, source)) if source.startswith(".") else ""
                todo.append((stack, f"{path}.{name}" if path else name, inner))
            elif kind == "unread":
                found["unread"].add(value)
                found["unseen"].add(prefix)
            else:
                found[kind].add(value if kind == "engines" else prefix + value)
    for stack, below in folders.items():
        flagged = _protections(tree, below, environment.stacks[stack], is_tofu=is_tofu)
        for kind, blocks in (("protected", flagged.blocks), ("guessed", flagged.guessed), ("kept", flagged.kept)):
            found[kind] |= {qualified(stack, block) for block in blocks}
    return Declared(**{name: frozenset(values) for name, values in found.items()})


def _prefix(stack: StackName, path: str) -> str:
    """What stands before the addresses of a module, with the stack where there are several."""
    prefix = module_prefix(path)
    return qualified(stack, prefix) if prefix or stack == MAIN_STACK else f"{stack}/"


def _protections(tree: Tree, folders: Mapping[str, str], stack: StackConfig, *, is_tofu: bool) -> Protected:
    """What the modules with these folders below `modules/` flag, by their paths."""

    def read(path: str) -> dict[str, str]:
        folder = f"{tree.folders.modules}/{folders[path]}" if path in folders else ""
        names = [name for name in tree.names(folder) if is_module_file(name) or is_tofu_file(name)] if folder else []
        return {name: tree.read(f"{folder}/{name}") or "" for name in names}

    inputs = known_inputs(stack)
    return protections(folders, read, inputs, is_tofu=is_tofu)


def _of_folder(tree: Tree, folder: str, *, is_tofu: bool) -> Iterator[tuple[str, str]]:
    where = f"{tree.folders.modules}/{folder}"
    for name in module_files(tree.names(where), is_tofu=is_tofu):
        text = tree.read(f"{where}/{name}") or ""
        try:
            blocks = read_blocks(text, is_json=name.endswith(".json"))
        except ValueError:
            yield "unread", f"{where}/{name}"
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
