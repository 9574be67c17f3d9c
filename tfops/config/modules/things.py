"""What modules declare that an address can name: resources, data and what else has a type and a name, and modules."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tfops.config.modules.hcl import Block, read_blocks
from tfops.config.modules.interface import files_of

_BEFORE = {"resource": "", "data": "data.", "ephemeral": "ephemeral."}


def declared_things(folders: Mapping[str, Path], *, is_tofu: bool = False) -> frozenset[str]:
    """Their addresses without keys; `folders` as `files_of` takes them. Files that no engine could read say nothing."""
    return frozenset(
        prefix + address
        for prefix, name, text in files_of(folders, is_tofu=is_tofu)
        for address in _addresses(text, is_json=name.endswith(".json"))
    )


def _addresses(text: str, *, is_json: bool) -> Iterator[str]:
    try:
        blocks = read_blocks(text, is_json=is_json)
    except ValueError:
        return
    yield from filter(None, map(_address, blocks))


def _address(block: Block) -> str:
    if block.kind == "module" and len(block.labels) == 1:
        return f"module.{block.labels[0]}"
    if block.kind in _BEFORE and len(block.labels) == 2:
        return _BEFORE[block.kind] + ".".join(block.labels)
    return ""
