"""A way back over a bridge: old code alone would destroy what moved, and make twice what was let go alive."""

from collections.abc import Mapping
from dataclasses import replace

from tfops.change.ids import in_the_form_of
from tfops.change.stack import OpenStack
from tfops.dataclass import dataclass
from tfops.engine.saved_plan import SavedPlan
from tfops.engine.stack import StackEngine
from tfops.errors import EngineFailed, Refused
from tfops.records.addresses import hidden_id
from tfops.records.plan import Action, Plan
from tfops.resolve.bridge import Adoption, Bridge, Past, find_bridge


@dataclass(frozen=True, slots=True)
class Bridged:
    """A plan with the bridge that it was made with, and what should be said of what the bridge can't hold."""

    saved: SavedPlan
    bridge: Bridge
    remarks: tuple[str, ...] = ()


def over_a_bridge(stack: OpenStack, saved: SavedPlan, past: Past, *, inventory: Mapping[str, str]) -> Bridged:
    """The same plan, but what still exists is kept alive; what is made a second time for want of that is marked.

    `inventory` is that of today's state. Raises Refused (guard `bridge`) when the engine refuses even the moves.
    """
    engine, mask = stack.engine, stack.mask
    now = in_the_form_of(past.inventory, {address: mask(known) for address, known in inventory.items()})
    whole = find_bridge(saved.plan, past, now=now, declared=stack.declared_moves())
    found = _fitting(engine, saved, whole) if not whole.is_empty else Bridged(saved, whole)
    if found.bridge.is_empty and not whole.is_empty:
        engine.forget_bridge()
        found = replace(found, saved=engine.plan())
    marked = _with_duplicates(found.saved.plan, past, now)
    return replace(found, saved=replace(found.saved, plan=marked))


def _fitting(engine: StackEngine, plain: SavedPlan, whole: Bridge) -> Bridged:
    """The part of a bridge that the engine takes: one import that fails doesn't fail the others."""
    remarks: tuple[str, ...] = ()
    tried = _planned(engine, whole, plain)
    if isinstance(tried, EngineFailed):
        whole, remarks = _importable(engine, whole, plain, failed=tried)
        tried = _planned(engine, whole, plain)
    if isinstance(tried, EngineFailed):
        raise _refused(tried)
    # The provider's import doesn't read what a replacement hangs on: the thing let go would be destroyed after all.
    replaced = {change.address for change in tried.plan.changes if change.action is Action.REPLACE}
    useless = [one.address for one in whole.adoptions if one.address in replaced]
    if not useless:
        return Bridged(tried, whole, remarks)
    remarks += tuple(f"{address} can't be taken in again: it would be replaced at once" for address in useless)
    kept = tuple(one for one in whole.adoptions if one.address not in useless)
    rest = _fitting(engine, plain, Bridge(whole.moves, kept))
    return replace(rest, remarks=(*remarks, *rest.remarks))


def _importable(
    engine: StackEngine, whole: Bridge, plain: SavedPlan, *, failed: EngineFailed
) -> tuple[Bridge, tuple[str, ...]]:
    """The bridge with those imports that work alone, and what the engine says of the others."""
    kept: list[Adoption] = []
    remarks: list[str] = []
    for one in whole.adoptions:
        single = Bridge(whole.moves, (one,))
        alone = failed if single == whole else _planned(engine, single, plain)
        if isinstance(alone, EngineFailed):
            remarks.append(f"{one.address} can't be taken in again: {_first_line(alone)}")
        else:
            kept.append(one)
    return Bridge(whole.moves, tuple(kept)), tuple(remarks)


def _planned(engine: StackEngine, bridge: Bridge, plain: SavedPlan) -> SavedPlan | EngineFailed:
    if bridge.is_empty:
        return plain
    try:
        return engine.plan_bridged(bridge.blocks())
    except EngineFailed as error:
        return error


def _refused(failed: EngineFailed) -> Refused:
    return Refused(
        "bridge",
        "things stand at other addresses today, and the engine refuses the `moved` blocks that would keep them alive",
        why=_first_line(failed),
        hint="go forward instead: put `moved` blocks into the modules, then tfops apply",
    )


def _first_line(error: EngineFailed) -> str:
    return (error.why or error.what).partition("\n")[0]


def _with_duplicates(plan: Plan, past: Past, now: Mapping[str, str]) -> Plan:
    """The plan with its creations marked that make a second one of what still exists.

    A replacement is one where a change that stopped had made the new object, and the state has the old one.
    """
    created = [change.address for change in plan.changes if change.action is Action.CREATE]
    replaced = {change.address for change in plan.changes if change.action is Action.REPLACE}
    beside = {at for at in replaced & past.lost.keys() if now.get(at) not in _forms(past.lost[at])}
    alive = past.alive(created, now).keys() | beside
    changes = (replace(change, is_duplicate=change.address in alive) for change in plan.changes)
    return replace(plan, changes=tuple(changes))


def _forms(known: str) -> tuple[str, str]:
    return known, hidden_id(known)
