"""Whether a state shows what an apply was to do. The engine's word alone isn't enough.

Its lock may have been broken, so that another run's state won; it may say "Apply complete!" and have done nothing, or
say nothing at all.
"""

from collections.abc import Iterator

from tfops.engine.events import Progress
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.records.state import ABSENT_STATE, StackState

_THERE = (Action.CREATE, Action.IMPORT, Action.REPLACE, Action.DETACH, Action.UPDATE, Action.MOVE)
_GONE = (Action.DELETE, Action.FORGET)
_CHANGED = (Action.REPLACE, Action.DETACH, Action.UPDATE)


def missing_from_state(
    progress: Progress, plan: Plan, state: StackState, before: StackState = ABSENT_STATE
) -> list[str]:
    """Completed changes that the state doesn't know: made but absent, or deleted but present.

    A replacement completes twice, in either order, and must be present in the end; one whose second half failed
    leaves a damaged object with another id than `before`. The stream has no mark for a deposed object: of one that
    the plan names, the live one at its address stays. What was made has the id in the state that the stream said.
    """
    made = {event.address for event in progress.completed if event.action in ("create", "update")}
    deleted = {event.address for event in progress.completed if event.action == "delete"} - made
    cleaned = {change.address for change in plan.changes if change.action is Action.CLEAN_UP}
    gone = {change.address for change in plan.changes if change.action is Action.DELETE}
    known = state.inventory.keys()
    replaced = {change.address for change in plan.changes if change.action is Action.REPLACE}
    damaged = {
        address
        for address in replaced & known & set(progress.errored)
        if state.inventory[address] != before.inventory.get(address)
    }
    older = {address for address, made_id in progress.made_by_id.items() if is_another(state, address, made_id)}
    return sorted((made - known) | older | (deleted & known - (cleaned - gone) - damaged))


def is_another(state: StackState, address: str, made_id: str) -> bool:
    """Whether the state has another object at the address than the one that was made there."""
    return state.inventory.get(address) not in (None, "", made_id)


def unproven(progress: Progress, plan: Plan, before: StackState, after: StackState) -> list[str]:
    """What an apply that ended well should have done and the state doesn't show; empty when all is there.

    Each kind of change has its proof: an address or a deposed object that is there or gone, another id, the stream's
    word for what leaves no trace in an inventory, and a serial that moved.
    """
    if plan.is_empty:
        return []
    if not before.is_absent and after.lineage != before.lineage:
        return [f"its lineage is {after.lineage or 'gone'}, not {before.lineage}"]
    found = sorted({*missing_from_state(progress, plan, after, before), *_unseen(progress, plan, before, after)})
    if found or _has_moved(before, after):
        return found
    silent = [change.label for change in plan.changes if not _is_told(progress, change)]
    return sorted(silent) or list(plan.changed_outputs if not plan.changes else ())


def _unseen(progress: Progress, plan: Plan, before: StackState, after: StackState) -> Iterator[str]:
    arriving = {change.address for change in plan.changes if change.action in _THERE}
    leaving = {change.address for change in plan.changes if change.action in _GONE and not change.deposed}
    leaving |= {change.previous_address for change in plan.changes}
    left = (leaving - arriving) & after.inventory.keys()
    for change in plan.changes:
        is_absent = change.action in _THERE and change.address not in after.inventory
        is_left = not change.deposed and bool({change.address, change.previous_address} & left)
        is_deposed = (change.address, change.deposed) in after.deposed
        is_silent = change.action in _CHANGED and not _is_told(progress, change)
        if is_absent or is_left or is_deposed or (is_silent and not _is_another(change, before, after)):
            yield change.label


def _is_another(change: ResourceChange, before: StackState, after: StackState) -> bool:
    """Whether the id says that the object was exchanged."""
    was, now = before.inventory.get(change.previous_address or change.address), after.inventory.get(change.address)
    return change.action is not Action.UPDATE and bool(now) and was != now


def _is_told(progress: Progress, change: ResourceChange) -> bool:
    """Whether the stream says that something was done at the address."""
    return any(event.address == change.address for event in progress.completed)


def _has_moved(before: StackState, after: StackState) -> bool:
    return (after.lineage, after.serial) != (before.lineage, before.serial)


def was_touched(progress: Progress, before: StackState, after: StackState) -> bool:
    """Whether an apply that failed may have changed something, by the stream or, where it is silent, by the state.

    A serial alone may move because the engine saves what the plan's refresh read.
    """
    if not progress.is_untouched or after.lineage != before.lineage:
        return True
    if (after.inventory, after.deposed) != (before.inventory, before.deposed):
        return True
    return not progress.is_readable and after.serial != before.serial
