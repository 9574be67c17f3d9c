"""Holding an environment everywhere: lock and intent in the ledger, renewed, and given back."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import timedelta

from tfops.change.holders import LEASE_S, Fate, fate_of
from tfops.change.project import Project
from tfops.change.remote_answers import in_a_line, refusal
from tfops.change.snapshot import Snapshot
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.errors import Locked
from tfops.forge.ci import job_address
from tfops.ledger.chain import LedgerState, NewEvent
from tfops.ledger.record import LostRaceError
from tfops.records.action import ActionOutcome
from tfops.records.addresses import with_masked_keys
from tfops.records.event import EventKind
from tfops.records.lock import Lock
from tfops.records.names import EnvName
from tfops.records.run import Intent, Proof, Trouble
from tfops.system import clock, environ, failpoint, signals
from tfops.system.remote import RemoteUnreachable, Update
from tfops.system.workspace import new_run_id

RENEW_S = 60.0


@dataclass(slots=True)
class Lease:
    """One run's right to change one environment. `facts` is what the ledger is, by what this run wrote into it.

    `mask` is for what the engine did, before it goes into the ledger.
    """

    facts: Snapshot
    run_id: str
    ui: Ui
    mask: Callable[[str], str] = str
    is_held: bool = False
    is_lost: bool = False
    _renewed_at: float = field(default_factory=time.monotonic)

    @property
    def env(self) -> EnvName:
        return self.facts.env

    def begin(self, intent: Intent, *, what: str, root: Mapping[str, str] | None) -> None:
        """Take the lock and declare the intent, in one push; `root` None: what is rendered stays as it is.

        Raises LostRaceError when the ledger moved since it was read, Refused (guard
        `remote-unreachable`, `push-refused`) without a good answer: then nothing was begun.
        """
        event = NewEvent(
            EventKind.BEGUN, f"{self.env}: {what}", self.run_id, lock=self._lock(what), intent=intent, root=root
        )
        update = self.facts.prepared(event)
        failpoint.reach("intent-stored")
        self._take(update)

    def claim(self, *, what: str) -> None:
        """Take the lock before there is a plan; raises as `begin`."""
        text = f"{self.env}: claimed by the {what}"
        self._take(self.facts.prepared(NewEvent(EventKind.CLAIMED, text, self.run_id, lock=self._lock(what))))

    def claim_once(self, *, what: str) -> None:
        """The same for those who can't read everything again by themselves: raises Locked for a lost race."""
        try:
            self.claim(what=what)
        except LostRaceError as error:
            raise Locked(f"{self.env} was changed by someone else meanwhile", hint="run it again") from error

    def _take(self, update: Update) -> None:
        try:
            self.facts = self.facts.swapped(update)
        except RemoteUnreachable as error:
            remote = self.facts.project.repository.remote
            raise refusal(error, remote, f"{self.env} could not be locked") from error
        self.is_held, self._renewed_at = True, time.monotonic()

    def _lock(self, what: str) -> Lock:
        user, host = environ.user_and_host()
        now = clock.now()
        return Lock(
            run_id=self.run_id,
            clone=self.facts.project.workspace.clone_id,
            who=user,
            host=host,
            pid=os.getpid(),
            what=what,
            since=now,
            expires_at=now + timedelta(seconds=LEASE_S),
            run=job_address(),
            beneath=self.facts.present.manual_lock,
        )

    def renew_when_due(self, done: Mapping[str, str], replaced: Mapping[str, Sequence[str]]) -> None:
        """Called while the engine works: keeps the lease alive and puts down what was done so far.

        A remote that doesn't answer is tried again; a ledger that says another holder is said loudly.
        """
        if self.is_lost or time.monotonic() - self._renewed_at < RENEW_S:
            return
        self._renewed_at = time.monotonic()
        lock, intent = self.facts.present.lock, self.facts.present.intent
        if lock is None or intent is None or lock.run_id != self.run_id:
            self._lose()
            return
        renewed = replace(lock, expires_at=clock.now() + timedelta(seconds=LEASE_S))
        progress = replace(intent, done=_masked_ids(done, self.mask), replaced=_masked_lists(replaced, self.mask))
        event = NewEvent(EventKind.RENEWED, f"{self.env}: still at it", self.run_id, lock=renewed, intent=progress)
        try:
            self.facts = self.facts.appended(event)
        except LostRaceError:
            self._look_again()
        except RemoteUnreachable as error:
            self.ui.warn(f"{in_a_line(error)}: the lock could not be renewed, trying again")

    def _look_again(self) -> None:
        self.facts.refs.fetch()
        self.facts = self.facts.again()
        lock = self.facts.present.lock
        if lock is None or lock.run_id != self.run_id:
            self._lose()

    def _lose(self) -> None:
        self.is_lost = True
        self.ui.warn(f"the lock of {self.env} was broken while this run is changing it: no version will be recorded")

    def goes_forward(self) -> None:
        """Say that what was done holds: a run that dies now is finished, and not taken back. Raises as `appended`."""
        intent = self.facts.present.intent
        assert intent is not None
        text = f"{self.env}: both plans are empty"
        event = NewEvent(EventKind.RENEWED, text, self.run_id, intent=replace(intent, proof=Proof.GIVEN))
        self.facts = self.facts.appended(event)

    def fail(self, trouble: Trouble) -> None:
        """Release the lock and leave the receipt of a change that stopped half-way."""
        self._give_back(
            EventKind.FAILED, f"{self.env}: {trouble.kind} stopped part-way", trouble=masked_trouble(trouble, self.mask)
        )

    def close(self, text: str) -> None:
        """Release the lock of a change that changed nothing."""
        self._give_back(EventKind.CLOSED, f"{self.env}: {text}", trouble=None)

    def restored(self, text: str) -> None:
        """Release the lock of someone who put an earlier state back."""
        self._give_back(EventKind.RESTORED, text, trouble=None)

    def operated(self, text: str, trouble: Trouble | None) -> None:
        """Release the lock of someone who did something to a state of which there is no version to record."""
        self._give_back(EventKind.SURGERY, text, trouble=masked_trouble(trouble, self.mask) if trouble else None)

    def invoked(self, text: str, trouble: Trouble | None) -> None:
        """Release the lock of someone who ran actions; `trouble` says which of a stopped change still have to be."""
        self._give_back(EventKind.INVOKED, text, trouble=trouble)

    def moved(self, text: str, root: Mapping[str, str]) -> None:
        """Release the lock of someone who moved the state; `root` names its new place."""
        self._give_back(EventKind.MOVED, text, trouble=None, root=root)

    def _give_back(
        self, kind: EventKind, text: str, *, trouble: Trouble | None, root: Mapping[str, str] | None = None
    ) -> None:
        """What can't be pushed now is found by the next command: the intent stays."""
        present = self.facts.present
        if present.lock is None or present.lock.run_id != self.run_id:
            return
        event = NewEvent(kind, text, self.run_id, lock=present.manual_lock or "", intent="", trouble=trouble, root=root)
        try:
            self.facts = self.facts.appended(event)
        except LostRaceError:
            self.facts.refs.fetch()
        except RemoteUnreachable as error:
            self.ui.warn(f"{in_a_line(error)}: {self.env} stays locked by this clone")
        self.is_held = False


@contextlib.contextmanager
def claimed(facts: Snapshot, *, what: str, ui: Ui) -> Iterator[Snapshot]:
    """What was read, with this run's lock on it, for a run that lost a race: it plans where nobody else can.

    Raises as `Lease.begin`. Whatever ends the block before an intent stands on top of
    the claim gives it back; a version that waits to be recorded keeps it.
    """
    lease = Lease(facts, new_run_id(), ui)
    try:
        lease.claim(what=what)
        failpoint.reach("claimed")
        yield lease.facts
    finally:
        with signals.deferred():
            lease.facts = lease.facts.again()
            is_begun = lease.facts.present.intent is not None
            if not is_begun and not facts.project.workspace.pending(facts.env).exists():
                lease.close(f"the {what} planned under its claim and changed nothing")


def masked_trouble(trouble: Trouble, mask: Callable[[str], str]) -> Trouble:
    """The receipt without known secrets: addresses, ids and the engine's words may quote one."""

    def masked(addresses: Sequence[str]) -> tuple[str, ...]:
        return tuple(with_masked_keys(address, mask) for address in addresses)

    return replace(
        trouble,
        receipt=mask(trouble.receipt),
        why=mask(trouble.why),
        done=masked(trouble.done),
        failed=masked(trouble.failed),
        in_doubt=masked(trouble.in_doubt),
        never_started=masked(trouble.never_started),
        before=masked(trouble.before),
        lost=_masked_ids(trouble.lost, mask),
        replaced=_masked_lists(trouble.replaced, mask),
        actions=tuple(masked_action(action, mask) for action in trouble.actions),
    )


def _masked_ids(ids: Mapping[str, str], mask: Callable[[str], str]) -> dict[str, str]:
    return {with_masked_keys(address, mask): mask(known) for address, known in ids.items()}


def _masked_lists(ids: Mapping[str, Sequence[str]], mask: Callable[[str], str]) -> dict[str, tuple[str, ...]]:
    return {with_masked_keys(address, mask): tuple(mask(known) for known in every) for address, every in ids.items()}


def masked_action(action: ActionOutcome, mask: Callable[[str], str]) -> ActionOutcome:
    """Keys of instances may quote a secret."""
    address, trigger = with_masked_keys(action.address, mask), with_masked_keys(action.trigger, mask)
    return replace(action, address=address, trigger=trigger)


def require_free(project: Project, present: LedgerState) -> None:
    """Raises Locked when someone holds the environment; what died under a lock is recovered before."""
    lock = present.lock
    if lock is not None:
        raise held_by(present.env, lock, fate_of(project, present.env, lock))


def held_by(env: EnvName, lock: Lock, fate: Fate) -> Locked:
    """What whoever is refused is told: who holds it, what is known of the holder, and what to do."""
    since = f"{lock.since:%Y-%m-%d %H:%M} UTC"
    if lock.is_manual:
        return Locked(
            f"{env} is locked by {lock.who} since {since}: {lock.reason or 'no reason given'}",
            hint=f"tfops unlock {env}",
        )
    held = "is locked by a run that stopped unexpectedly, of" if fate.is_gone else "is being changed by"
    return Locked(
        f"{env} {held} {lock.who} on {lock.host} since {since} ({lock.what})",
        why="\n".join(filter(None, (fate.text, lock.run))),
        hint=fate.hint or f"wait for it: --wait 10m; if it is gone for good: tfops unlock {env} --force",
    )
