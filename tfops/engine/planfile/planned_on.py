"""The state that a plan was made on, out of the plan's own file."""

import json
from collections.abc import Mapping
from typing import Any

from tfops import exact
from tfops.engine.planfile.archive import states_in
from tfops.engine.planfile.unfamiliar import Unfamiliar
from tfops.engine.state import state_in
from tfops.records.state import StackState


def state_planned_on(content: bytes, plan: Mapping[str, Any]) -> tuple[StackState, frozenset[str]]:
    """The state before the plan, and the texts in it that are sensitive; `plan` is what was read from the same file.

    As `state pull` says it, but for what the engine brought into today's form by the way (schema versions), and
    without a digest. Raises Unfamiliar where the file has the state otherwise than the backend: there an object that
    moves stands at its new address, and one that is imported stands already. Raises Refused as `parse_state`.
    """
    _require_as_it_stands(plan)
    found, before = states_in(content)
    try:
        known = json.loads(found)
        return state_in({**exact.loads(before.decode()), "lineage": known["lineage"], "serial": known["serial"]})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unfamiliar("the state in it is damaged") from error


def _require_as_it_stands(plan: Mapping[str, Any]) -> None:
    for item in (*plan["resource_changes"], *plan["resource_drift"]):
        if item.get("previous_address") or item["change"].get("importing"):
            raise Unfamiliar(f"{item['address']} isn't where the state has it")
