"""A state's JSON (format 4, from `state pull`) becomes a `StackState`.

Read by `state pull`, not by `show`: `show` fails on a state that a newer provider wrote.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tfops import exact
from tfops.engine.moved import require_not_moved
from tfops.errors import Refused
from tfops.model import ABSENT_STATE, StackState


def parse_state(text: str) -> StackState:
    """No text, or a state without lineage, is an absent state.

    Raises Refused: guard `state-format` for what is not a state of format 4, `state-moved` for what a move left.
    """
    if not text.strip():
        return ABSENT_STATE
    try:
        document: Any = exact.loads(text)
        if document.get("version") != 4:  # the key is the format's, not ours
            raise _not_readable(f"its format is {document.get('version')}, known is 4")
        require_not_moved(document)
        return _to_state(document)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _not_readable("it is damaged") from error


def _not_readable(why: str) -> Refused:
    return Refused("state-format", "the state can't be read", why=why, hint="look at it: tfops doctor")


def _to_state(document: Mapping[str, Any]) -> StackState:
    instances = list(_instances(document))
    return StackState(
        lineage=str(document.get("lineage") or ""),
        serial=int(document.get("serial") or 0),
        sha256=_content_digest(document),
        inventory={_address(resource, item): _id(item) for resource, item in instances},
        schema_versions=_schema_versions(instances),
        outputs={name: output.get("value") for name, output in (document.get("outputs") or {}).items()},
        output_kinds={name: output.get("type") for name, output in (document.get("outputs") or {}).items()},
        types={str(resource["type"]): _provider(resource) for resource, _ in instances},
    )


def _id(instance: Mapping[str, Any]) -> str:
    return str((instance.get("attributes") or {}).get("id") or "")


def _schema_versions(instances: list[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, int]:
    """The highest schema version of each type, when above 0: instances that weren't touched keep an older one."""
    highest: dict[str, int] = {}
    for resource, item in instances:
        number = int(item.get("schema_version") or 0)
        if number:
            highest[resource["type"]] = max(number, highest.get(resource["type"], 0))
    return highest


_PROVIDER = re.compile(r'provider\["(?P<address>[^"]+)"\]')


def _provider(resource: Mapping[str, Any]) -> str:
    """`registry.terraform.io/hashicorp/aws` of `module.a.provider["registry.terraform.io/hashicorp/aws"].west`."""
    match = _PROVIDER.search(str(resource.get("provider") or ""))
    return match["address"] if match else ""


def _content_digest(document: Mapping[str, Any]) -> str:
    """Without `terraform_version`: `state pull` puts the reader's own there, whoever wrote the state."""
    content = {key: value for key, value in document.items() if key != "terraform_version"}
    return hashlib.sha256(exact.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _instances(document: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """(resource, instance) of every managed object; deposed ones belong to their successor."""
    for resource in document.get("resources") or []:
        if resource.get("mode") != "managed":
            continue
        for instance in resource.get("instances") or []:
            if not instance.get("deposed"):
                yield resource, instance


def _address(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> str:
    module = f"{resource['module']}." if resource.get("module") else ""
    key = instance.get("index_key")
    index = "" if key is None else f"[{_index_text(key)}]"
    return f"{module}{resource['type']}.{resource['name']}{index}"


def _index_text(key: int | str) -> str:
    """An index as the engine writes it in addresses: HCL's escapes, so that `${` stays a key."""
    if not isinstance(key, str):
        return str(key)
    escaped = "".join(_escaped(character) for character in key)
    return '"' + escaped.replace("${", "$${").replace("%{", "%%{") + '"'


_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def _escaped(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"


def sensitive_values(text: str) -> frozenset[str]:
    """Every text that the state marks as sensitive: what must not get into a card."""
    found: set[str] = set()
    document: Any = exact.loads(text) if text.strip() else {}
    for resource in document.get("resources") or []:
        for instance in resource.get("instances") or []:
            for path in instance.get("sensitive_attributes") or []:
                found.update(_texts(_follow(instance.get("attributes"), path)))
    return frozenset(found)


def _follow(value: Any, path: list[Any]) -> Any:
    for step in path:
        value = _undressed(value)
        key = step.get("value") if isinstance(step, dict) else step
        key = key.get("value") if isinstance(key, dict) else key
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return _undressed(value)


def _undressed(value: Any) -> Any:
    """An attribute of dynamic type stands in the state as `{"value": …, "type": …}`."""
    return value["value"] if isinstance(value, dict) and value.keys() == {"value", "type"} else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
