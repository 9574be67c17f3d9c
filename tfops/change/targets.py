"""`apply`, `rollback`, `destroy`, `recover`: each finds its target, then takes the steps of `story.py`."""

import contextlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

from tfops.change.after_failed_checks import require_verified, roll_back_or_explain
from tfops.change.consent import AUTOMATIC, ConsentOptions
from tfops.change.environment import Place, find_place
from tfops.change.holders import may_change_offline
from tfops.change.invoke import invoke, pending_actions
from tfops.change.lease import claimed, require_free
from tfops.change.project import Project
from tfops.change.recovery import recover_if_needed
from tfops.change.remote_answers import refusal as answered
from tfops.change.resuming import resumed_target
from tfops.change.rollback import as_it_runs, require_possible, rollback_target
from tfops.change.signing import require_signed_head, require_signing
from tfops.change.stack import EngineOptions
from tfops.change.story import ChangeOptions, carry_out
from tfops.change.target import Target, apply_target, destroy_target, say_target
from tfops.change.ui import Ui
from tfops.errors import Locked, NeverShared, Refused
from tfops.ledger.chain import LedgerState, read_present
from tfops.ledger.origin import require_ledger
from tfops.ledger.record import LostRaceError
from tfops.records.version import Kind, Verified
from tfops.results.changes import ChangeResult, RecoverResult
from tfops.system import failpoint
from tfops.system.clock import Patience
from tfops.system.remote import Refs, RemoteUnreachable

_MAY_BE_STALE = ("wrong-branch", "unpushed")

# Without --wait, losing this often means that others change the environment faster than a plan takes.
_MOST_RACES = 5


def apply(
    project: Project, env: str | None, options: ChangeOptions, ui: Ui, *, only: Sequence[str] = ()
) -> ChangeResult:
    """Make the commit that is checked out the running environment; with `only`, these stacks of it."""
    place = find_place(project, env)
    what = f"apply of {project.repository.head[:8]}"

    def find() -> Target:
        try:
            return apply_target(project, place, allowed=options.allowed, only=only)
        except Refused as refusal:
            if refusal.guard not in _MAY_BE_STALE or options.offline:
                raise
            # A slower fetch or push of the user's may have set the branch back for a moment: look again.
            project.fetch_for_change(place.rules)
            return apply_target(project, find_place(project, env), allowed=options.allowed, only=only)

    result = change(project, place, find, what=what, options=options, ui=ui)
    return _answered(project, place, result, options=options, ui=ui)


def resume(project: Project, env: str, options: ChangeOptions, ui: Ui) -> ChangeResult:
    """Finish what stopped half-way: the same commit, the same kind, only what remains."""
    place = find_place(project, env)
    pending = pending_actions(project, env)
    if pending:
        ui.note(f"actions that were not run yet: {', '.join(pending)}")
        invoke(project, env, pending, options, ui)

    def find() -> Target:
        return resumed_target(project, place, ui, allow_destroy=options.consent.allow_destroy)

    result = change(project, place, find, what="resume", options=options, ui=ui)
    return _answered(project, place, result, options=options, ui=ui)


def _answered(project: Project, place: Place, result: ChangeResult, *, options: ChangeOptions, ui: Ui) -> ChangeResult:
    """The result, unless its checks failed: what they said, and what was done about it, is in the error."""
    rolls_back = result.kind is Kind.APPLY and place.rules.environments[place.env].rolls_back
    if result.verified is Verified.FAILED and rolls_back:
        raise roll_back_or_explain(project, place, result, lambda: _roll_back(project, place, result, options, ui))
    return require_verified(project, place, result)


def _roll_back(project: Project, place: Place, failed: ChangeResult, options: ChangeOptions, ui: Ui) -> ChangeResult:
    """`rollback: auto`: to the last verified version, unless that loses something."""

    def find() -> Target:
        target = rollback_target(project, place, to=None)
        if target.current is None or target.current.version != failed.version:
            raise Refused("moved-on", f"someone else changed {place.env} meanwhile")
        require_possible(target, ignoring=False)
        return target

    ui.warn(f"{place.env} {failed.version} is not verified: rolling back (rollback: auto)")
    automatic = replace(options, consent=ConsentOptions(yes=True, standing=AUTOMATIC))
    return change(project, place, find, what=f"rollback after {failed.version}", options=automatic, ui=ui)


def rollback(
    project: Project,
    env: str | None,
    to: str | None,
    options: ChangeOptions,
    ui: Ui,
    *,
    keep_providers: bool = False,
    only: Sequence[str] = (),
) -> ChangeResult:
    """Make an earlier version's content the running environment, as a new version."""
    place = find_place(project, env)
    what = f"rollback to {to}" if to else "rollback"

    def find() -> Target:
        named = options.consent.allow_destroy
        target = rollback_target(project, place, to=to, keep_providers=keep_providers, only=only, allow_destroy=named)
        require_possible(target, ignoring=options.ignores_verdict)
        return target

    return require_verified(project, place, change(project, place, find, what=what, options=options, ui=ui))


def destroy(project: Project, env: str, options: ChangeOptions, ui: Ui) -> ChangeResult:
    """Take down everything that the current version made, and record that too."""
    place = find_place(project, env)

    def find() -> Target:
        return as_it_runs(project, destroy_target(project, place))

    return change(project, place, find, what="destroy", options=options, ui=ui)


def recover(project: Project, env: str, *, engine: EngineOptions, wait_s: float, ui: Ui) -> RecoverResult:
    """Repair an environment after an interrupted run, or record a version that could not be written to Git."""
    place = find_place(project, env)
    refs = project.refs(place.rules)
    with project.changing(place.env, "recover", wait_s=wait_s):
        project.fetch_for_change(place.rules)
        recovered = recover_if_needed(project, place, refs, engine=engine, ui=ui)
        present = read_present(project.repository, place.env)
        if recovered is None and not may_change_offline(project, present.lock):
            require_free(project, present)
    return RecoverResult(place.env, recovered.text if recovered else "", recovered.version if recovered else None)


def change(
    project: Project, place: Place, find_target: Callable[[], Target], *, what: str, options: ChangeOptions, ui: Ui
) -> ChangeResult:
    """Everything is read after the lock is held: what was true before may be someone else's past.

    Whoever lost a race and has nobody to ask plans the next time under a claim, and can't lose again.
    """
    refs = project.refs(place.rules, offline=options.offline)
    patience = Patience(options.wait_s)
    with project.changing(place.env, what, wait_s=options.wait_s):
        for lost in itertools.count():
            present = _wait_until_free(project, place, refs, options=options, patience=patience, ui=ui)
            failpoint.reach("settled")
            is_claiming = lost > 0 and options.consent.yes
            ours = claimed(project, refs, present, what=what, ui=ui) if is_claiming else contextlib.nullcontext(present)
            try:
                with ours as base:
                    target = find_target()
                    failpoint.reach("targeted")
                    say_target(target, ui)
                    result = carry_out(project, target, options, refs=refs, present=base, ui=ui)
                    if options.offline:
                        ui.note("kept in this clone: the next command that reaches the remote pushes it")
                    return result
            except NeverShared as refusal:
                _share(project, place, refs, refusal, options=options, ui=ui)
            except (LostRaceError, Refused) as lost_to:
                if isinstance(lost_to, Refused):
                    is_late = not is_claiming and lost_to.guard == "state-exists"
                    if not (is_late and _has_moved_on(project, place, present, is_offline=options.offline)):
                        raise
                if patience.is_over and lost + 1 >= _MOST_RACES:
                    break
                ui.note(f"{place.env} was changed by someone else meanwhile: reading and planning again")
                patience.pause()
    raise Locked(
        f"could not lock {place.env}: {lost + 1} other changes came first",
        hint="wait for a quiet moment: --wait 10m",
    )


def _share(project: Project, place: Place, refs: Refs, refusal: NeverShared, *, options: ChangeOptions, ui: Ui) -> None:
    """Push what only this clone has to a remote that came later, when the person says so; raises the refusal else."""
    if options.consent.yes or not ui.is_interactive:
        raise refusal
    remote = project.repository.remote
    if not ui.confirm(f"`{remote}` has neither ledger nor versions of {place.env}. Push them there now?"):
        raise refusal
    try:
        refs.share(place.env)
    except RemoteUnreachable as error:
        raise answered(error, remote, f"ledger and versions of {place.env} stay in this clone") from error
    ui.note(f"ledger and versions of {place.env} are on `{remote}` now: planning again")


def _has_moved_on(project: Project, place: Place, base: LedgerState, *, is_offline: bool) -> bool:
    """Whether the state in a first version's way may be that of who came first since the ledger was read."""
    project.fetch_for_change(place.rules, offline=is_offline)
    return read_present(project.repository, place.env).head != base.head


def _require_right(project: Project, present: LedgerState, *, is_offline: bool) -> None:
    """Nobody holds the environment; or, offline, this clone does, so that nobody else can.

    Raises Locked, and offline Refused (guard `offline`).
    """
    if not is_offline or not project.repository.remote:
        require_free(project, present)
    elif not may_change_offline(project, present.lock):
        raise Refused(
            "offline",
            f"{present.env} can be changed offline only by a clone that holds its lock",
            why="without the remote nobody can tell whether someone else is changing it",
            hint=f"while the remote answers: tfops lock {present.env} --reason '…'",
        )


def _wait_until_free(
    project: Project, place: Place, refs: Refs, *, options: ChangeOptions, patience: Patience, ui: Ui
) -> LedgerState:
    """The ledger's present, with nobody's lock on it. Raises Locked when that takes too long."""
    failpoint.reach("locked-here")
    while True:
        project.fetch_for_change(place.rules, offline=options.offline)
        failpoint.reach("fetched")
        recovered = recover_if_needed(project, place, refs, engine=options.engine, ui=ui)
        if recovered is not None:
            ui.note(str(recovered))
        present = read_present(project.repository, place.env)
        try:
            _require_right(project, present, is_offline=options.offline)
        except Locked:
            if patience.is_over:
                raise
            patience.pause()
        else:
            require_ledger(project.repository, place.env, present.head)
            require_signing(project, place.rules)
            require_signed_head(project, place.rules, present)
            if present.trouble is not None and present.trouble.receipt not in str(recovered):
                ui.warn(
                    f"{place.env} is degraded since the {present.trouble.kind} of {present.trouble.commit[:8]}: "
                    f"{present.trouble.receipt}"
                )
            return present
