"""`import` blocks in modules: only the root may have them, up to Terraform 1.15 and in OpenTofu.

https://developer.hashicorp.com/terraform/language/import
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from tfops.config.modules.hcl import Block, read_blocks
from tfops.config.modules.module import module_files
from tfops.model import Mark
from tfops.system.trees import Tree

_MAYBE = re.compile(r"\bimport\b")
_IN_JSON = re.compile(r'"import"\s*:')
_CALLED = re.compile(r"\bmodule\b")


def import_blocks(tree: Tree, folders: Iterable[str], *, is_tofu: bool) -> Iterator[tuple[Mark, str]]:
    """Where each stands, and its line: in folders below `modules/` and those that they call.

    A file that can't be read is passed over: the engine says what is wrong with it.
    """
    todo, seen = sorted(set(folders)), set[str]()
    while todo:
        folder = todo.pop(0)
        if folder in seen:
            continue
        seen.add(folder)
        for name in module_files(tree.names(f"modules/{folder}"), is_tofu=is_tofu):
            path = f"modules/{folder}/{name}"
            text = tree.read(path) or ""
            if not (_MAYBE.search(text) or _CALLED.search(text)):
                continue
            try:
                blocks = read_blocks(text, is_json=name.endswith(".json"))
            except ValueError:
                continue
            todo += [inner for block in blocks if (inner := _inner(folder, block))]
            yield from (_place(path, text, start) for start in _starts(text, blocks, is_json=name.endswith(".json")))


def _starts(text: str, blocks: Iterable[Block], *, is_json: bool) -> list[int]:
    """Where they begin; JSON has one key for all of them."""
    found = [block.span.start for block in blocks if block.kind == "import" and not block.labels]
    if not (found and is_json):
        return found
    key = _IN_JSON.search(text)
    return [key.start() if key else 0]


def _place(path: str, text: str, start: int) -> tuple[Mark, str]:
    before = text[:start]
    line = before.count("\n") + 1
    return Mark(path, line, start - before.rfind("\n")), text.split("\n")[line - 1].rstrip("\r")


def _inner(folder: str, block: Block) -> str:
    """The folder below `modules/` that a call leads to; empty for a block that is no such call."""
    if block.kind != "module" or "source" not in block.attributes:
        return ""
    try:
        source = block.attributes["source"].literal()
    except ValueError:
        return ""
    inner = os.path.normpath(PurePosixPath(folder, source)) if str(source).startswith(".") else ""
    return "" if inner.startswith(("..", "/")) else inner
