"""A plan that comes from a file: what must hold before anything is made of it."""

from collections.abc import Callable
from pathlib import Path

from tfops.engine.planfile.frozen import backend_in, departures
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


def require_readable(content: bytes) -> None:
    """Raises Refused (guard `plan-key`) for a plan that the engine itself encrypted: nobody could look into it."""
    try:
        backend_in(content)
    except Unfamiliar as error:
        raise Refused(
            "plan-key",
            "the plan can't be kept: tfops can't look into the engine's file",
            why=f"{error}; an engine that encrypts its plans (`encryption` in tfops.yaml) leaves nothing to check",
            hint="apply it here: tfops apply ENV",
        ) from error


def understood(read: Callable[[], SavedPlan]) -> SavedPlan:
    """The plan that is read. Raises Refused (guard `plan-tampered`) for one that holds what tfops would not have kept,
    is a part and said to be the whole, or is said to do nothing and does something."""
    try:
        saved = read()
    except Refused as error:
        raise tampered(error.why) if error.guard == "unknown-plan" else error from error
    _require_nothing_hidden(saved)
    return saved


def _require_nothing_hidden(saved: SavedPlan) -> None:
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
