"""What follows when the checks of a change failed: an error that says it, or a rollback by itself."""

from collections.abc import Callable

from tfops.change.consent import AUTOMATIC
from tfops.change.environment import Place
from tfops.change.project import Project
from tfops.errors import NotVerified, Refused, TfopsError
from tfops.exits import Exit
from tfops.ledger.versions import known_versions, read_card
from tfops.records.hook import HookOutcome, HookResult
from tfops.records.version import Kind, Verified
from tfops.resolve.versions import version_to_go_back_to
from tfops.views.change import ChangeResult


def require_verified(project: Project, place: Place, result: ChangeResult) -> ChangeResult:
    """The result, unless its checks failed. Raises NotVerified with the way back."""
    if result.verified is not Verified.FAILED:
        return result
    raise NotVerified(
        _what(result),
        why=_failures(result),
        state=f"{result.env} now runs {result.version}, recorded as not verified.",
        hint=_way_on(project, place, result),
    )


def roll_back_or_explain(
    project: Project, place: Place, result: ChangeResult, roll_back: Callable[[], ChangeResult]
) -> NotVerified:
    """`rollback: auto`: back to the last verified version, within limits, and the error that tells it."""
    reason = _reason_against(project, place, result)
    if reason:
        return _not_rolled_back(project, place, result, reason)
    try:
        back = roll_back()
    except TfopsError as error:
        return _not_rolled_back(project, place, result, " ".join(filter(None, (error.what, error.why))), error)
    too = " (not verified either)" if back.verified is Verified.FAILED else ""
    return NotVerified(
        f"{_what(result)}: rolled back to {back.restores}",
        why=_failures(result) + (f"\nafter the rollback: {_failures(back)}" if too else ""),
        state=f"{result.env} now runs {back.version} (content of {back.restores}){too} and is on hold.",
        hint=f"put the fix on the branch, then: tfops apply {result.env} --lift-hold",
    )


def _what(result: ChangeResult) -> str:
    failed = sum(check.result is Verified.FAILED for check in result.checks)
    origin = f" (content of {result.restores})" if result.restores else ""
    parts = [f"{failed} of {_plural(len(result.checks), 'check')}"] if failed else []
    parts += [_plural(len(hooks), "hook")] if (hooks := failed_hooks(result)) else []
    return f"{result.env} is now {result.version}{origin}, but {' and '.join(parts)} failed"


def failed_hooks(result: ChangeResult) -> list[HookOutcome]:
    """Those for which the version isn't verified."""
    return [hook for hook in result.hooks if hook.result is HookResult.FAILED]


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _failures(result: ChangeResult) -> str:
    found = [f"{check.name}: {check.why}" for check in result.checks if check.result is Verified.FAILED]
    return "\n".join((*found, *(hook.text for hook in failed_hooks(result))))


def _way_on(project: Project, place: Place, result: ChangeResult) -> str:
    if result.kind is Kind.ROLLBACK:
        return f"look at it, or go to another version: tfops history {place.env}"
    again = f"when the cause is gone: tfops apply {place.env}"
    try:
        goal = version_to_go_back_to(place.env, known_versions(project.repository, place.env).versions)
    except Refused:
        return again
    return f"tfops rollback {place.env}   (to {goal.version}); {again}"


def _reason_against(project: Project, place: Place, result: ChangeResult) -> str:
    """Why there is no rollback by itself; empty when there is nothing against it."""
    versions = known_versions(project.repository, place.env).versions
    before = next((record for record in versions if record.version == result.previous), None)
    if before is None:
        return ""
    card = read_card(project.repository, before)
    is_second = any(approval.how == AUTOMATIC for approval in card.approvals)
    return f"{before.version} was an automatic rollback: it runs once, not twice in a row" if is_second else ""


def _not_rolled_back(
    project: Project, place: Place, result: ChangeResult, reason: str, error: TfopsError | None = None
) -> NotVerified:
    """`error` stopped the rollback on its way: what it says about the world counts then."""
    changed = error is not None and error.exit_code in (Exit.STOPPED_PART_WAY, Exit.NOT_RECORDED)
    return NotVerified(
        _what(result),
        why=f"{_failures(result)}\nnot rolled back by itself: {reason}",
        state=error.state
        if error and changed
        else f"{result.env} now runs {result.version}, recorded as not verified.",
        hint=error.hint if error and changed else _way_on(project, place, result),
    )
