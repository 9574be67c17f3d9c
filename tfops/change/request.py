"""What the user said: about which environment, with which engine, how far they agree, how long to wait."""

from dataclasses import field, replace
from typing import TYPE_CHECKING

from tfops.dataclass import dataclass
from tfops.engine.commands import EngineFlags
from tfops.records.card import Approval
from tfops.records.names import StackName
from tfops.resolve.agreement import NOTHING_AGREED, Agreed

if TYPE_CHECKING:
    from tfops.records.plan_file import PlanFile


@dataclass(frozen=True, slots=True)
class Consent:
    """`yes` covers everything but what a rollback deletes or replaces: that is named, one by one.

    `standing` names a consent that was given before there was a plan; it covers what `yes` covers,
    a drill's everything. For runs without a person: at most `most_losses` unnamed resources may be deleted or
    replaced (None: any number), and with `only_plans` a person must look; `agreed` is the plan that one has
    looked at, and `approvals` are theirs. `allow_missing` is what the state may lack that the latest version has; None
    where the command takes no such names.
    """

    yes: bool = False
    allow_destroy: frozenset[str] = frozenset()
    allow_stateless: bool = False
    allow_duplicate: frozenset[str] = frozenset()
    allow_action: frozenset[str] = frozenset()
    allow_missing: frozenset[str] | None = None
    standing: str = ""
    most_losses: int | None = None
    only_plans: bool = False
    agreed: Agreed = NOTHING_AGREED
    approvals: tuple[Approval, ...] = ()

    def of_stack(self, stack: StackName) -> "Consent":
        """For a plan that is made again on the way, of one stack."""
        return replace(self, agreed=self.agreed.of_stack(stack))


@dataclass(frozen=True, slots=True)
class Request:
    """`env` as it was named (None: the branch's), `stacks` to narrow to (none: all), `engine` as asked for.

    `plan_digest` is the only plan that may be applied (the whole digest or its beginning; empty: any).
    `reviewed`: only what was reviewed, and approved where that is required; `obeys_review`: where the rules ask for it.
    `flags` say how it works, `wait_s` how long tfops waits for others.
    `allowed` are the guards that are overridden; `ignores_verdict` and `keeps_providers` are a rollback's.
    `only_if_changed`: nothing is planned where the commit renders what runs. `only_commit`: the only one that may be
    applied (empty: whichever is checked out). `saved` is the plan that is to be applied instead of a new one.
    """

    env: str | None = None
    stacks: tuple[str, ...] = ()
    engine: str = ""
    flags: EngineFlags = field(default_factory=EngineFlags)
    consent: Consent = field(default_factory=Consent)
    wait_s: float = 0.0
    offline: bool = False
    plan_digest: str = ""
    reviewed: bool = False
    obeys_review: bool = False
    allowed: frozenset[str] = frozenset()
    ignores_verdict: bool = False
    keeps_providers: bool = False
    only_if_changed: bool = False
    only_commit: str = ""
    saved: "PlanFile | None" = field(default=None, repr=False)
