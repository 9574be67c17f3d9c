"""`apply`, `rollback`, `destroy`, `recover`: each finds its target, then takes the one road."""

from collections.abc import Callable

from tfops.flows.change import ChangeOptions, carry_out
from tfops.flows.pending import settle_pending
from tfops.flows.project import Project
from tfops.flows.target import Place, Target, apply_target, destroy_target, find_place, rollback_target
from tfops.flows.ui import Ui
from tfops.model import Version
from tfops.results import ChangeResult, RecoverResult


def apply(project: Project, env: str | None, options: ChangeOptions, ui: Ui) -> ChangeResult:
    """Make the commit that is checked out the running environment."""
    place = find_place(project, env)
    what = f"apply of {project.repository.head[:8]}"

    def find() -> Target:
        return apply_target(project, place, allowed=options.allowed)

    return _change(project, place, find, what=what, options=options, ui=ui)


def rollback(project: Project, env: str | None, to: str | None, options: ChangeOptions, ui: Ui) -> ChangeResult:
    """Make an earlier version's content the running environment, as a new version."""
    place = find_place(project, env)
    what = f"rollback to {to}" if to else "rollback"

    def find() -> Target:
        return rollback_target(project, place, to=to)

    return _change(project, place, find, what=what, options=options, ui=ui)


def destroy(project: Project, env: str, options: ChangeOptions, ui: Ui) -> ChangeResult:
    """Take down everything that the current version made, and record that too."""
    place = find_place(project, env)

    def find() -> Target:
        return destroy_target(project, place)

    return _change(project, place, find, what="destroy", options=options, ui=ui)


def recover(project: Project, env: str, ui: Ui) -> RecoverResult:
    """Record a change that was applied, but whose version could not be written to Git."""
    place = find_place(project, env)
    with project.changing(place.env, "recover", wait_s=0):
        project.fetch_for_change()
        card = settle_pending(project, place.env, ui)
    if card is None:
        return RecoverResult(place.env, None, None)
    return RecoverResult(place.env, Version(card.version), card.applied_at)


def _change(
    project: Project, place: Place, find_target: Callable[[], Target], *, what: str, options: ChangeOptions, ui: Ui
) -> ChangeResult:
    """Everything is read after the lock is held: what was true before may be someone else's past."""
    with project.changing(place.env, what, wait_s=options.wait_s):
        project.fetch_for_change()
        settle_pending(project, place.env, ui)
        target = find_target()
        ui.note(f"{target.reason} · commit {target.commit.short} {target.commit.subject}")
        return carry_out(project, target, options, ui)
