"""What a commit's modules declare, by address without keys: resources, protections, what moves and what is let go."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from tfops.addresses import qualified, without_keys
from tfops.config.environment import EnvironmentConfig
from tfops.config.modules.hcl import as_list, parse_file
from tfops.config.modules.module import is_module_file
from tfops.config.modules.protection import RESOURCE, entries, protected_blocks
from tfops.config.source import LocalSource
from tfops.system.trees import Tree


@dataclass(frozen=True, slots=True)
class Declared:
    """All local modules of an environment together. `unseen` are paths of modules that come from elsewhere;
    `engines` the engine versions that modules ask for."""

    resources: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    forgotten: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    engines: frozenset[str] = frozenset()


def declared_by(tree: Tree, environment: EnvironmentConfig) -> Declared:
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
        for kind, value in _of_folder(tree, folder):
            if kind == "call":
                name, _, source = value.partition("\0")
                inner = os.path.normpath(PurePosixPath(folder, source)) if source.startswith(".") else ""
                todo.append((f"{prefix}module.{name}.", inner))
            else:
                found[kind].add(value if kind == "engines" else prefix + value)
    return Declared(**{name: frozenset(values) for name, values in found.items()})


def _of_folder(tree: Tree, folder: str) -> Iterator[tuple[str, str]]:
    for name in filter(is_module_file, tree.names(f"modules/{folder}")):
        text = tree.read(f"modules/{folder}/{name}") or ""
        is_json = name.endswith(".json")
        yield from (("protected", block) for block in protected_blocks(text, is_json=is_json))
        try:
            document = parse_file(text, is_json=is_json)
        except ValueError:  # by its look: what can't be read must not seem to be gone
            yield from (("resources", f"{match['type']}.{match['name']}") for match in RESOURCE.finditer(text))
        else:
            yield from _of_document(document)


def _of_document(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, named in entries(document.get("resource")):
        yield from (("resources", f"{kind}.{name}") for name, _ in entries(named) if not name.startswith("__"))
    for name, body in entries(document.get("module")):
        if isinstance(body, dict):
            yield "call", f"{name}\0{body.get('source', '')}"
    for block in as_list(document.get("moved")):
        yield "moved", _reference(block.get("from"))
    for block in as_list(document.get("removed")):
        lifecycles = as_list(block.get("lifecycle"))
        if any(lifecycle.get("destroy") is False for lifecycle in lifecycles if isinstance(lifecycle, dict)):
            yield "forgotten", _reference(block.get("from"))
    for block in as_list(document.get("terraform")):
        if isinstance(block, dict) and isinstance(block.get("required_version"), str):
            yield "engines", block["required_version"]


def _reference(value: Any) -> str:
    """`aws_vpc.old` of `${aws_vpc.old["a"]}`."""
    return without_keys(re.sub(r"^\$\{|\}$", "", str(value)))
