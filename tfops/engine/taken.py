"""A plan that comes from a file: what must hold before anything is made of it."""

from pathlib import Path

from tfops.engine.planfile.frozen import departures
from tfops.engine.planfile.unfamiliar import Unfamiliar
from tfops.engine.saved_plan import SavedPlan
from tfops.errors import Refused

_MOST_NAMED = 5


def require_as_here(content: bytes, root: Path, *, workspace: str, is_tofu: bool) -> None:
    """Raises Refused (guard `plan-tampered`) unless a plan acts with the code and the backend of an initialized root.

    An engine takes both from the plan's file, whatever lies around it.
    """
    try:
        found = list(departures(content, root, workspace=workspace, is_tofu=is_tofu))
    except Unfamiliar as error:
        found = [f"it can't be read: {error}"]
    if found:
        raise tampered("\n".join(found[:_MOST_NAMED]))


def require_nothing_hidden(saved: SavedPlan) -> None:
    """Raises Refused (guard `plan-tampered`) for a plan that is said to do nothing, and does something."""
    plan = saved.plan
    if plan.is_empty and (plan.work or plan.actions or plan.changed_outputs):
        raise tampered("it is marked as one that does nothing, and does something")


def tampered(why: str) -> Refused:
    return Refused(
        "plan-tampered",
        "the plan in the file isn't the one that tfops put there",
        why=why,
        hint="don't apply it; make a new one: tfops plan ENV --out FILE",
    )
