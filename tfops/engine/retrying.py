"""An apply that did nothing yet is tried again, where it failed with errors that pass."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tfops.dataclass import dataclass
from tfops.engine.advice import is_state_locked
from tfops.engine.events import Progress
from tfops.engine.proof import was_touched
from tfops.engine.saved_plan import Applied
from tfops.errors import TfopsError
from tfops.records.state import StackState
from tfops.system import signals


@dataclass(frozen=True, slots=True)
class Unbegun:
    """What an apply begins with, to be held against what is there when it failed. `read` gives the state as it is."""

    before: StackState
    errored_state: Path
    read: Callable[[], StackState]

    def is_still(self, applied: Applied) -> bool:
        """Whether an apply that failed by itself is known to have left all as it was, so that its plan still fits."""
        progress = applied.progress
        if applied.code != 1 or applied.was_interrupted or not (progress.is_readable and progress.is_untouched):
            return False
        if self.errored_state.exists() or is_state_locked(applied.errors):
            return False
        try:
            after = self.read()
        except TfopsError:
            return False
        return not was_touched(progress, self.before, after) and after.serial == self.before.serial


@dataclass(frozen=True, slots=True)
class Apply:
    """One apply of one plan: `run` is a try, `pause_after` says how long to wait after a failed one, None: no more."""

    run: Callable[[], Applied]
    pause_after: Callable[[int, Applied], float | None]
    on_tick: Callable[[Progress], None]


def applied_at_last(first: Applied, apply: Apply, start: Unbegun) -> Applied:
    """How the last try ended, of which the first has failed. An interrupt in a pause counts as one of the engine."""
    applied, number = first, 1
    while start.is_still(applied) and (pause_s := apply.pause_after(number, applied)) is not None:
        if not signals.wait(pause_s, partial(apply.on_tick, applied.progress)):
            return replace(applied, was_interrupted=True)
        applied, number = apply.run(), number + 1
    return applied
