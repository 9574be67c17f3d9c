"""What a merge request would do, environment by environment."""

from tfops.dataclass import dataclass
from tfops.records.check import CheckOutcome
from tfops.records.names import EnvName
from tfops.records.plan import Plan, totals
from tfops.records.verdict import Reason, Verdict
from tfops.records.version import Verified


@dataclass(frozen=True, slots=True)
class EnvironmentReview:
    """What a merge request would do to an environment. Without a `plan`, `why_no_plan` says why; `is_broken` says that
    there should be one.

    `reasons` say why it is touched, `doors` are its one-way doors, `way_back` what going back from it would come to,
    `approvals` how many there are and how many it takes; None where nobody asks for that.
    """

    env: EnvName
    plan: Plan | None
    why_no_plan: str = ""
    checks: tuple[CheckOutcome, ...] = ()
    doors: tuple[Reason, ...] = ()
    way_back: Verdict | None = None
    approvals: tuple[int, int] | None = None
    reasons: tuple[str, ...] = ()
    is_broken: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether it couldn't be applied as it is: there is no plan, or a required check says no."""
        return self.is_broken or any(check.result is Verified.FAILED for check in self.checks)

    @property
    def text(self) -> str:
        """In a line."""
        failed = [check.name for check in self.checks if check.result is Verified.FAILED]
        if failed:
            return f"did not pass: {', '.join(failed)}"
        if self.plan is None:
            return self.why_no_plan
        return "no changes" if self.plan.is_empty else totals([self.plan])
