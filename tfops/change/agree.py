"""Whether a plan may be applied: what would be refused anyway, the required checks, and then the question."""

import time
from collections.abc import Callable
from dataclasses import field

from tfops.change.check_facts import CheckContext
from tfops.change.checks import check_context
from tfops.change.consent import obtain_consent
from tfops.change.fetched_modules import require_same_modules
from tfops.change.planning import Planned
from tfops.change.required_checks import require_checks
from tfops.change.reviewed import keep_to_agree, not_as_saved
from tfops.change.rollback import require_no_downgrade
from tfops.change.run import Run
from tfops.change.stack import renew_ephemeral
from tfops.change.stack_plan import StackPlan
from tfops.change.target import Target
from tfops.dataclass import dataclass
from tfops.engine.plan import masked_plan
from tfops.errors import Interrupted, NeedsPerson
from tfops.records.card import Approval
from tfops.records.check import CheckOutcome
from tfops.resolve.merged_plan import merge_plans
from tfops.system import failpoint, signals


@dataclass(slots=True)
class Agreement:
    """Who consented, and what was checked: of the plan, and of those that are made on the way. `thinking_s` is how long
    the question stood: that is no working time."""

    approvals: list[Approval] = field(default_factory=list)
    checks: list[CheckOutcome] = field(default_factory=list)
    thinking_s: float = 0.0


def agree(run: Run, target: Target, planned: Planned, require_recordable: Callable[[], None]) -> Agreement:
    """Raises Refused, CheckFailed, NotApproved; and what `require_recordable` raises."""
    ignoring = run.request.ignores_verdict
    require_same_modules(target, planned.moved, ignoring=ignoring)
    require_no_downgrade(target, planned.plan, ignoring=ignoring)
    require_recordable()
    run.ui.show_plan(planned.shown)
    passed = require_checks(target, planned.stacks, check_context(run, target))
    asked = time.monotonic()
    try:
        approval = obtain_consent(target, planned.plan, run.request.consent, run.ui, mask=run.mask)
    except NeedsPerson:
        if not run.request.flags.targets:  # people agree to a whole plan
            keep_to_agree(run, planned)
        raise
    failpoint.reach("consented")
    agreement = Agreement([approval, *run.request.consent.approvals], list(passed), time.monotonic() - asked)
    for one in planned.stacks:
        renew_ephemeral(one.stack)
    return agreement


def agree_on_the_way(
    run: Run, target: Target, agreement: Agreement, fresh: StackPlan, *, is_covered: bool, context: CheckContext
) -> None:
    """For a plan that was made again, on top of what the stacks before it became. Raises as `agree`;
    Interrupted."""
    assert fresh.plan is not None
    plan = merge_plans({fresh.spec.name: fresh.plan})
    if not is_covered:
        require_no_downgrade(target, plan, ignoring=run.request.ignores_verdict)
    agreement.checks.extend(require_checks(target, [fresh], context))
    if is_covered:
        return
    run.ui.show_plan(masked_plan(plan, run.mask))
    if run.request.saved is not None:
        raise not_as_saved(run, fresh.spec.name, plan)
    try:
        with signals.heard():
            consent = run.request.consent.of_stack(fresh.spec.name)
            agreement.approvals.append(obtain_consent(target, plan, consent, run.ui, mask=run.mask))
    except KeyboardInterrupt:
        raise Interrupted("interrupted at the question") from None
