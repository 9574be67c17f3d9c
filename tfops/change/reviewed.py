"""What was looked at is what runs: a plan that isn't the one that was reviewed is not applied."""

import shlex

from tfops.change.planning import Planned
from tfops.change.request import Request
from tfops.change.review_rules import review_rules
from tfops.change.run import Run
from tfops.errors import NotAsReviewed, UsageError
from tfops.records.names import StackName
from tfops.records.plan import Plan


def as_reviewed(run: Run, planned: Planned) -> Run:
    """The run, where this plan is what was looked at; with those who agreed to it.

    Raises NotAsReviewed when it is another one, or as `held_to_review`.
    """
    _require_digest(run, planned)
    if not run.request.reviewed and not run.request.obeys_review:
        return run
    rules = review_rules(run.project, run.facts.place, run.facts.listing)
    is_wanted = run.request.reviewed or bool(rules.required)
    # An empty plan is held to it where it would lower the rule: the next one would pass by the lower one.
    if not is_wanted or (planned.plan.is_empty and rules.before is None):
        return run
    require_whole(run.request)
    from tfops.change.check_review import held_to_review  # noqa: PLC0415 - most environments want no review

    return held_to_review(run, planned, rules)


def require_whole(request: Request) -> None:
    """Raises UsageError where only some stacks or addresses are wanted."""
    if request.stacks or request.flags.targets:
        left_out = "--target" if request.flags.targets else "--stack"
        raise UsageError("what was reviewed is a whole environment", hint=f"leave {left_out} away")


def keep_to_agree(run: Run, planned: Planned) -> None:
    """Keep a plan that waits for people, so that they can look at it from anywhere."""
    from tfops.change.check_review import kept  # noqa: PLC0415 - as above
    from tfops.change.review_content import reviewed_plan  # noqa: PLC0415

    kept(run, reviewed_plan(run, planned), None)


def not_as_saved(run: Run, stack: StackName, plan: Plan) -> NotAsReviewed:
    """Of a stack that had to be planned again, after one whose outputs it takes was applied."""
    env = run.facts.env
    return NotAsReviewed(
        f"stack {stack} is planned again, after those before it, and that isn't the plan in the file",
        why="a saved plan is applied as it is, or not at all",
        hint=f"look at this one; if it is right: tfops apply {env} --stack {stack}",
        digest=plan.digest,
    )


def _require_digest(run: Run, planned: Planned) -> None:
    """Raises NotAsReviewed when the request names a plan by its digest, and this is another one."""
    wanted, found = run.request.plan_digest, planned.plan.digest
    if found.startswith(wanted):
        return
    run.ui.show_plan(planned.shown)
    env, stacks = run.facts.env, "".join(f" --stack {name}" for name in run.request.stacks)
    stacks += "".join(f" --target {shlex.quote(one)}" for one in planned.shown.targets)
    length = 12 if not found.startswith(wanted[:12]) else len(found)
    raise NotAsReviewed(
        f"the plan for {env} is not the one with the digest {wanted[:length]}: this one is {found[:length]}",
        why="another commit, state or world, or the digest of another plan",
        hint=f"look at this plan; if it is right: tfops apply {env}{stacks} --plan-digest {found[:12]}",
        digest=found,
    )
