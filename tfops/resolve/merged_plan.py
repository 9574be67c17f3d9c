"""The plans of an environment's stacks as one: what people see, consent to, and what a card counts."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from tfops.records.addresses import natural, qualified
from tfops.records.names import MAIN_STACK, StackName
from tfops.records.plan import Action, Invocation, Plan, Print, ResourceChange, Waiting

_ORDER = {action: position for position, action in enumerate(Action)}


def merge_plans(plans: Mapping[StackName, Plan], waiting: Iterable[Waiting] = ()) -> Plan:
    """One plan with qualified addresses. Of an environment that is one file, its plan as it is."""
    waits = tuple(waiting)
    if set(plans) == {MAIN_STACK} and not waits:
        return plans[MAIN_STACK]
    changes = [_qualified(stack, change) for stack, plan in plans.items() for change in plan.changes]
    drift = [_qualified(stack, change) for stack, plan in plans.items() for change in plan.drift]
    outputs = [qualified(stack, name) for stack, plan in plans.items() for name in plan.changed_outputs]
    return Plan(
        changes=tuple(sorted(changes, key=lambda change: (_ORDER[change.action], natural(change.address)))),
        changed_outputs=tuple(sorted(outputs)),
        digest=_digest(plans, waits),
        is_empty=all(plan.is_empty for plan in plans.values()) and not waits,
        unchanged=sum(plan.unchanged for plan in plans.values()),
        drift=tuple(sorted(drift, key=lambda change: natural(change.address))),
        actions=tuple(_qualified_action(stack, action) for stack, plan in plans.items() for action in plan.actions),
        waiting=waits,
        prints={qualified(stack, name): one for stack, plan in plans.items() for name, one in plan.prints.items()}
        | {f"{wait.stack} (waiting)": Print("waiting", "waiting") for wait in waits},
        targets=tuple(qualified(stack, address) for stack, plan in plans.items() for address in plan.targets),
    )


def _qualified(stack: StackName, change: ResourceChange) -> ResourceChange:
    return replace(
        change,
        address=qualified(stack, change.address),
        previous_address=qualified(stack, change.previous_address),
    )


def _qualified_action(stack: StackName, action: Invocation) -> Invocation:
    return replace(action, address=qualified(stack, action.address), trigger=qualified(stack, action.trigger))


def _digest(plans: Mapping[StackName, Plan], waiting: Iterable[Waiting]) -> str:
    parts = [sorted((stack, plan.digest) for stack, plan in plans.items()), sorted(wait.stack for wait in waiting)]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def is_same_work(consented: Plan, found: Plan) -> bool:
    """Whether a plan does what its preview showed: the same to the same things, with values that are known now."""

    def work(plan: Plan) -> list[tuple[str, str, str]]:
        changes = [(change.address, change.action.value, change.previous_address) for change in plan.work]
        return sorted(changes + [(action.address, action.event, action.trigger) for action in plan.actions])

    return work(consented) == work(found)
