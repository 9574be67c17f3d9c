"""The actions that a plan runs (Terraform 1.14 and later): work that no resource stands for.

Format: https://developer.hashicorp.com/terraform/internals/json-format, `action_invocations`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tfops.records.plan import Invocation


def invocations(document: Mapping[str, Any]) -> tuple[Invocation, ...]:
    """In the order in which each resource runs them."""
    return tuple(_invocation(item) for item in _ordered(document))


def digest_parts(document: Mapping[str, Any], hide: Callable[[Any, Any], Any]) -> list[dict[str, Any]]:
    """What a plan's digest says of its actions; `hide` replaces sensitive parts of a value, given its marks."""
    return [
        {
            "address": item["address"],
            "trigger": item.get("lifecycle_action_trigger"),
            "config": hide(item.get("config_values"), item.get("config_sensitive")),
            "unknown": item.get("config_unknown"),
        }
        for item in _ordered(document)
    ]


def _ordered(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return sorted(document.get("action_invocations") or [], key=_order)


def _order(raw: Mapping[str, Any]) -> tuple[str, int, int, str]:
    trigger = raw.get("lifecycle_action_trigger") or {}
    block, place = trigger.get("action_trigger_block_index") or 0, trigger.get("actions_list_index") or 0
    return str(trigger.get("triggering_resource_address", "")), block, place, str(raw["address"])


def _invocation(raw: Mapping[str, Any]) -> Invocation:
    trigger = raw.get("lifecycle_action_trigger") or {}
    event = re.sub(r"(?<!^)(?=[A-Z])", " ", str(trigger.get("action_trigger_event", ""))).lower()
    return Invocation(
        address=str(raw["address"]),
        action_type=str(raw.get("type", "")),
        trigger=str(trigger.get("triggering_resource_address", "")),
        event=event,
    )
