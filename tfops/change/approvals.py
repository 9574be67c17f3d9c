"""Who agreed to a plan: in Git (`tfops approve`), else on the forge."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tfops.change.snapshot import Snapshot
from tfops.config.project import Owners, ReviewRule
from tfops.dataclass import dataclass
from tfops.errors import in_a_line
from tfops.forge.approvals import counted
from tfops.forge.asking import ForgeFailed
from tfops.forge.base import Account, Client
from tfops.forge.known import forge_here
from tfops.records.card import Approval
from tfops.records.review import ReviewedPlan
from tfops.resolve.approval import Given, names_in_git, who_counts
from tfops.resolve.since_review import shown_digest
from tfops.system import clock

IN_GIT = "tfops approve"


@dataclass(frozen=True, slots=True)
class Approved:
    """`approvals` count, `missing` more are needed; `not_counted` says why others don't count, or aren't known.

    `rule` is the one that lacks most.
    """

    approvals: tuple[Approval, ...]
    missing: int
    not_counted: tuple[str, ...]
    rule: ReviewRule


def approvals_of(facts: Snapshot, rules: Sequence[ReviewRule], found: ReviewedPlan) -> Approved:
    """Those of a reviewed plan, which must be enough for each of the rules. The forge is asked only where Git hasn't
    enough, so that one that is down stops nobody whose plan was approved in Git.
    """
    in_git = list(_in_git(facts, found))
    parts = [_approved(rule, found, in_git, []) for rule in rules]
    if any(part.missing for part in parts):
        given, reasons = _on_forge(facts, found, [rule.owners for rule in rules if rule.owners is not None])
        parts = [_approved(rule, found, in_git, given) for rule in rules]
        parts = [replace(part, not_counted=(*part.not_counted, *reasons)) for part in parts]
    worst = max(parts, key=lambda part: part.missing, default=_NONE_NEEDED)
    counting = dict.fromkeys(one for part in parts for one in part.approvals)
    lines = dict.fromkeys(line for part in parts for line in part.not_counted)
    return Approved(tuple(counting), worst.missing, tuple(lines), worst.rule)


def _approved(rule: ReviewRule, found: ReviewedPlan, in_git: Sequence[Given], on_forge: Sequence[Given]) -> Approved:
    """By one rule. Nobody knows whether an account of the forge and a name in Git are one person: so the two aren't
    added up, one of them must be enough."""
    sides = [
        who_counts(given, rule, authors=found.authors, committers=found.committers) for given in (in_git, on_forge)
    ]
    missing = max(rule.approvals - max(len(counting) for counting, _ in sides), 0)
    approvals = tuple(one for counting, _ in sides for one in counting)
    return Approved(approvals, missing, tuple(line for _, lines in sides for line in lines), rule)


_NONE_NEEDED = Approved((), 0, (), ReviewRule())


def _in_git(facts: Snapshot, found: ReviewedPlan) -> Iterator[Given]:
    agreed = facts.present.agreed_plans.of(found.digest, found.content, shown_digest(found.plan))
    for one in agreed:
        yield Given(Approval(one.who, one.at, found.digest, IN_GIT), names_in_git(one.who))


def _on_forge(facts: Snapshot, found: ReviewedPlan, owners: Sequence[Owners]) -> tuple[list[Given], list[str]]:
    """What official reviewers, not the author, approved at a commit that has this very plan; and why there is less.

    Who is in a team that CODEOWNERS names has the team's name, too.
    """
    forge = forge_here()
    if forge is None:
        return [], []
    try:
        client = forge.connect()
        request = client.merged_as(facts.head)
        number = request.number if request else found.merge_request
        if number is None:
            return [], [f"{forge.title} knows no merge request of {facts.head[:8]}"]
        author = (request or client.merge_request(number)).author
        reviews = client.reviews(number)
    except ForgeFailed as failure:
        return [], [in_a_line(failure)]
    approvals = counted(reviews, author=author, heads=found.commits)
    reasons = [f"{name}: {why}" for name, why in approvals.not_counted]
    if approvals.against:
        return [], [f"{one.name} asks for changes of merge request {number}" for one in approvals.against] + reasons
    at = {review.by.id: review.at for review in reviews}
    how = f"{forge.title}, merge request {number}"
    given = []
    for one in approvals.by:
        approval = Approval(one.name, at.get(one.id, clock.now()), found.digest, how)
        teams, failed = _teams_of(client, one, owners)
        reasons += failed
        given.append(Given(approval, (one.name, *teams), is_git=False))
    return given, reasons


def _teams_of(client: Client, account: Account, owners: Sequence[Owners]) -> tuple[list[str], list[str]]:
    """The teams among the owners that somebody is in, and which the forge doesn't tell of. None is asked for where the
    account itself is an owner."""
    lacking = [one for one in owners if account.name.casefold() not in map(str.casefold, one.people)]
    found, failed = [], []
    for team in dict.fromkeys(team for one in lacking for team in one.teams):
        try:
            found += [team] if client.is_member(team, account) else []
        except ForgeFailed as failure:
            failed.append(in_a_line(failure))
    return found, failed


def named(approvals: Sequence[Approval]) -> str:
    return ", ".join(dict.fromkeys(one.who for one in approvals))
