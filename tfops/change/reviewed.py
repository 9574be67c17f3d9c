"""What was looked at is what runs: a plan with another digest is not applied."""

from tfops.change.planning import Planned
from tfops.change.run import Run
from tfops.errors import NotAsReviewed


def require_as_reviewed(run: Run, planned: Planned) -> None:
    """Raises NotAsReviewed when the request names a plan by its digest, and this is another one."""
    wanted, found = run.request.plan_digest, planned.plan.digest
    if found.startswith(wanted):
        return
    run.ui.show_plan(planned.shown)
    env, stacks = run.facts.env, "".join(f" --stack {name}" for name in run.request.stacks)
    length = 12 if not found.startswith(wanted[:12]) else len(found)
    raise NotAsReviewed(
        f"the plan for {env} is not the one with the digest {wanted[:length]}: this one is {found[:length]}",
        why="another commit, state or world, or the digest of another plan",
        hint=f"look at this plan; if it is right: tfops apply {env}{stacks} --plan-digest {found[:12]}",
    )
