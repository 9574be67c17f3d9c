"""The `moved` blocks of modules: a bridge must not claim an address that the configuration itself moves to."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tfops.config.modules.hcl import Block, read_blocks
from tfops.config.modules.interface import files_of


def declared_moves(folders: Mapping[str, Path], *, is_tofu: bool = False) -> dict[str, str]:
    """New address to old one, as the modules' `moved` blocks say. Files that no engine could read say nothing.

    `folders` maps a module's path in dots (`app`, `app.inner`) to where its files are.
    """
    return {
        prefix + block.attributes["to"].text: prefix + block.attributes["from"].text
        for prefix, name, text in files_of(folders, is_tofu=is_tofu)
        for block in _moved_blocks(text, is_json=name.endswith(".json"))
    }


def _moved_blocks(text: str, *, is_json: bool) -> Iterator[Block]:
    if "moved" not in text:
        return
    try:
        blocks = read_blocks(text, is_json=is_json)
    except ValueError:
        return
    yield from (block for block in blocks if block.kind == "moved" and {"from", "to"} <= block.attributes.keys())
