"""What a change that didn't come to its end says: what happened, how far it got, and the next command."""

from collections.abc import Sequence
from pathlib import Path

from tfops.change.receipt import receipt_of_all
from tfops.change.stack_plan import StackResult
from tfops.change.target import Target
from tfops.engine.advice import is_state_locked
from tfops.engine.failures import engine_error
from tfops.engine.proof import missing_from_state, unproven, was_touched
from tfops.engine.saved_plan import Applied
from tfops.errors import Interrupted, StoppedPartWay, TfopsError
from tfops.records.engine_events import Diagnostic
from tfops.records.names import MAIN_STACK

_MOST_LISTED = 5


def require_whole(target: Target, ends: Sequence[StackResult], *, top: Path) -> None:
    """Raises unless every engine finished, and the states hold what they say that they did.

    Raises the engine's or the user's own error when nothing was begun; Interrupted, or StoppedPartWay with the
    receipt of all stacks. `top` is where the engines' output is kept.
    """
    found = [(end, error) for end in ends if (error := _failure(target, end, top)) is not None]
    skipped = [end.planned.spec.name for end in ends if end.is_skipped]
    if not found and not skipped:
        return
    if not any(map(may_have_changed, ends)) and all(isinstance(error, Interrupted) for _, error in found):
        raise Interrupted(f"interrupted: the {target.kind} of {target.env} was not begun")
    if not found:
        what, hint = f"interrupted: the apply of {target.env} stopped", f"to finish: tfops resume {target.env}"
        raise _told(Interrupted(what, hint=hint), ends)
    stopped = [error for _, error in found if isinstance(error, (Interrupted, StoppedPartWay))]
    if not stopped and not any(map(may_have_changed, ends)):
        raise found[0][1]
    raise _told(_joined(target, found, stopped), ends)


def _joined(
    target: Target, found: Sequence[tuple[StackResult, TfopsError]], stopped: Sequence[TfopsError]
) -> StoppedPartWay | Interrupted:
    """One error for all that failed: the worst one's words, and every reason."""
    worst = next((error for error in stopped if isinstance(error, Interrupted)), stopped[0] if stopped else found[0][1])
    kind = Interrupted if isinstance(worst, Interrupted) else StoppedPartWay
    if len(found) == 1:
        return kind(worst.what, why=worst.why, hint=worst.hint if stopped else _way_on(target))
    reasons = (f"{end.planned.spec.name}: {error.what}\n{error.why}".strip() for end, error in found)
    names = ", ".join(end.planned.spec.name for end, _ in found)
    what = f"the {target.kind} of {target.env} failed in the stacks {names}"
    return kind(what, why="\n".join(reasons), hint=worst.hint if stopped else _way_on(target))


def _told(error: TfopsError, ends: Sequence[StackResult]) -> TfopsError:
    receipt = receipt_of_all(ends)
    is_whole = receipt.count_done >= receipt.total and all(end.applied and end.applied.code == 0 for end in ends)
    state = f"All {receipt.total} changes were made." if is_whole else receipt.text
    return type(error)(error.what, why=error.why, state=state, hint=error.hint)


def _failure(target: Target, end: StackResult, top: Path) -> TfopsError | None:
    """Why this stack isn't what its plan said, without the receipt; None when it is, or nothing was tried."""
    where = target.env if end.planned.spec.name == MAIN_STACK else f"{target.env} (stack {end.planned.spec.name})"
    if end.applied is None:
        return end.error
    if end.after is None:
        error = end.error or StoppedPartWay("")
        return StoppedPartWay(
            f"{where} was changed, but its state can't be read back",
            why=error.why or error.what,
            hint=f"when the backend answers again: tfops resume {target.env}",
        )
    return _engine_failure(target, end, end.applied, where) or _loss(target, end, where, top)


def may_have_changed(end: StackResult) -> bool:
    """Whether anything of a stack may be other than before, by what the engine said and by the state."""
    if not end.progress.is_untouched:
        return True
    if end.applied and _came_too_late(end.applied.errors):
        return False
    return end.after is not None and was_touched(end.progress, end.planned.before, end.after)


def _came_too_late(errors: Sequence[Diagnostic]) -> bool:
    """Whether the engine began nothing because another run holds the state, or wrote it since the plan: what the state
    shows then is the other's."""
    return is_state_locked(errors) or any(error.summary == "Saved plan is stale" for error in errors)


def _engine_failure(target: Target, end: StackResult, applied: Applied, where: str) -> TfopsError | None:
    if applied.code == 0:
        return None
    assert end.after is not None
    assert end.planned.plan is not None
    lost = missing_from_state(end.progress, end.planned.plan, end.after, end.planned.before)
    why = "\n".join([_errors(applied), *([f"done, but not in the state: {_few(lost)}"] if lost else [])])
    if applied.was_interrupted:
        return Interrupted(
            f"interrupted: the apply of {where} stopped",
            why=why,
            hint=f"to finish: tfops resume {target.env}   (the state is saved and unlocked)",
        )
    if not may_have_changed(end):
        return engine_error(f"the apply of {where} failed before it changed anything", applied.errors)
    return StoppedPartWay(f"the apply of {where} failed", why=why, hint=_way_on(target))


def _loss(target: Target, end: StackResult, where: str, top: Path) -> TfopsError | None:
    """The engine's word alone isn't enough: its lock may have been broken, or it did nothing."""
    assert end.after is not None
    assert end.planned.plan is not None
    lost = [*end.progress.unknown, *unproven(end.progress, end.planned.plan, end.planned.before, end.after)]
    if not lost:
        return None
    return StoppedPartWay(
        f"the engine says that it applied, but the state of {where} doesn't hold it: {_few(lost)}",
        why="another run wrote the state at the same time, its lock was broken, or the engine did not do its work",
        hint=f"look, then take it in and go on: tfops resume {target.env}   (what the engine did: {top}/runs)",
    )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_LISTED]) + (" …" if len(names) > _MOST_LISTED else "")


def _way_on(target: Target) -> str:
    """Forward with the same commit or with a new one; back to the latest version, the last that was whole."""
    current = target.facts.latest
    hint = f"when the cause is gone: tfops resume {target.env}; a fix in a commit: tfops apply {target.env}"
    return f"{hint}; back: tfops rollback {target.env} {current.version}" if current else hint


def _errors(applied: Applied) -> str:
    return "\n".join(diagnostic.text for diagnostic in applied.errors)
