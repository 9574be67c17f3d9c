"""What must not be destroyed: `prevent_destroy` of the modules, and `protect:` of tfops.yaml.

Plans say nothing about `lifecycle`, and the flag is gone with the configuration that held it: so it is
read from the modules' files while they are there, and kept on the card.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tfops.addresses import type_of, without_keys
from tfops.config.modules.hcl import as_list, parse_file
from tfops.config.modules.interface import module_texts

RESOURCE = re.compile(r'^\s*resource\s+"?(?P<type>[\w-]+)"?\s+"?(?P<name>[\w-]+)"?\s*\{', re.MULTILINE)
_FLAG = re.compile(r"^\s*prevent_destroy\s*=(?!\s*false\b)", re.MULTILINE)
# A type, or an address without keys; `*` stands for anything.
PATTERN = re.compile(r"[A-Za-z_*][A-Za-z0-9_*-]*(\.[A-Za-z_*][A-Za-z0-9_*-]*)*")


def protected_blocks(text: str, *, is_json: bool) -> set[str]:
    """`type.name` of every resource of a file that says `prevent_destroy`, but for a plain `false`.

    What the parser can't read is read by its look: the engine understood it, and a protection must not
    get lost over a detail of its syntax.
    """
    if "prevent_destroy" not in text:
        return set()
    try:
        return set(_flagged(parse_file(text, is_json=is_json).get("resource")))
    except ValueError:
        return set(_flagged_by_look(text))


def _flagged(resources: Any) -> Iterator[str]:
    for kind, named in entries(resources):
        for name, body in entries(named):
            lifecycles = as_list(body.get("lifecycle") if isinstance(body, dict) else None)
            flags = [block.get("prevent_destroy", False) for block in lifecycles if isinstance(block, dict)]
            if any(flag is not False for flag in flags):
                yield f"{kind}.{name}"


def entries(value: Any) -> Iterator[tuple[str, Any]]:
    """The pairs of a mapping, or of each mapping in a list: JSON allows both at every level."""
    for entry in as_list(value):
        if isinstance(entry, dict):
            for key, inner in entry.items():
                yield from ((key, item) for item in as_list(inner))


def _flagged_by_look(text: str) -> Iterator[str]:
    for flag in _FLAG.finditer(text):
        above = list(RESOURCE.finditer(text, 0, flag.start()))
        if above:
            yield f"{above[-1]['type']}.{above[-1]['name']}"


def protected_addresses(folders: Mapping[str, Path]) -> frozenset[str]:
    """Addresses without keys of all resources that are flagged in the modules.

    `folders` maps a module's path in dots (`app`, `app.inner`) to where its files are.
    """
    return frozenset(
        "".join(f"module.{step}." for step in path.split(".")) + block
        for path, folder in folders.items()
        for name, text in module_texts(folder).items()
        for block in protected_blocks(text, is_json=name.endswith(".json"))
    )


def is_protected(address: str, *, blocks: frozenset[str], patterns: Iterable[str]) -> bool:
    """Whether an address of the state is one of the flagged blocks' or fits a pattern of tfops.yaml."""
    return without_keys(address) in blocks or any(fits(pattern, address) for pattern in patterns)


def fits(pattern: str, address: str) -> bool:
    """A pattern without dots is a type; with dots, an address without keys. `*` stands for anything."""
    subject = without_keys(address) if "." in pattern else type_of(address)
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), subject) is not None
