"""Changes of a saved plan in the words of `show -json`.

https://developer.hashicorp.com/terraform/internals/json-format#change-representation
"""

from collections.abc import Sequence
from typing import Any

from tfops.engine.planfile import layouts
from tfops.engine.planfile.marks import Path, keys_of, marks, of_replacement, read_paths
from tfops.engine.planfile.unfamiliar import Budget, Unfamiliar
from tfops.engine.planfile.values import UNKNOWN, Typed, Unknown, plain, read_value
from tfops.engine.planfile.wire import read_message
from tfops.records.addresses import without_keys

_REPLACEMENTS = (layouts.DELETE_THEN_CREATE, layouts.CREATE_THEN_DELETE)
# How many values a change holds, and which of them are its old and its new side.
_SIDES = {
    layouts.NO_OP: (1, 0, 0),
    layouts.CREATE: (1, None, 0),
    layouts.READ: (2, 0, 1),
    layouts.UPDATE: (2, 0, 1),
    layouts.DELETE: (1, 0, None),
    layouts.DELETE_THEN_CREATE: (2, 0, 1),
    layouts.CREATE_THEN_DELETE: (2, 0, 1),
    layouts.FORGET: (1, 0, None),
}


def resource_change(data: bytes, budget: Budget) -> dict[str, Any]:
    """A resource's change. Raises Unfamiliar."""
    raw = read_message(data, layouts.RESOURCE_CHANGE, budget)
    change, address = _change(raw["change"], budget), raw["address"]
    mode, kind = _mode_and_type(address)
    paths = read_paths(raw["replace_paths"], budget)
    return {
        "address": address,
        "mode": mode,
        "type": kind,
        "change": {**change, "replace_paths": [keys_of(path) for path in paths]},
        "action_reason": _named(layouts.REASONS, raw["reason"], "reason"),
        **({"previous_address": raw["previous_address"]} if raw["previous_address"] else {}),
        **({"deposed": raw["deposed"]} if raw["deposed"] else {}),
    }


def output_change(data: bytes, budget: Budget) -> tuple[str, dict[str, Any], Any]:
    """An output's name, its change, and its type where it is wholly known. Raises Unfamiliar."""
    raw = read_message(data, layouts.OUTPUT_CHANGE, budget)
    action, before, after, _ = _sides(raw["change"], budget)
    known = plain(after)
    change = {
        "actions": list(layouts.ACTIONS[action]),
        "before": plain(before),
        "after": without_unknown(known),
        "after_unknown": unknown_marks(known) if has_unknown(known) else False,
        "before_sensitive": bool(raw["sensitive"]),
        "after_sensitive": bool(raw["sensitive"]),
    }
    is_known = action != layouts.DELETE and not has_unknown(known)
    return raw["name"], change, _type_of(after) if is_known else None


def invocation(data: bytes, budget: Budget) -> dict[str, Any]:
    """An action that is run. Raises Unfamiliar."""
    raw = read_message(data, layouts.ACTION_INVOCATION, budget)
    if (raw["by_resource"] is None) is (raw["by_hand"] is None):
        raise Unfamiliar("an action that neither a resource nor a person runs")
    found: dict[str, Any] = {"address": raw["address"], "type": without_keys(raw["address"]).split(".")[-2]}
    if raw["config"] is not None:
        config = plain(_value(raw["config"], budget))
        found["config_values"] = without_unknown(config)
        found["config_unknown"] = unknown_marks(config)
        found["config_sensitive"] = marks(config, read_paths(raw["sensitive"], budget))
    if raw["by_resource"] is not None:
        trigger = read_message(raw["by_resource"], layouts.BY_RESOURCE, budget)
        found["lifecycle_action_trigger"] = {
            "triggering_resource_address": trigger["address"],
            "action_trigger_event": _named(layouts.EVENTS, trigger["event"], "event"),
            "action_trigger_block_index": trigger["block"],
            "actions_list_index": trigger["place"],
        }
    return found


def _mode_and_type(address: str) -> tuple[str, str]:
    """`managed` or `data`, and the resource type, by the words of the address."""
    words = without_keys(address).split(".")
    while words[:1] == ["module"]:
        words = words[2:]
    match words:
        case [kind, _] if kind:
            return "managed", kind
        case ["data", kind, _]:
            return "data", kind
    raise Unfamiliar("an address of another kind")


def _change(data: bytes | None, budget: Budget) -> dict[str, Any]:
    action, before, after, raw = _sides(data, budget)
    old, new = (read_paths(raw[f"{side}_sensitive"], budget) for side in ("before", "after"))
    if action in _REPLACEMENTS:
        new = of_replacement(before, after, old, new)
    importing = read_message(raw["importing"], layouts.IMPORTING, budget) if raw["importing"] is not None else None
    return {
        "actions": list(layouts.ACTIONS[action]),
        "before": plain(before),
        **_new_side(plain(after), new),
        "before_sensitive": marks(plain(before), old),
        **({"importing": {"id": importing["id"]}} if importing else {}),
    }


def _new_side(after: Any, paths: Sequence[Path]) -> dict[str, Any]:
    return {
        "after": without_unknown(after),
        "after_unknown": unknown_marks(after) if has_unknown(after) else {},
        "after_sensitive": marks(after, paths),
    }


def _sides(data: bytes | None, budget: Budget) -> tuple[int, Any, Any, dict[str, Any]]:
    """Action, old value, new value (None where there is none), and the message itself."""
    raw = read_message(data or b"", layouts.CHANGE, budget)
    sides, values = _SIDES.get(raw["action"]), [_value(item, budget) for item in raw["values"]]
    if sides is None or len(values) != sides[0]:
        raise Unfamiliar(f"an action {raw['action']} with {len(values)} values")
    _, old, new = sides
    return raw["action"], None if old is None else values[old], None if new is None else values[new], raw


def _value(data: bytes, budget: Budget) -> Any:
    packed = read_message(data, layouts.VALUE, budget)["msgpack"]
    if packed is None:
        raise Unfamiliar("a value that isn't msgpack")
    return read_value(packed, budget)


def _named(names: Any, found: int, what: str) -> str:
    if found not in names:
        raise Unfamiliar(f"a {what} {found}")
    return str(names[found])


def _type_of(value: Any) -> Any:
    return value.type if isinstance(value, Typed) else "dynamic"


def has_unknown(value: Any) -> bool:
    """Whether any part is only known after the apply."""
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    return any(map(has_unknown, value)) if isinstance(value, list) else isinstance(value, Unknown)


def without_unknown(value: Any) -> Any:
    """What is known: members of objects and maps are left out, elements of lists are null."""
    if isinstance(value, dict):
        return {key: without_unknown(item) for key, item in value.items() if item is not UNKNOWN}
    if isinstance(value, list):
        return [without_unknown(item) for item in value]
    return None if value is UNKNOWN else value


def unknown_marks(value: Any) -> Any:
    """What isn't known, in the value's shape: True or False; members of objects and maps that are known are left out.

    Where a member is a list, an object or a map, it stays, whether all of it is known or not.
    """
    if isinstance(value, dict):
        return {key: found for key, item in value.items() if (found := unknown_marks(item)) is not False}
    if isinstance(value, list):
        return [unknown_marks(item) for item in value]
    return value is UNKNOWN
