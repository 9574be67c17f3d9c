"""A state's JSON (format 4, from `state pull`) becomes a `StackState`.

Read by `state pull`, not by `show`: `show` fails on a state that a newer provider wrote.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tfops import exact
from tfops.engine.encryption import is_encrypted
from tfops.engine.moved_mark import require_not_moved
from tfops.errors import Refused
from tfops.records.rendered import ROOT_MODULE
from tfops.records.state import ABSENT_STATE, StackState

_FORMAT = 4


def parse_state(text: str) -> StackState:
    """No text, or a state without lineage, is an absent state.

    Raises Refused: guard `state-format` for what is not a state of format 4, `state-moved` for what a move left,
    `state-encrypted` for what OpenTofu encrypted.
    """
    if not text.strip():
        return ABSENT_STATE
    if is_encrypted(text):
        raise Refused(
            "state-encrypted",
            "the state is encrypted",
            why="OpenTofu wrote it, and only OpenTofu can read it, with the same keys",
            hint="--engine tofu, and TF_ENCRYPTION or `encryption` in tfops.yaml",
        )
    try:
        return _checked(exact.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _not_readable("it is damaged") from error


def state_in(document: Mapping[str, Any]) -> tuple[StackState, frozenset[str]]:
    """The state that a plan was made on, and the texts in it that are sensitive.

    Without a digest: a plan has it in another form. Raises Refused as `parse_state`, ValueError and the like for what
    is damaged.
    """
    return replace(_checked(document), sha256="") if document["lineage"] else ABSENT_STATE, _sensitive_in(document)


def _checked(document: Any) -> StackState:
    if document.get("version") != _FORMAT:
        raise _not_readable(f"its format is {document.get('version')}, known is {_FORMAT}")
    require_not_moved(document)
    return _to_state(document)


def _not_readable(why: str) -> Refused:
    return Refused("state-format", "the state can't be read", why=why, hint="look at it: tfops doctor")


def _to_state(document: Mapping[str, Any]) -> StackState:
    _require_known(document)
    every = list(_instances(document))
    instances = [(resource, item) for resource, item in every if not item.get("deposed")]
    return StackState(
        lineage=str(document.get("lineage") or ""),
        serial=int(document.get("serial") or 0),
        sha256=_content_digest(document),
        inventory={_address(resource, item): _id(item) for resource, item in instances},
        schema_versions=_schema_versions(every),
        outputs={name: output.get("value") for name, output in (document.get("outputs") or {}).items()},
        output_kinds={name: output.get("type") for name, output in (document.get("outputs") or {}).items()},
        types={str(resource["type"]): _provider(resource, item) for resource, item in every},
        deposed={
            (_address(resource, item), str(item["deposed"])): _id(item)
            for resource, item in every
            if item.get("deposed")
        },
    )


def without(text: str, gone: Mapping[str, str]) -> str:
    """The state under its next serial, without the objects of these addresses that have these ids."""
    document = exact.loads(text)
    resources = (_without_gone(resource, gone) for resource in document["resources"])
    kept = [resource for resource in resources if resource["instances"] or resource["mode"] != "managed"]
    return exact.dumps({**document, "serial": document["serial"] + 1, "resources": kept}, indent=2)


def _without_gone(resource: Mapping[str, Any], gone: Mapping[str, str]) -> dict[str, Any]:
    def is_gone(instance: Mapping[str, Any]) -> bool:
        is_live = resource["mode"] == "managed" and not instance.get("deposed")
        return is_live and gone.get(_address(resource, instance)) == _id(instance)

    return {**resource, "instances": [one for one in resource.get("instances") or [] if not is_gone(one)]}


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


def _provider(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> str:
    """`registry.terraform.io/hashicorp/aws` of `module.a.provider["registry.terraform.io/hashicorp/aws"].west`.

    OpenTofu has it in each instance where a provider's `for_each` gives each its own.
    """
    match = _PROVIDER.search(str(instance.get("provider") or resource.get("provider") or ""))
    return match["address"] if match else ""


# What the engines up to Terraform 1.15 and OpenTofu 1.12 write.
_KNOWN_PARTS = frozenset({"version", "terraform_version", "serial", "lineage", "outputs", "resources", "check_results"})
_MODES = frozenset({"managed", "data"})
_STATUSES = frozenset({None, "", "tainted"})


def _require_known(document: Mapping[str, Any]) -> None:
    """What a newer engine may keep in a state must not be taken for nothing. Raises Refused (`state-format`)."""
    parts = [name for name, part in document.items() if name not in _KNOWN_PARTS and _is_something(part)]
    resources = document.get("resources") or []
    modes = [str(resource.get("mode")) for resource in resources if resource.get("mode") not in _MODES]
    statuses = [item.get("status") for resource in resources for item in resource.get("instances") or []]
    strange = [str(status) for status in statuses if status not in _STATUSES]
    for what, names in (("a part", parts), ("a resource of the mode", modes), ("an object with the status", strange)):
        if names:
            raise _not_readable(f"it holds {what} `{names[0]}`, which this tfops doesn't know")


# What a mere `state pull` adds, drops or puts in another order: measured with Terraform 1.11.4 and 1.15.5 on states
# of both and of 0.13. The reader puts its own `terraform_version` there; identities come and go.
_EVEN_EMPTY = frozenset({"value", "index_key"})
_OF_THE_READER = frozenset({"terraform_version", "identity", "identity_schema_version", "each"})


def _content_digest(document: Mapping[str, Any]) -> str:
    """The same for the same content, whichever engine wrote the state and whichever read it last."""
    content = _without_empty(document)
    content["resources"] = sorted(map(_in_order, document.get("resources") or []), key=_dumped)
    content["outputs"] = {name: _without_empty(output) for name, output in (document.get("outputs") or {}).items()}
    return hashlib.sha256(_dumped(content).encode()).hexdigest()


def _in_order(resource: Mapping[str, Any]) -> dict[str, Any]:
    instances = (_without_empty(instance) for instance in resource.get("instances") or [])
    return {**_without_empty(resource), "instances": sorted(instances, key=_dumped)}


def _without_empty(part: Mapping[str, Any]) -> dict[str, Any]:
    kept = (name for name, value in part.items() if name in _EVEN_EMPTY or _is_something(value))
    return {name: part[name] for name in kept if name not in _OF_THE_READER}


def _is_something(value: Any) -> bool:
    return not (value is None or value is False or value in ("", [], {}))


def _dumped(value: Any) -> str:
    return exact.dumps(value, sort_keys=True, separators=(",", ":"))


def earlier_digest(text: str) -> str:
    """The digest as versions of tfops before 2026-12 recorded it; it depends on the engine that read the state."""
    content = {key: value for key, value in json.loads(text).items() if key != "terraform_version"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _instances(document: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """(resource, instance) of every managed object, deposed ones too."""
    for resource in document.get("resources") or []:
        if resource.get("mode") == "managed":
            yield from ((resource, instance) for instance in resource.get("instances") or [])


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
    return _sensitive_in(exact.loads(text) if text.strip() else {})


def _sensitive_in(document: Any) -> frozenset[str]:
    found: set[str] = set()
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


def as_one_module(state: StackState) -> StackState:
    """The outputs of a root of somebody's own as those of one module, as a generated root has them."""
    if state.is_absent:
        return state
    kinds = {ROOT_MODULE: ["object", dict(state.output_kinds)]}
    return replace(state, outputs={ROOT_MODULE: dict(state.outputs)}, output_kinds=kinds)
