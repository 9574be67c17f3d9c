"""Every error that a user can do something about, each with its exit code.

What a message must carry: the action under way and why it failed (`what`, `why`), the state the
world is in (`state`), and the command to run next (`hint`). The codes are those of the reference
page `docs/reference/exit-codes.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from tfops.exits import Exit

if TYPE_CHECKING:
    from tfops.records.check import CheckOutcome
    from tfops.records.complaint import Complaint
    from tfops.records.hook import HookOutcome
    from tfops.records.plan import Plan, Print
    from tfops.records.review import Since
    from tfops.records.tries import FailedTry


NOTHING_CHANGED = "Nothing was changed."


class TfopsError(Exception):
    """The root of the tree; only its subclasses are raised."""

    exit_code: ClassVar[Exit] = Exit.BUG
    name: ClassVar[str] = "error"
    tries: Sequence[FailedTry] = ()  # of engines, that were followed by another

    def __init__(self, what: str, *, why: str = "", state: str = NOTHING_CHANGED, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.state = state
        self.hint = hint


def in_a_line(error: TfopsError, *, longest: int = 600) -> str:
    """What failed, why, and what to do, for a listing or a log. The reason is what is cut where it is too long."""
    if isinstance(error, ConfigError):
        first, more = error.complaints[0], len(error.complaints) - 1
        what = f"{first.mark}: {first.message}" + (f" (and {more} more)" if more else "")
        return one_line(what, "", error.hint, longest=longest)
    return one_line(error.what, error.why, error.hint, longest=longest)


def one_line(what: str, why: str, hint: str, *, longest: int) -> str:
    """The parts of an error's message in one line."""
    what, why, hint = (" ".join(part.split()) for part in (what, why, hint))
    way_on = f"; next: {hint}" if hint else ""
    room = longest - len(what) - len(way_on) - 2
    if why and room > 1:
        what += ": " + (why if len(why) <= room else f"{why[: room - 1]}…")
    return f"{what[:longest]}{way_on}"


class UsageError(TfopsError):
    """The command line does not make sense."""

    exit_code = Exit.USAGE
    name = "usage"


class AnswerLost(TfopsError):
    """What the command says can't be written: the disk behind its output is full. It had done its work by then."""

    exit_code = Exit.ANSWER_LOST
    name = "answer-lost"

    def __init__(self, what: str, *, why: str, hint: str) -> None:
        super().__init__(what, why=why, state="What the command did stays done.", hint=hint)


class ConfigError(TfopsError):
    """The project's files are wrong; carries every complaint that was found, not just the first."""

    exit_code = Exit.BAD_PROJECT
    name = "bad-configuration"

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        count = len(complaints)
        what = "the configuration has a mistake" if count == 1 else f"the configuration has {count} mistakes"
        hint = "fix it, then: tfops validate" if count == 1 else "fix them, then: tfops validate"
        super().__init__(what, hint=hint)
        self.complaints = tuple(complaints)


class ProjectError(TfopsError):
    """There is no usable project here: no Git repository, no commit, no `tfops.yaml`, no engine."""

    exit_code = Exit.BAD_PROJECT
    name = "bad-project"


class Refused(TfopsError):
    """A guard said no. `guard` is its name in messages, documentation and JSON."""

    exit_code = Exit.REFUSED
    name = "refused"

    def __init__(self, guard: str, what: str, *, why: str = "", state: str = NOTHING_CHANGED, hint: str = "") -> None:
        super().__init__(what, why=why, state=state, hint=hint)
        self.guard = guard


class NotEmpty(Refused):
    """What was to be taken over isn't what its code says: `plan` is what would be done."""

    def __init__(self, what: str, *, plan: Plan, why: str, hint: str) -> None:
        super().__init__("not-empty", what, why=why, hint=hint)
        self.plan = plan


class NeverShared(Refused):
    """This clone has a ledger, and the remote has neither it nor a version: it came later, most likely."""


class NeedsPerson(Refused):
    """A run without a person met a plan that a person must look at; `digest` names it, `prints` are its parts."""

    def __init__(
        self, guard: str, what: str, *, digest: str, prints: Mapping[str, Print], why: str = "", hint: str = ""
    ) -> None:
        super().__init__(guard, what, why=why, hint=hint)
        self.digest = digest
        self.prints = dict(prints)


class Locked(TfopsError):
    """Someone else is changing the environment."""

    exit_code = Exit.LOCKED
    name = "locked"


class NotApproved(TfopsError):
    """The plan was not consented to."""

    exit_code = Exit.NOT_PASSED
    name = "not-approved"


class NotAsReviewed(TfopsError):
    """The plan isn't the one that was looked at: something changed in between. `digest` names this one, `since` is what
    it does otherwise, as far as that is known."""

    exit_code = Exit.NOT_PASSED
    name = "not-as-reviewed"

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        hint: str = "",
        digest: str = "",
        prints: Mapping[str, Print] | None = None,
        since: Sequence[Since] = (),
    ) -> None:
        super().__init__(what, why=why, hint=hint)
        self.digest = digest
        self.prints = dict(prints or {})
        self.since = tuple(since)


class CheckFailed(TfopsError):
    """A check that a plan must pass before it is applied said no. Carries how all of them ended."""

    exit_code = Exit.NOT_PASSED
    name = "check-failed"

    def __init__(self, what: str, *, why: str, hint: str, checks: Sequence[CheckOutcome]) -> None:
        super().__init__(what, why=why, hint=hint)
        self.checks = tuple(checks)


class HookFailed(TfopsError):
    """A hook failed before anything was changed, and what it stands before doesn't happen. Carries how all ended."""

    exit_code = Exit.NOT_PASSED
    name = "hook-failed"

    def __init__(self, what: str, *, why: str, hint: str, hooks: Sequence[HookOutcome]) -> None:
        super().__init__(what, why=why, hint=hint)
        self.hooks = tuple(hooks)


class NotVerified(TfopsError):
    """The change was made and recorded, but a check of what runs failed."""

    exit_code = Exit.NOT_PASSED
    name = "not-verified"


class EngineFailed(TfopsError):
    """The engine failed before it could change anything.

    `is_settled` says that it would fail in the same way whatever other stacks come to.
    """

    exit_code = Exit.ENGINE_FAILED
    name = "engine-failed"
    is_settled: bool = False


class StoppedPartWay(TfopsError):
    """An apply stopped, or its result can't be trusted; some changes may have been made."""

    exit_code = Exit.STOPPED_PART_WAY
    name = "stopped-part-way"


class NotRecorded(TfopsError):
    """The change was made, but its version could not be written to Git."""

    exit_code = Exit.NOT_RECORDED
    name = "not-recorded"


class Interrupted(TfopsError):
    """The user or the system asked to stop."""

    exit_code = Exit.INTERRUPTED
    name = "interrupted"
