"""What was reviewed: `refs/tfops/reviews/<env>`, one file for each plan, in a commit without a past.

It isn't part of the ledger: a review in a merge request must not get into the way of a change, and who looks at
versions never loads a plan. No other fetch brings it here. A plan that was pruned is gone, from the remote too. Who
agreed to a plan is in the ledger, which only grows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.ledger.beside import Namespace, read_beside, store_beside, swap_beside
from tfops.ledger.codec import decode, encode
from tfops.records.names import EnvName
from tfops.records.review import MOST_COMMITS, ReviewedPlan
from tfops.system.remote import REVIEWS, Refs, Update
from tfops.system.repository import Repository

NAMESPACE = Namespace(REVIEWS, "reviewed plans")
MOST_KEPT = 50


@dataclass(frozen=True, slots=True)
class ReviewedPlans:
    """The reviewed plans of an environment, the newest first; `head` is empty where there never was one."""

    env: EnvName
    head: str = ""
    plans: tuple[ReviewedPlan, ...] = ()

    def of(self, digest: str, content: str) -> ReviewedPlan | None:
        """The one of this plan of this code."""
        return next((one for one in self.plans if (one.digest, one.content) == (digest, content)), None)

    def named(self, digest: str) -> ReviewedPlan:
        """The newest whose digest begins so. Raises Refused (guard `no-review`)."""
        fitting = [one for one in self.plans if one.digest.startswith(digest)]
        if len({one.digest for one in fitting}) == 1:
            return fitting[0]
        what = f"several reviewed plans of {self.env} begin with {digest}" if fitting else ""
        known = ", ".join(dict.fromkeys(one.digest[:12] for one in self.plans[:5]))
        raise Refused(
            "no-review",
            what or f"no reviewed plan of {self.env} with the digest {digest} is kept",
            why=f"of each environment the newest {MOST_KEPT} are kept",
            hint=f"the newest are: {known}" if known else f"keep one: tfops plan {self.env} --keep",
        )


def read_reviews(repository: Repository, env: EnvName) -> ReviewedPlans:
    """What this clone knows: fetch first. What can't be read, or isn't what its name says, is none."""
    found = read_beside(repository, NAMESPACE, env)
    return ReviewedPlans(env, found.head, tuple(sorted(_plans(env, found.files), key=lambda one: one.at, reverse=True)))


def _plans(env: EnvName, entries: Iterable[tuple[str, bytes]]) -> Iterator[ReviewedPlan]:
    for path, content in entries:
        try:
            found = decode(ReviewedPlan, content)
        except ValueError:
            continue
        if found.env == env and found.commits and path == f"{found.name}.json":
            yield found


def keep(repository: Repository, refs: Refs, reviewed: Sequence[ReviewedPlan]) -> int:
    """Keep them, one for each environment, in one push; the number of old ones that were pruned for it.

    Raises RemoteUnreachable, RemoteRefused; Refused as `swap_beside`.
    """
    pruned = 0

    def make() -> list[Update]:
        nonlocal pruned
        present = [read_reviews(repository, EnvName(one.env)) for one in reviewed]
        kept = [_with(before.plans, one) for before, one in zip(present, reviewed, strict=True)]
        pruned = sum(len(plans[MOST_KEPT:]) for plans in kept)
        return [_update(repository, before, plans[:MOST_KEPT]) for before, plans in zip(present, kept, strict=True)]

    swap_beside(refs, NAMESPACE, [EnvName(one.env) for one in reviewed], make)
    return pruned


def _with(plans: Sequence[ReviewedPlan], new: ReviewedPlan) -> list[ReviewedPlan]:
    """The same plan of the same code again is one, with all the commits that have it."""
    before = [commit for one in plans if one.name == new.name for commit in one.commits]
    commits = tuple(dict.fromkeys((*new.commits, *before)))[:MOST_COMMITS]
    return [replace(new, commits=commits), *(one for one in plans if one.name != new.name)]


def _update(repository: Repository, present: ReviewedPlans, plans: Sequence[ReviewedPlan]) -> Update:
    files = {f"{one.name}.json": encode(one).encode() for one in plans}
    subject = f"{present.env}: plan {plans[0].digest[:12]} of {plans[0].commit[:8]}"
    return store_beside(repository, NAMESPACE.ref(present.env), present.head, files, subject)
