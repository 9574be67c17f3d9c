"""What was reviewed: a plan as it was shown, and who agreed to it."""

from dataclasses import field
from datetime import datetime

from tfops.dataclass import dataclass
from tfops.records.blocked import Agreement
from tfops.records.commit import Person
from tfops.records.plan import Plan

MOST_COMMITS = 20
_MOST_AGREED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedPlan:
    """A plan as people saw it: masked, with its digest.

    `content` is the sha256 over what the engine was given: rendered roots, provider locks, modules. `commits` had that
    content when they were planned, the newest first. `authors` and `committers` are those of what was under review.
    `merge_request` is its number on the forge, `run` the address of the job.
    """

    env: str
    digest: str
    content: str
    commits: tuple[str, ...]
    at: datetime
    by: Person
    authors: tuple[Person, ...] = ()
    committers: tuple[Person, ...] = ()
    merge_request: int | None = None
    run: str = ""
    plan: Plan

    @property
    def commit(self) -> str:
        return self.commits[0]

    @property
    def name(self) -> str:
        """What tells it from others: the same plan of other code is another one."""
        return f"{self.digest}-{self.content}"


@dataclass(frozen=True, slots=True)
class AgreedPlan:
    """People's yes to one reviewed plan; `shown` is the sha256 of what they saw of it."""

    digest: str
    content: str
    shown: str
    agreed: tuple[Agreement, ...]


@dataclass(frozen=True, slots=True)
class AgreedPlans:
    """What people agreed to and nobody applied yet, the newest last."""

    plans: tuple[AgreedPlan, ...] = ()

    def of(self, digest: str, content: str, shown: str) -> tuple[Agreement, ...]:
        wanted = (digest, content, shown)
        return next((one.agreed for one in self.plans if (one.digest, one.content, one.shown) == wanted), ())

    def having(self, plan: AgreedPlan) -> "AgreedPlans":
        """With this one in place of what was agreed to of the same plan; the oldest go when there are too many."""
        others = [one for one in self.plans if (one.digest, one.content) != (plan.digest, plan.content)]
        return AgreedPlans((*others, plan)[-_MOST_AGREED:])

    def without(self, digest: str) -> "AgreedPlans":
        """An agreement is for one apply."""
        return AgreedPlans(tuple(one for one in self.plans if one.digest != digest))


@dataclass(frozen=True, slots=True)
class OtherValue:
    """An attribute that would become something else than what was reviewed; values are safe to show."""

    path: str
    reviewed: str
    now: str


@dataclass(frozen=True, slots=True)
class Since:
    """What a plan does otherwise to one thing than the reviewed one. `was` and `now` are actions, empty for nothing."""

    address: str
    was: str
    now: str
    why: str = ""
    attributes: tuple[OtherValue, ...] = field(default=())
