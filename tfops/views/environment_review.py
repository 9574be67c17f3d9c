"""What a merge request would do, environment by environment."""

from tfops.dataclass import dataclass
from tfops.records.check import CheckOutcome
from tfops.records.names import EnvName
from tfops.records.plan import Plan
from tfops.records.verdict import Reason, Verdict


@dataclass(frozen=True, slots=True)
class EnvironmentReview:
    """What a merge request would do to an environment. Without a `plan`, `why_no_plan` says why.

    `doors` are its one-way doors, `way_back` what going back from it would come to, `approvals` how many there are and
    how many it takes; None where nobody asks for that.
    """

    env: EnvName
    plan: Plan | None
    why_no_plan: str = ""
    checks: tuple[CheckOutcome, ...] = ()
    doors: tuple[Reason, ...] = ()
    way_back: Verdict | None = None
    approvals: tuple[int, int] | None = None
