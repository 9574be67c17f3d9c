"""What an engine made before it died, taken into the state by id; what can't be is named, and not made twice unseen."""

from collections.abc import Mapping
from dataclasses import replace

from tfops.change.lost import Lost
from tfops.change.planning import supply
from tfops.change.stack import OpenStack
from tfops.change.stack_plan import StackPlan
from tfops.change.ui import Ui
from tfops.engine.advice import advice_for
from tfops.engine.mending import drop_from_state
from tfops.engine.saved_plan import SavedPlan
from tfops.errors import NOTHING_CHANGED, EngineFailed, Interrupted, Refused
from tfops.records.names import EnvName, StackName
from tfops.records.plan import Action
from tfops.resolve.identity import can_be_imported
from tfops.system import failpoint


def bring_back(read: StackPlan, lost: Lost, reads: Mapping[StackName, StackPlan], ui: Ui) -> tuple[StackPlan, Lost]:
    """Import what was made but isn't in the state: a killed engine loses its last seconds.

    The second is what can't be imported. Raises Refused (guard `import`) when taking the rest in would change more, or
    fails.
    """
    if not lost.made:
        return read, lost
    env = read.spec.content.environment.name
    read = _without_replaced(read, lost)
    supply(read, reads)
    try:
        free = {address: known for address, known in lost.made.items() if address not in read.before.inventory}
        saved, taken = _import_plan(read.stack, free)
        left = lost.of(lost.made.keys() - taken)
        if left.made:
            ui.warn(f"{env}: made, in no state, and can't be imported: {', '.join(sorted(left.made))}")
        if saved is None:
            return read, left
        ui.note(f"{env}: made but not in the state, taken in by id: {', '.join(sorted(taken))}")
        failpoint.reach("import-planned")
        _import(read.stack, saved, taken, env)
    finally:
        read.stack.engine.forget_bridge()
    state, hidden = read.stack.engine.read_back()
    absent = sorted(taken - state.inventory.keys())
    if absent:
        why = "the engine says that it imported, but the state doesn't hold it"
        raise Refused("import", f"what was made could not be taken into the state: {', '.join(absent)}", why=why)
    return replace(read, before=state, hidden=hidden), left


def _without_replaced(read: StackPlan, lost: Lost) -> StackPlan:
    """The state without the objects that the dead engine destroyed to make others in their place.

    The engine would have taken them out itself; an address that has an object is never imported.
    """
    known = read.before.inventory
    gone = {at: known[at] for at, ids in lost.replaced.items() if at in lost.made and known.get(at) in ids}
    if not gone:
        return read
    drop_from_state(read.stack.engine, gone)
    state, hidden = read.stack.engine.read_back()
    return replace(read, before=state, hidden=hidden)


def _import_plan(stack: OpenStack, missing: Mapping[str, str]) -> tuple[SavedPlan | None, frozenset[str]]:
    """A plan that takes in all that can be, with their addresses; where all together fail, each is tried alone."""
    known = {address: found for address, found in missing.items() if can_be_imported(address, found)}
    saved = _try_import(stack, known)
    if saved is None and len(known) > 1:
        known = {address: found for address, found in known.items() if _try_import(stack, {address: found})}
        saved = _try_import(stack, known)
    if saved is None:
        return None, frozenset()
    # The provider's import doesn't read what a replacement hangs on: the object would be destroyed at once.
    replaced = {change.address for change in saved.plan.work if change.action is Action.REPLACE}
    kept = {address: found for address, found in known.items() if address not in replaced}
    return (saved, frozenset(known)) if kept == known else _import_plan(stack, kept)


def _try_import(stack: OpenStack, known: Mapping[str, str]) -> SavedPlan | None:
    """None when the engine refuses it: the type has no import, or not by this id."""
    try:
        return stack.engine.plan_import(known) if known else None
    except EngineFailed:
        return None


def _import(stack: OpenStack, saved: SavedPlan, taken: frozenset[str], env: EnvName) -> None:
    strange = [change for change in saved.plan.work if change.address not in taken or change.loses_data]
    if strange:
        raise Refused(
            "import",
            f"taking {', '.join(sorted(taken))} into the state would change more than that",
            why=", ".join(f"{change.action} {change.address}" for change in strange),
            hint="import them by hand, then run this again",
        )
    applied = stack.engine.tell(stack.engine.apply(saved))
    failpoint.reach("imported")
    if applied.was_interrupted:
        hint = f"to go on: tfops recover {env}"
        raise Interrupted(f"interrupted while {env} was recovered", state="What was done stays done.", hint=hint)
    if applied.code != 0:
        why = "; ".join(error.text for error in applied.errors)
        state = NOTHING_CHANGED if applied.progress.is_untouched else "What was taken in stays."
        hint = advice_for(applied.errors)
        raise Refused("import", "what was made could not be taken into the state", why=why, state=state, hint=hint)
