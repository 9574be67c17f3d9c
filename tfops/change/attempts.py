"""Until nobody holds the environment; and again, when someone else was faster."""

import contextlib
from types import TracebackType

from tfops.change.holders import may_change_offline
from tfops.change.lease import claimed, require_free
from tfops.change.recovery import recover_if_needed
from tfops.change.remote_answers import refusal as answered
from tfops.change.run import Run, running
from tfops.change.signing import require_signed_head, require_signing
from tfops.change.snapshot import Snapshot
from tfops.change.task import Task
from tfops.errors import Locked, NeverShared, Refused
from tfops.ledger.origin import require_ledger
from tfops.ledger.record import LostRaceError
from tfops.system import failpoint
from tfops.system.clock import Patience
from tfops.system.remote import RemoteUnreachable

# Without --wait, losing this often means that others change the environment faster than a plan takes.
_MOST_RACES = 5


def settled(task: Task, facts: Snapshot, patience: Patience) -> Snapshot:
    """What was left is finished, and nobody holds the environment. Raises Locked when that takes too long."""
    while True:
        failpoint.reach("fetched")
        recovery = recover_if_needed(facts, task.request, task.ui)
        if recovery is not None:
            task.ui.note(str(recovery))
            facts = facts.again()
        try:
            _require_right(facts, is_offline=task.request.offline)
            break
        except Locked:
            if patience.is_over:
                raise
            patience.pause()
        facts = facts.fetched()
    require_ledger(facts.project.repository, facts.env, facts.present.head)
    require_signing(facts.project, facts.place.rules)
    require_signed_head(facts.project, facts.place.rules, facts.present)
    trouble = facts.present.trouble
    if trouble is not None and trouble.receipt not in str(recovery):
        task.ui.warn(f"{facts.env} is degraded since the {trouble.kind} of {trouble.commit[:8]}: {trouble.receipt}")
    failpoint.reach("settled")
    return facts


def _require_right(facts: Snapshot, *, is_offline: bool) -> None:
    """Nobody holds the environment; or, offline, this clone does, so that nobody else can.

    Raises Locked, and offline Refused (guard `offline`).
    """
    if not is_offline or not facts.project.repository.remote:
        require_free(facts.project, facts.present)
    elif not may_change_offline(facts.project, facts.present.lock):
        raise Refused(
            "offline",
            f"{facts.env} can be changed offline only by a clone that holds its lock",
            why="without the remote nobody can tell whether someone else is changing it",
            hint=f"while the remote answers: tfops lock {facts.env} --reason '…'",
        )


class Attempts:
    """The attempts at one task. Whoever lost a race and has nobody to ask plans the next time under a claim, and can't
    lose again."""

    def __init__(self, task: Task) -> None:
        self.patience = Patience(task.request.wait_s)
        self._task = task
        self._lost = 0

    def attempt(self, facts: Snapshot) -> "_Attempt":
        """A run on top of the facts. It ends without an error where the task is to be tried again."""
        is_claiming = self._lost > 0 and self._task.request.consent.yes
        return _Attempt(self, facts, self._task, is_claiming=is_claiming)

    def lost(self, error: Exception) -> None:
        """Raises Locked when it is enough."""
        self._lost += 1
        env = self._task.place.env
        if self.patience.is_over and self._lost >= _MOST_RACES:
            raise Locked(
                f"could not lock {env}: {self._lost} other changes came first",
                hint="wait for a quiet moment: --wait 10m",
            ) from error
        self._task.ui.note(f"{env} was changed by someone else meanwhile: reading and planning again")
        self.patience.pause()


class _Attempt:
    def __init__(self, attempts: Attempts, facts: Snapshot, task: Task, *, is_claiming: bool) -> None:
        self._attempts = attempts
        self._facts = facts
        self._task = task
        self._is_claiming = is_claiming
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> Run:
        """The claim may be lost, too: then all is read again at once."""
        while True:
            try:
                return self._entered()
            except LostRaceError as error:
                self._attempts.lost(error)
                self._facts = settled(self._task, self._task.read(), self._attempts.patience)

    def _entered(self) -> Run:
        task, facts = self._task, self._facts
        with contextlib.ExitStack() as entered:
            if self._is_claiming:
                facts = entered.enter_context(claimed(facts, what=task.what, ui=task.ui))
            run = entered.enter_context(running(facts, task.request, task.ui))
            self._ends = entered.pop_all()
        return run

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._ends.__exit__(kind, error, trace)
        if error is None and self._task.request.offline:
            self._task.ui.note("kept in this clone: the next command that reaches the remote pushes it")
        if isinstance(error, NeverShared):
            _share(self._task, self._facts, error)
            return True
        if isinstance(error, LostRaceError) or (isinstance(error, Refused) and self._came_too_late(error)):
            self._attempts.lost(error)
            return True
        return False

    def _came_too_late(self, refusal: Refused) -> bool:
        """Whether the state in a first version's way may be that of who came first since the ledger was read."""
        if self._is_claiming or refusal.guard != "state-exists":
            return False
        return self._facts.fetched().present.head != self._facts.present.head


def _share(task: Task, facts: Snapshot, refusal: NeverShared) -> None:
    """Push what only this clone has to a remote that came later, when the person says so; raises the refusal else."""
    if task.request.consent.yes or not task.ui.is_interactive:
        raise refusal
    remote = task.project.repository.remote
    if not task.ui.confirm(f"`{remote}` has neither ledger nor versions of {facts.env}. Push them there now?"):
        raise refusal
    try:
        facts.refs.share(facts.env)
    except RemoteUnreachable as error:
        raise answered(error, remote, f"ledger and versions of {facts.env} stay in this clone") from error
    task.ui.note(f"ledger and versions of {facts.env} are on `{remote}` now: planning again")
