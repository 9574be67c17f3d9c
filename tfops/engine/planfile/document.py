"""The whole of a saved plan, as `engine/plan.py` reads it from `show -json`."""

from collections.abc import Iterable
from typing import Any

from tfops.engine.locate import Engine
from tfops.engine.planfile import layouts
from tfops.engine.planfile.archive import plan_in
from tfops.engine.planfile.changes import invocation, output_change, resource_change
from tfops.engine.planfile.compared import is_compared
from tfops.engine.planfile.unfamiliar import Budget, Unfamiliar
from tfops.engine.planfile.wire import read_message


def read_saved_plan(content: bytes, engine: Engine) -> dict[str, Any]:
    """The parts of `show -json` that `to_plan` and its neighbours read, from the file of an engine that was compared.

    All values are in clear. Raises Unfamiliar for whatever isn't known, in the engine or in the file: ask the engine.
    """
    if not is_compared(engine):
        raise Unfamiliar(f"{engine} was not compared")
    return read_plan_of(content, engine.version)


def read_plan_of(content: bytes, version: str) -> dict[str, Any]:
    """The same for the file of any version of Terraform; the tests compare it. Raises Unfamiliar."""
    budget = Budget()
    raw = read_message(plan_in(content), layouts.PLAN, budget)
    if raw["version"] != layouts.VERSION or raw["engine_version"] != version:
        raise Unfamiliar(f"a plan of format {raw['version']} by {raw['engine_version']}")
    if raw["mode"] not in (layouts.NORMAL, layouts.DESTROY, layouts.REFRESH_ONLY):
        raise Unfamiliar(f"a plan of the mode {raw['mode']}")
    outputs = [output_change(item, budget) for item in raw["output_changes"]]
    kinds = {name: {"type": kind} for name, _, kind in outputs if kind is not None}
    is_only_looking = raw["mode"] == layouts.REFRESH_ONLY
    return {
        "resource_changes": _shown(resource_change(item, budget) for item in raw["resource_changes"]),
        "resource_drift": _drifted(raw["resource_drift"], budget, with_moves=is_only_looking),
        "output_changes": {name: change for name, change, _ in outputs},
        "planned_values": {"outputs": kinds},
        "action_invocations": [invocation(item, budget) for item in raw["action_invocations"]],
        **{flag: bool(raw[flag]) for flag in ("errored", "applyable", "complete")},
    }


def _drifted(data: Iterable[bytes], budget: Budget, *, with_moves: bool) -> list[dict[str, Any]]:
    """What changed outside; what only moved is among the plan's own changes, unless it only looks."""
    found = _shown(resource_change(item, budget) for item in data)
    return [item for item in found if with_moves or item["change"]["actions"] != ["no-op"]]


def _shown(changes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """In order. That a data source goes is the engine's own business."""
    found = (item for item in changes if (item["mode"], item["change"]["actions"]) != ("data", ["delete"]))
    return sorted(found, key=lambda item: (item["address"], item.get("deposed", "")))
