"""A plan is held against what was reviewed: it is that, and people agreed to it, or it is refused and kept for them."""

from dataclasses import replace

from tfops.change.approvals import Approved, approvals_of, named
from tfops.change.kept_review import fetched_reviews
from tfops.change.planning import Planned
from tfops.change.review_content import reviewed_plan
from tfops.change.review_rules import LOWERED, ReviewRules
from tfops.change.run import Run
from tfops.errors import NeedsPerson, NotAsReviewed, Refused
from tfops.ledger.review import ReviewedPlans, keep
from tfops.records.blocked import Agreement
from tfops.records.plan import Plan
from tfops.records.review import ReviewedPlan
from tfops.resolve.agreement import Agreed, covers
from tfops.resolve.since_review import shown_digest, since_lines, since_review
from tfops.system.remote import RemoteUnreachable
from tfops.views.words import plural

REVIEWED = "reviewed"


def held_to_review(run: Run, planned: Planned, rules: ReviewRules) -> Run:
    """The run, with what people agreed to, where this plan is what was reviewed.

    Raises NotAsReviewed when it is another one, NeedsPerson (guards `not-reviewed`, `needs-approval`) when nobody
    looked at it, or too few agreed.
    """
    consent = run.request.consent
    now = reviewed_plan(run, planned)
    if rules.before is None and covers(consent.agreed, planned.plan, now.plan.prints):
        return run  # it was held back, and people agreed to it then
    reviews = fetched_reviews(run.project, run.facts.place, run.facts.refs)
    found, varying = reviews.of(now.digest, now.content), frozenset[str]()
    if found is None or not _agreed(run, found):
        other, varying = _but_for_what_varies(run, planned.plan, now, reviews)
        found = other or found
    if found is None or (found.digest == now.digest and shown_digest(found.plan) != shown_digest(now.plan)):
        run.ui.show_plan(planned.shown)
        raise _not_as_reviewed(run, now, reviews, is_known=found is not None)
    approved = approvals_of(run.facts, rules.required, found)
    if approved.missing:
        run.ui.show_plan(planned.shown)
        raise _too_few(found, approved, is_lowered=rules.before is not None)
    agreed = Agreed(found.digest, found.plan.prints, varying) if rules.required else None
    return _with_approvals(run, found, approved, agreed)


def _but_for_what_varies(
    run: Run, plan: Plan, now: ReviewedPlan, reviews: ReviewedPlans
) -> tuple[ReviewedPlan | None, frozenset[str]]:
    """The reviewed plan of the same code that differs only in values which all who agreed let differ; and those."""
    for one in reviews.plans:
        agreed = _agreed(run, one)
        varying = frozenset.intersection(*(frozenset(part.varying) for part in agreed)) if agreed else frozenset()
        if (
            one.content == now.content
            and varying
            and covers(Agreed("", one.plan.prints, varying), plan, now.plan.prints)
        ):
            return one, varying
    return None, frozenset()


def _agreed(run: Run, one: ReviewedPlan) -> tuple[Agreement, ...]:
    return run.facts.present.agreed_plans.of(one.digest, one.content, shown_digest(one.plan))


def _not_as_reviewed(
    run: Run, now: ReviewedPlan, reviews: ReviewedPlans, *, is_known: bool
) -> NotAsReviewed | NeedsPerson:
    """The plan is kept, so that people can agree to it, and compared with the nearest one that was reviewed."""
    env, nearest = now.env, _nearest(now, reviews)
    way = f"if it is right: {kept(run, now, nearest)}, then run it again"
    if nearest is None:
        return NeedsPerson(
            "not-reviewed",
            f"nobody reviewed a plan for {env}: this one is {now.digest[:12]}",
            digest=now.digest,
            prints=now.plan.prints,
            hint=way,
        )
    where = f"merge request {nearest.merge_request}" if nearest.merge_request else nearest.commit[:8]
    since = since_review(nearest.plan, now.plan)
    lines = [f"since the review: {line}" for line in since_lines(since)]
    if is_known:
        lines.insert(0, "what is kept of the review shows another plan than its digest stands for")
    elif not since:
        lines = ["the plan is the same, but its code isn't what was reviewed"]
    return NotAsReviewed(
        f"the plan for {env} is not what was reviewed with {where}",
        why="\n".join(lines),
        hint=way,
        digest=now.digest,
        prints=now.plan.prints,
        since=since,
    )


def _nearest(now: ReviewedPlan, reviews: ReviewedPlans) -> ReviewedPlan | None:
    """Of the same code, else of the same commit, else the same plan, else the newest."""
    fits = (
        lambda one: one.content == now.content and one.digest != now.digest,
        lambda one: now.commit in one.commits and one.name != now.name,
        lambda one: one.digest == now.digest,
        lambda _: True,
    )
    return next((one for fit in fits for one in reviews.plans if fit(one)), None)


def kept(run: Run, now: ReviewedPlan, nearest: ReviewedPlan | None) -> str:
    """How to agree to it. Whoever wrote what was reviewed wrote this, too."""
    if nearest is not None:
        now = replace(
            now,
            authors=tuple(dict.fromkeys((*now.authors, *nearest.authors))),
            committers=tuple(dict.fromkeys((*now.committers, *nearest.committers))),
        )
    by_hand = f"tfops plan {now.env} --keep, and tfops approve {now.env}"
    if run.request.offline:
        return f"with the remote: {by_hand}"
    try:
        keep(run.project.repository, run.facts.refs, [now])
    except (RemoteUnreachable, Refused) as error:
        run.ui.warn(f"this plan could not be kept for who is to agree to it: {error}")
        return by_hand
    return f"tfops approve {now.env} --plan-digest {now.digest[:12]}"


def _too_few(found: ReviewedPlan, approved: Approved, *, is_lowered: bool) -> NeedsPerson:
    needed, people = approved.rule.approvals, approved.rule.may_approve
    given = f"approved by {named(approved.approvals)}" if approved.approvals else "nobody approved it"
    lines = [*approved.not_counted, *([f"who may: {', '.join(people)}"] if people else [])]
    if approved.rule.owners and approved.rule.owners.problem:
        lines.append(f"nobody may (`from: codeowners`): {approved.rule.owners.problem}")
    if is_lowered:
        lines.append(LOWERED)
    request = f", or merge request {found.merge_request} on the forge" if found.merge_request else ""
    return NeedsPerson(
        "needs-approval",
        f"the plan {found.digest[:12]} for {found.env} needs {plural(needed, 'approval')}, {approved.missing} missing: "
        f"{given}",
        digest=found.digest,
        prints=found.plan.prints,
        why="\n".join(lines),
        hint=f"approve it: tfops approve {found.env} --plan-digest {found.digest[:12]}{request}",
    )


def _with_approvals(run: Run, found: ReviewedPlan, approved: Approved, agreed: Agreed | None) -> Run:
    """What a stack becomes that is planned again on the way must be what was `agreed` to, too."""
    names = named(approved.approvals)
    standing = f"approved by {names}" if names else REVIEWED
    consent = replace(run.request.consent, standing=standing, approvals=approved.approvals)
    if agreed is not None:
        consent = replace(consent, agreed=agreed, only_plans=True)
    run.ui.note(f"as reviewed: plan {found.digest[:12]} of {found.commit[:8]}, {standing}")
    return replace(run, request=replace(run.request, consent=consent))
