"""Modules that the project's own modules take from elsewhere."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from tfops.config.modules.hcl import Block, read_blocks
from tfops.config.modules.module import is_module_file
from tfops.system.trees import Tree

_CALL = re.compile(r"^\s*module\s|\"module\"\s*:", re.MULTILINE)


def remote_calls(tree: Tree, folders: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """File, name and source (with the version, where one is said) of every call of a module that isn't in `modules/`.

    `folders` are below `modules/`; those that they call are followed. A file that can't be read is passed over: the
    engine says what is wrong with it.
    """
    todo, seen = sorted(set(folders)), set[str]()
    while todo:
        folder = todo.pop(0)
        if folder in seen:
            continue
        seen.add(folder)
        for path, name, source in _calls(tree, folder):
            if source.startswith((".", "/")):
                inner = os.path.normpath(PurePosixPath(folder, source))
                todo += [] if inner.startswith(("..", "/")) else [inner]
            elif source:
                yield path, name, source


def _calls(tree: Tree, folder: str) -> Iterator[tuple[str, str, str]]:
    for file in filter(is_module_file, tree.names(f"modules/{folder}")):
        path = f"modules/{folder}/{file}"
        text = tree.read(path) or ""
        if not _CALL.search(text):
            continue
        try:
            blocks = read_blocks(text, is_json=file.endswith(".json"))
        except ValueError:
            continue
        for block in blocks:
            if block.kind == "module" and len(block.labels) == 1:
                source = _text(block, "source")
                yield path, block.labels[0], f"{source} {_text(block, 'version')}".strip() if source else ""


def _text(block: Block, name: str) -> str:
    """An attribute's text; empty where it isn't there, or can't be told from here."""
    try:
        value = block.attributes[name].literal() if name in block.attributes else ""
    except ValueError:
        return ""
    return value if isinstance(value, str) else ""
