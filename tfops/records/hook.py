"""Programs of the project's own that run around a change, and how they ended."""

import enum

from tfops.dataclass import dataclass


class HookPoint(enum.StrEnum):
    """When a hook runs."""

    BEFORE_INIT = "before_init"
    AFTER_INIT = "after_init"
    BEFORE_PLAN = "before_plan"
    AFTER_PLAN = "after_plan"
    BEFORE_APPLY = "before_apply"
    AFTER_APPLY = "after_apply"
    AFTER_ROLLBACK = "after_rollback"
    ON_ERROR = "on_error"


# Where what was done stays done, whatever a hook says.
AFTERWARDS = (HookPoint.AFTER_APPLY, HookPoint.AFTER_ROLLBACK)


class HookResult(enum.StrEnum):
    """`warned`: it failed, and that is only told."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"


@dataclass(frozen=True, slots=True)
class HookOutcome:
    """How one hook ended. `exit_code` is None where it had none: it could not be started, took too long, or was
    stopped. `why` is in tfops' words."""

    at: HookPoint
    name: str
    result: HookResult
    exit_code: int | None
    duration_s: float
    why: str = ""

    @property
    def text(self) -> str:
        """`after_apply notify: exit code 3`"""
        return f"{self.at} {self.name}: {self.why or self.result}"
