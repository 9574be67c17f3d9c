"""Provider blocks that a root no longer has, and that what is in its state may still need: with them it is taken down.

Terraform itself then says "Provider configuration not present", and wants the block back first; on a way back to a
version from before the block there is nobody who could write it.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from tfops.config.modules.hcl import Block, JsonExpression, read_blocks
from tfops.config.modules.module import is_override, module_files
from tfops.config.modules.references import references
from tfops.dataclass import dataclass
from tfops.records.rendered import KEPT_PROVIDERS, KEPT_REQUIREMENTS_FILE

# What a block may speak of wherever it stands.
_EVERYWHERE = frozenset({"path", "terraform", "each", "count", "self", "provider"})
_Name = tuple[str, str]  # type and alias
_DECLARED = {"variable": "var", "module": "module"}


@dataclass(frozen=True, slots=True)
class _Root:
    """Of a root's files: provider blocks (and whether they are JSON), what the root requires, and what it declares."""

    blocks: Mapping[_Name, tuple[Block, bool]]
    requires: Mapping[str, Any]
    declares: frozenset[tuple[str, ...]]


def kept_provider_files(
    before: Iterable[Mapping[str, str]], now: Mapping[str, str], *, in_use: Collection[str] | None, is_tofu: bool
) -> dict[str, str]:
    """Files to lay beside the code `now` with the blocks of roots that ran `before`, the latest first; none where it
    has them all. `in_use` are the providers of what is in the state, None where nobody knows.

    A block that speaks of what isn't there any more is left out: Terraform says then what it misses.
    """
    here, found, requires = _read(now, is_tofu=is_tofu), dict[_Name, tuple[Block, bool]](), dict[str, Any]()
    for root in (_read(texts, is_tofu=is_tofu) for texts in before):
        for (name, alias), (block, is_json) in root.blocks.items():
            is_wanted = (name, alias) not in here.blocks and _is_in_use(name, root.requires, in_use)
            if is_wanted and _needs(block) <= here.declares:
                found.setdefault((name, alias), (block, is_json))
                if name in root.requires and name not in here.requires:
                    requires.setdefault(name, root.requires[name])
    return dict(_files(found, requires))


def _files(found: Mapping[_Name, tuple[Block, bool]], requires: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    hcl = [block.text for block, is_json in found.values() if not is_json]
    bodies: dict[str, list[Any]] = {}
    for (name, _), (block, is_json) in found.items():
        if is_json:
            bodies.setdefault(name, []).append(json.loads(block.text))
    if hcl:
        yield f"{KEPT_PROVIDERS}.tf", "\n".join(hcl) + "\n"
    if bodies:
        yield f"{KEPT_PROVIDERS}.tf.json", json.dumps({"provider": bodies}, indent=2) + "\n"
    if requires:
        yield KEPT_REQUIREMENTS_FILE, json.dumps({"terraform": {"required_providers": dict(requires)}}, indent=2) + "\n"


def _is_in_use(name: str, requires: Mapping[str, Any], in_use: Collection[str] | None) -> bool:
    source = requires.get(name)
    address = source.get("source", name) if isinstance(source, dict) else name
    wanted = "/".join(str(address).split("/")[-2:])
    return in_use is None or any(known.endswith((f"/{wanted}", f"/hashicorp/{name}")) for known in in_use)


def _read(texts: Mapping[str, str], *, is_tofu: bool) -> _Root:
    blocks: dict[_Name, tuple[Block, bool]] = {}
    requires: dict[str, Any] = {}
    declares = set[tuple[str, ...]]()
    for name in sorted(module_files(texts, is_tofu=is_tofu), key=lambda name: (is_override(name), name)):
        is_json = name.endswith(".json")
        try:
            read = read_blocks(texts[name], is_json=is_json)
        except ValueError:
            continue
        for block in read:
            declares |= set(_declared(block))
            if block.kind == "provider" and len(block.labels) == 1 and not is_override(name):
                blocks[block.labels[0], _alias(block)] = (block, is_json)
            for inner in block.inner("required_providers") if block.kind == "terraform" else ():
                requires |= dict(_required(inner))
    return _Root(blocks, requires, frozenset(declares))


def _alias(block: Block) -> str:
    written = block.attributes.get("alias")
    try:
        return str(written.literal()) if written else ""
    except ValueError:
        return written.text if written else ""


def _required(block: Block) -> Iterator[tuple[str, Any]]:
    for name, written in block.attributes.items():
        try:
            value = written.literal()
        except ValueError:  # `configuration_aliases` of a module: a root has none
            continue
        yield name, value


def _declared(block: Block) -> Iterator[tuple[str, ...]]:
    if block.kind == "locals":
        yield from (("local", name) for name in block.attributes)
    elif block.kind == "resource":
        yield block.labels
    elif block.kind in ("data", "ephemeral"):
        yield (block.kind, *block.labels)
    elif block.kind in _DECLARED:
        yield (_DECLARED[block.kind], *block.labels)


def _needs(block: Block) -> set[tuple[str, ...]]:
    """What a block speaks of, in as many names as declare it."""
    found = set[tuple[str, ...]]()
    for text in _texts(block):
        try:
            chains = references(text)
        except ValueError:
            return {("unread",)}
        found |= {chain[: 3 if chain[0] in ("data", "ephemeral") else 2] for chain in chains}
    return {chain for chain in found if chain[0] not in _EVERYWHERE}


def _texts(block: Block) -> Iterator[str]:
    for written in block.attributes.values():
        yield json.dumps(written.value, default=str) if isinstance(written, JsonExpression) else f"({written.text})"
    for inner in block.blocks:
        yield from _texts(inner)
