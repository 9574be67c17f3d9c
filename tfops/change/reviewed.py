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
    env = run.facts.env
    raise NotAsReviewed(
        f"the plan for {env} is not the one with the digest {wanted[:12]}: this one is {found[:12]}",
        why="since that plan was made the commit, the state or the world has changed",
        hint=f"look at this plan; if it is right: tfops apply {env} --plan-digest {found[:12]}",
    )
