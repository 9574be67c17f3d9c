"""`lock` and `unlock`: an environment frozen by a person, and a lock broken on purpose."""

import os
import secrets
from collections.abc import Callable

from tfops.change.environment import find_place
from tfops.change.holders import fate_of, may_take_over
from tfops.change.lease import require_free
from tfops.change.lost import Lost
from tfops.change.project import Project
from tfops.change.receipt import Receipt, trouble_of
from tfops.change.remote_answers import refusal
from tfops.change.signing import require_signing
from tfops.change.ui import Ui
from tfops.config.names import one_line
from tfops.errors import Locked, Refused
from tfops.forge.ci import job_address
from tfops.ledger.chain import LedgerState, NewEvent, prepare, read_present
from tfops.ledger.codec import encode
from tfops.ledger.versions import read_card, versions_of
from tfops.records.event import EventKind
from tfops.records.lock import Lock
from tfops.records.names import EnvName
from tfops.records.run import Intent, Trouble
from tfops.system import clock, environ, signals
from tfops.system.remote import Refs, RemoteUnreachable, Swap
from tfops.views.lock import LockResult

_MOST_TRIES = 20


def lock(project: Project, env: str, reason: str) -> LockResult:
    """Freeze an environment: nobody changes it until it is unlocked. Raises Locked when someone holds it."""
    reason = one_line(reason)
    place = find_place(project, env)
    refs = project.refs(place.rules)
    require_signing(project, place.rules)
    user, host = environ.user_and_host()
    part = Lock(
        run_id=secrets.token_hex(8),
        clone=project.workspace.clone_id,
        who=user,
        host=host,
        pid=os.getpid(),
        what="locked by hand",
        since=clock.now(),
        reason=reason,
        run=job_address(),
    )
    text = f"{place.env} is locked by {user}: {reason or 'no reason given'}"

    def event(present: LedgerState) -> NewEvent:
        if present.lock is not None and may_take_over(project, present.lock):
            raise _needs_force(project, place.env, present.lock)
        require_free(project, present)
        return NewEvent(EventKind.LOCKED, text, part.run_id, lock=part)

    append_event(project, place.env, refs, event)
    return LockResult(place.env, True, text)


def unlock(project: Project, env: str, *, force: bool, ui: Ui) -> LockResult:
    """Remove a lock: a manual one of one's own at once, anything else only with `force`, by name.

    With `force` it also begins a ledger anew where only versions are left. Raises Refused (guard `not-locked`) or
    Locked when the holder may be alive.
    """
    place = find_place(project, env)
    refs = project.refs(place.rules)
    require_signing(project, place.rules)
    broken: list[str] = []

    def event(present: LedgerState) -> NewEvent:
        held = present.lock
        if force and not present.head:
            return _begin_anew(project, place.env, broken)
        if held is None:
            raise Refused("not-locked", f"{place.env} is not locked")
        kind = EventKind.UNLOCKED if _may_unlock(project, held) else EventKind.FORCED
        if kind is EventKind.FORCED and not force:
            raise _needs_force(project, place.env, held)
        whose = f"the lock of {held.who} on {held.host} ({held.reason or held.what})"
        broken[:] = [f"{place.env}: {whose} was {'taken away' if kind is EventKind.UNLOCKED else 'broken by force'}"]
        trouble = _trouble(held, present.intent).after(present.trouble) if present.intent else None
        return NewEvent(kind, broken[0], held.run_id, lock="", intent="", trouble=trouble)

    append_event(project, place.env, refs, event)
    if force:
        ui.warn("if its holder is still alive, it can't record a version any more, and will say so")
    return LockResult(place.env, False, broken[0])


def _begin_anew(project: Project, env: EnvName, said: list[str]) -> NewEvent:
    """Of an environment with versions, whose ledger is lost: the person says that nobody holds it."""
    latest = versions_of(project.repository, env).latest
    if latest is None:
        raise Refused("not-locked", f"{env} is not locked: it has no ledger, and no version")
    card = read_card(project.repository, latest)
    said[:] = [f"{env}: another ledger is begun at {latest.version}, the one before is lost"]
    text = encode(card)
    return NewEvent(EventKind.FORCED, said[0], card=text, inventory=card.inventory, begins_anew=True)


def _may_unlock(project: Project, held: Lock) -> bool:
    """A manual lock of this clone, or of this user on this machine."""
    is_own = held.clone == project.workspace.clone_id or (held.who, held.host) == environ.user_and_host()
    return held.is_manual and is_own


def _needs_force(project: Project, env: EnvName, held: Lock) -> Locked:
    fate = fate_of(project, env, held)
    what = held.reason if held.is_manual else held.what
    why = "a lock that isn't one's own is only broken by force, and that is recorded"
    return Locked(
        f"{env} is locked by {held.who} on {held.host} since {held.since:%Y-%m-%d %H:%M} UTC ({what})",
        why="\n".join(filter(None, (fate.text, why))),
        hint=fate.hint or f"tfops unlock {env} --force",
    )


def _trouble(held: Lock, intent: Intent) -> Trouble:
    """Nobody knows how far the broken run got: its plan stands as the receipt."""
    done = tuple(sorted(intent.done))
    headline = f"The lock of the {intent.kind} of {intent.commit[:8]} was broken: how far it got is not known."
    receipt = Receipt(len(done), intent.changes, done=done)
    return trouble_of(intent, receipt, headline=headline, why="", by=held.who, lost=Lost(intent.done, intent.replaced))


def append_event(project: Project, env: EnvName, refs: Refs, event: Callable[[LedgerState], NewEvent]) -> None:
    """Read, decide, swap; whoever loses reads and decides again."""
    for _ in range(_MOST_TRIES):
        try:
            refs.fetch()
            present = read_present(project.repository, env)
            update = prepare(project.repository, present, event(present))
            with signals.deferred():
                if refs.swap(update) is Swap.WON:
                    signals.tell_if_interrupted(f"It was done first: the ledger of {env} has it.")
                    return
        except RemoteUnreachable as error:
            raise refusal(error, project.repository.remote, f"nothing was written to the ledger of {env}") from error
    raise Locked(f"could not write to the ledger of {env}: {_MOST_TRIES} other changes came first", hint="run it again")
