"""The state's own lock when the engine that took it is gone: who holds it, its release, and what is told of it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from tfops.dataclass import dataclass
from tfops.engine.advice import LOCK_IS_LEFT, OWN_LOCK, is_lock_damaged, is_release_refused, is_state_locked
from tfops.engine.commands import CommandLine
from tfops.engine.failures import engine_error
from tfops.engine.runner import Ended, Runner
from tfops.engine.statelock import StateLock, parse_lock
from tfops.errors import TfopsError
from tfops.records.engine_events import Diagnostic
from tfops.records.rendered import VALUES_FILE
from tfops.system.clock import now

_OWN_ENDS = (0, 1)  # with any other, an apply was killed, or crashed
_CHANGES = 2
_MOST_LOOKS = 3


@dataclass(frozen=True, slots=True)
class OrphanedLock:
    """The lock of one stack's state. `run` is for commands that change nothing, where an interrupt counts."""

    runner: Runner
    commands: CommandLine
    run: Callable[[Sequence[str]], Ended]
    values: Sequence[str] = (VALUES_FILE,)

    def release(self, *, since: datetime, was_held: bool, of_any: bool = False) -> bool:
        """Release the state's lock when the engine that died in this clone left it; True if it was there.

        The caller knows that no engine of this clone lives and that nobody else may apply. Only a lock
        of an apply, by this user on this machine, and not older than `since` is released; an anonymous one
        where the dead engine is known to have held it (`was_held`: it had begun to change things). `of_any`: the dead
        engine ran another command than an apply. Raises EngineFailed.
        """
        tried: list[str] = []
        failure: tuple[Diagnostic, ...] = ()
        while (held := self._holder()) is not None and held.lock_id not in tried:
            is_its = held.is_of_dead_command(since) if of_any else held.is_of_dead_apply(since)
            if not (is_its or (was_held and held.is_anonymous)):
                return False
            tried.append(held.lock_id)
            released = self._force(held)
            if released.code == 0:
                return True
            failure = released.errors  # of two locks, one that is gone already makes the release of the other fail
        if held is not None:
            raise engine_error("the lock that a dead engine left can't be released", failure)
        return bool(tried)

    def explained(self, ended: Ended, began: datetime) -> tuple[Diagnostic, ...]:
        """The errors of an apply that failed. An engine that was killed leaves no lock, nor does one whose release was
        refused, or that stood before its own because the store's answer was lost."""
        errors = ended.errors
        if ended.code not in _OWN_ENDS:
            return (*errors, *self._release_after_death(began, was_held=not ended.progress.is_untouched))
        if is_release_refused(errors):
            return (*errors, *self._release_after_death(began, was_held=False))
        held = _lock_in_the_way(errors)
        if held is None or not held.is_of_dead_apply(began):
            return errors
        if self._force(held).code != 0 and self._is_held():
            return errors
        return (Diagnostic(is_error=True, summary=f"{OWN_LOCK}: the store took it, but its answer was lost"),)

    def _force(self, held: StateLock) -> Ended:
        return self.runner.run(self.commands.force_unlock(held.lock_id), shielded=True)

    def _holder(self) -> StateLock | None:
        """Who holds the state's lock, by a plan that waits for nobody. Raises EngineFailed, or Locked where the lock
        doesn't say whose it is."""
        ended = self._look()
        held = _lock_in_the_way(ended.errors)
        if held is None and (ended.code not in (*_OWN_ENDS, _CHANGES) or is_lock_damaged(ended.errors)):
            raise engine_error("whether a dead engine left its lock can't be found out", ended.errors)
        return held

    def _look(self) -> Ended:
        """Whose answer was lost when it took or released the lock leaves its own; that one is released."""
        path = self.runner.folder / "probe.bin"
        argv = self.commands.plan(out=str(path), values=self.values, destroy=False, lock_timeout_s=0)
        began = now()
        for _ in range(_MOST_LOOKS):
            ended = self.run([*argv, "-refresh=false"])
            path.unlink(missing_ok=True)
            held = _lock_in_the_way(ended.errors)
            is_own = held is not None and held.is_of_ended_look(began)
            if held is not None and is_own:
                self._force(held)
            if not is_own and not is_release_refused(ended.errors):
                break
        return ended

    def _is_held(self) -> bool:
        try:
            return self._holder() is not None
        except TfopsError:
            return True

    def _release_after_death(self, began: datetime, *, was_held: bool) -> tuple[Diagnostic, ...]:
        """Nothing; or, where the lock can't be released now, the words by which recovery knows that it must."""
        try:
            self.release(since=began, was_held=was_held)
        except TfopsError as error:
            return (Diagnostic(is_error=True, summary=f"{LOCK_IS_LEFT}: {error.what}"),)
        return ()


def _lock_in_the_way(errors: tuple[Diagnostic, ...]) -> StateLock | None:
    return next(filter(None, map(parse_lock, errors)), None) if is_state_locked(errors) else None
