"""`approve`: a person's yes to a plan, after a look at it.

Two kinds of plans wait for one: what a run without a person may not apply by itself, and what was reviewed. The yes is
in the ledger. It counts for that plan of that code only, and for one apply.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tfops.change.environment import Place, find_place
from tfops.change.kept_review import fetched_reviews
from tfops.change.project import Project
from tfops.change.review_rules import review_rules
from tfops.change.signing import require_signing
from tfops.change.ui import Ui
from tfops.commands.locks import append_event
from tfops.config.names import did_you_mean, shown
from tfops.config.project import ReviewRule
from tfops.dataclass import dataclass
from tfops.errors import NotApproved, Refused
from tfops.ledger.chain import LedgerState, NewEvent, read_present
from tfops.ledger.review import ReviewedPlans
from tfops.ledger.versions import versions_of
from tfops.records.blocked import Agreement, Declined
from tfops.records.commit import Person
from tfops.records.event import EventKind
from tfops.records.plan import Print, totals
from tfops.records.review import AgreedPlan, ReviewedPlan
from tfops.resolve.approval import names_in_git, why_not
from tfops.resolve.since_review import shown_digest
from tfops.system import clock
from tfops.system.git import require_sha
from tfops.views.reconcile import ApproveResult


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A plan that waits for people: a commit that wasn't applied, a plan that was kept, or both at once."""

    digest: str
    declined: Declined | None
    reviewed: ReviewedPlan | None

    @property
    def commit(self) -> str:
        return self.declined.commit if self.declined else self.reviewed.commit if self.reviewed else ""

    @property
    def text(self) -> str:
        return self.declined.text if self.declined else totals([self.reviewed.plan]) if self.reviewed else ""

    @property
    def prints(self) -> Mapping[str, Print]:
        return self.declined.prints if self.declined else self.reviewed.plan.prints if self.reviewed else {}

    def agreed(self, present: LedgerState) -> tuple[Agreement, ...]:
        found = self.declined.agreed if self.declined else ()
        if self.reviewed is None:
            return found
        one = self.reviewed
        kept = present.agreed_plans.of(one.digest, one.content, shown_digest(one.plan))
        return tuple({part.who: part for part in (*found, *kept)}.values())


def approve(
    project: Project, env: str, ui: Ui, *, digest: str = "", varying: Collection[str] = (), yes: bool = False
) -> ApproveResult:
    """Show the plan that waits, ask, and record the yes. `digest` says which plan, or its beginning; `varying` are
    addresses whose values may be others than in the plan that was looked at, as timestamps are.

    Raises Refused (guards `nothing-to-approve`, `already-approved`, `may-not-approve`, `not-planned`), NotApproved.
    """
    place = find_place(project, env)
    require_signing(project, place.rules)
    project.fetch_for_change(place.rules)
    reviews = fetched_reviews(project, place, project.refs(place.rules))
    before = read_present(project.repository, place.env)
    waiting = _waiting(project, before, reviews, digest)
    person, found = project.repository.person, review_rules(project, place, versions_of(project.repository, place.env))
    rules = found.required or (found.own,)
    _require_planned(varying, waiting.prints)
    _require_allowed(project, waiting, rules, person)
    mine = Agreement(who=str(person), at=clock.now(), varying=tuple(sorted(set(varying))))
    _together(waiting.agreed(before), mine)
    _ask(place, waiting, ui, yes=yes)
    agreed: list[Agreement] = []

    def event(present: LedgerState) -> NewEvent:
        now = _waiting(project, present, reviews, waiting.digest)
        agreed[:] = _together(now.agreed(present), mine)
        text = f"{place.env}: {now.commit[:8]} is approved by {person.name}: {now.text}"
        return _event(present, now, tuple(agreed), text)

    append_event(project, place.env, project.refs(place.rules), event)
    missing = max(max(rule.approvals for rule in rules) - len(agreed), 0)
    is_held_back = waiting.declined is not None
    return ApproveResult(place.env, waiting.commit, waiting.digest, waiting.text, missing, is_held_back)


def _together(before: Sequence[Agreement], mine: Agreement) -> list[Agreement]:
    if any(part.who == mine.who and set(part.varying) >= set(mine.varying) for part in before):
        raise Refused("already-approved", f"{mine.who} has approved this already: another person must")
    return [*(part for part in before if part.who != mine.who), mine]


def _waiting(project: Project, present: LedgerState, reviews: ReviewedPlans, digest: str) -> _Waiting:
    """What was held back comes first; else what was kept of the checked-out commit, else the newest."""
    declined = present.declined
    if declined is not None and declined.digest and declined.digest.startswith(digest):
        kept = (one for one in reviews.plans if one.digest == declined.digest and declined.commit in one.commits)
        return _Waiting(declined.digest, declined, next(kept, None))
    if digest:
        return _Waiting((one := reviews.named(digest)).digest, None, one)
    found = next(iter(_open(project, present, reviews)), None)
    if found is None:
        raise Refused(
            "nothing-to-approve",
            f"nothing of {present.env} waits for a person",
            hint=f"what does: tfops status; what was planned: tfops log {present.env}",
        )
    return _Waiting(found.digest, None, found)


def _open(project: Project, present: LedgerState, reviews: ReviewedPlans) -> list[ReviewedPlan]:
    """Those of the checked-out commit before those that were kept since the latest version; what was applied is none of
    them."""
    head, card = project.repository.head, present.card
    applied_at = clock.parse_time(str(card["applied_at"])) if card else None
    todo = [one for one in reviews.plans if not card or one.digest != card["plan"]["digest"]]
    newer = [one for one in todo if applied_at is None or one.at > applied_at]
    return [*(one for one in todo if head in one.commits), *newer]


def _require_planned(varying: Collection[str], prints: Mapping[str, Print]) -> None:
    for address in varying:
        if address not in prints:
            raise Refused(
                "not-planned",
                f"the plan that waits does nothing to {shown(address)}",
                hint=did_you_mean(address, prints),
            )


def _require_allowed(project: Project, waiting: _Waiting, rules: Sequence[ReviewRule], person: Person) -> None:
    """Raises Refused where their yes counts by none of the rules."""
    if waiting.reviewed is not None:
        authors, committers = waiting.reviewed.authors, waiting.reviewed.committers
    else:
        authors, committers = map(tuple, project.repository.people_of(require_sha(waiting.commit)))
    roles = {"author": authors, "committer": committers}
    reasons = [why_not(names_in_git(str(person)), rule, is_git=True, roles=roles) for rule in rules]
    if all(reasons):
        why, people = reasons[-1], rules[-1].may_approve
        who = f"who may: {', '.join(people)}" if people else "another person must"
        raise Refused("may-not-approve", f"{person} can't approve this: {person.name} {why}", hint=who)


def _ask(place: Place, waiting: _Waiting, ui: Ui, *, yes: bool) -> None:
    """Shows what there is to see. Raises NotApproved."""
    kept = waiting.reviewed
    where = f", merge request {kept.merge_request}" if kept and kept.merge_request else ""
    ui.note(f"{place.env}: the plan {waiting.digest[:12]} of commit {waiting.commit[:8]}{where}: {waiting.text}")
    if kept is None:
        ui.warn(f"the plan itself isn't kept: look at it with tfops plan {place.env}, and compare the digest")
    else:
        ui.show_plan(kept.plan)
    if yes:
        return
    if not ui.is_interactive:
        raise NotApproved(
            "there is no terminal to ask on",
            why=f"the plan for {place.env} is approved by who looked at it",
            hint=f"look at it, then: tfops approve {place.env} --plan-digest {waiting.digest[:12]} --yes",
        )
    if not ui.confirm(f"Approve this plan for {place.env}?"):
        raise NotApproved(f"the plan for {place.env} was not approved")


def _event(present: LedgerState, waiting: _Waiting, agreed: tuple[Agreement, ...], text: str) -> NewEvent:
    declined = replace(waiting.declined, agreed=agreed) if waiting.declined else None
    kept, plans = waiting.reviewed, None
    if kept is not None:
        plans = present.agreed_plans.having(AgreedPlan(kept.digest, kept.content, shown_digest(kept.plan), agreed))
    return NewEvent(EventKind.APPROVED, text, declined=declined, agreed_plans=plans)
