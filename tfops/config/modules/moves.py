"""The `moved` and `removed` blocks of modules: what the configuration itself moves, or takes out of the state alive."""

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


def let_go_blocks(folders: Mapping[str, Path], *, is_tofu: bool = False) -> frozenset[str]:
    """Blocks and modules that `removed { lifecycle { destroy = false } }` takes out of the state."""
    return frozenset(
        prefix + block.attributes["from"].text
        for prefix, name, text in files_of(folders, is_tofu=is_tofu)
        for block in _removed_blocks(text, is_json=name.endswith(".json"))
    )


def _moved_blocks(text: str, *, is_json: bool) -> Iterator[Block]:
    blocks = _blocks("moved", text, is_json=is_json)
    yield from (block for block in blocks if {"from", "to"} <= block.attributes.keys())


def _removed_blocks(text: str, *, is_json: bool) -> Iterator[Block]:
    for block in _blocks("removed", text, is_json=is_json):
        flags = (inner.attributes.get("destroy") for inner in block.inner("lifecycle"))
        if "from" in block.attributes and any(flag is not None and flag.text.strip() == "false" for flag in flags):
            yield block


def _blocks(kind: str, text: str, *, is_json: bool) -> Iterator[Block]:
    if kind not in text:
        return
    try:
        blocks = read_blocks(text, is_json=is_json)
    except ValueError:
        return
    yield from (block for block in blocks if block.kind == kind)
