"""Provider blocks that another tool generates, as tfops.yaml says them: for all, and what is special by environment."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tfops.commands.peer_units import NotTaken, Unit
from tfops.config.modules.hcl import read_blocks

Providers = Mapping[str, Mapping[str, Any]]


def common_providers(found: Sequence[Providers]) -> dict[str, dict[str, Any]]:
    """By name, what all that have the provider say alike; nothing of one that says nothing."""
    blocks: dict[str, list[Mapping[str, Any]]] = {}
    for one in found:
        for name, settings in one.items():
            blocks.setdefault(name, []).append(settings)
    common = {
        name: {key: value for key, value in ours[0].items() if all(other.get(key) == value for other in ours)}
        for name, ours in blocks.items()
    }
    return {name: settings for name, settings in common.items() if settings}


def provider_line(units: Iterable[Unit], common: Providers, not_taken: list[NotTaken]) -> dict[str, Any]:
    """What an environment's line says of provider aws, where its units agree. What nobody can say there is told."""
    line: dict[str, Any] = {}
    for unit in units:
        for name, settings in unit.providers.items():
            for key, value in settings.items():
                if common.get(name, {}).get(key) == value:
                    continue
                said = dict(_aws(key, value)) if name == "aws" else {}
                if said and all(line.get(one, text) == text for one, text in said.items()):
                    line |= said
                else:
                    text = f"provider {name}: `{key}` is another one than elsewhere; tfops.yaml has one for all"
                    not_taken.append(NotTaken(unit.path, 0, text))
    return line


def _aws(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if key == "region":
        yield "region", value
    elif key == "assume_role" and isinstance(value, Mapping) and list(value) == ["role_arn"]:
        yield "assume_role", value["role_arn"]
    elif key == "allowed_account_ids" and isinstance(value, list) and len(value) == 1:
        yield "account", str(value[0])


def common_lock(units: Sequence[Unit], not_taken: list[NotTaken]) -> str:
    """One provider lock of those of all units; nothing where one has none, or two have locked different versions."""
    blocks: dict[str, str] = {}
    for unit in units:
        try:
            found = [one for one in read_blocks(unit.lock, is_json=False) if one.kind == "provider" and one.labels]
        except ValueError:
            found = []
        if not found:
            return ""
        for one in found:
            if blocks.setdefault(one.labels[0], one.text) != one.text:
                text = f"its lock has `{one.labels[0]}` otherwise than another unit of its folder: nothing is locked"
                not_taken.append(NotTaken(unit.path, 0, text))
                return ""
    return "\n".join(f"{text}\n" for _, text in sorted(blocks.items()))
