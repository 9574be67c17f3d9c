"""`invoke`: actions run by hand, and those of a stopped change that no plan would run again.

An action is work that no resource stands for: where it failed or was never run, the next plan is empty all the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from tfops.change.consent import obtain_consent
from tfops.change.environment import find_place
from tfops.change.lease import Lease, masked_trouble, require_free
from tfops.change.planning import supply
from tfops.change.prepare import open_stacks, read_stacks
from tfops.change.project import Project
from tfops.change.receipt import action_part
from tfops.change.request import Request
from tfops.change.rollback import aimed_target, running_target
from tfops.change.run import running
from tfops.change.snapshot import Snapshot
from tfops.change.stack_plan import StackPlan
from tfops.change.target import Target
from tfops.change.task import Task
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.engine.plan import masked_plan
from tfops.engine.saved_plan import Applied, SavedPlan
from tfops.errors import Interrupted, Refused, StoppedPartWay, TfopsError
from tfops.ledger.chain import read_present
from tfops.records.action import ActionOutcome, ActionState
from tfops.records.addresses import split
from tfops.records.names import EnvName, StackName
from tfops.records.plan import Plan
from tfops.records.run import Trouble
from tfops.resolve.merged_plan import merge_plans
from tfops.system import signals
from tfops.views.change import InvokeResult

# https://developer.hashicorp.com/terraform/language/v1.14.x/upgrade-guides
_FIRST_WITH_ACTIONS = (1, 14)


@dataclass(frozen=True, slots=True)
class _Step:
    """One action to be run, as it was planned. The engine runs one at a time."""

    read: StackPlan
    saved: SavedPlan

    @property
    def name(self) -> StackName:
        return self.read.spec.name


def invoke(project: Project, addresses: Sequence[str], request: Request, ui: Ui) -> InvokeResult:
    """Run actions of what runs now; where a change stopped, of that change. The ledger tells who ran what.

    Raises Refused (guards `no-actions`, `never-applied`), NotApproved, and StoppedPartWay when one of them fails.
    """
    place = find_place(project, request.env)
    task = Task(project, place, "invoke", _concerned, request, ui)
    with task.alone(), running(task.read(), request, ui) as run:
        require_free(project, run.facts.present)
        target, trouble = task.aim(run.facts), run.facts.present.trouble
        opened = open_stacks(run, target.specs())
        for _, stack in opened:
            _require_actions(stack.engine.engine.name, stack.engine.engine.version)
        steps = _planned({one.spec.name: one for one in read_stacks(run, opened)}, addresses)
        shown = masked_plan(_whole(steps), run.mask)
        ui.show_plan(shown)
        named = replace(request.consent, allow_action=frozenset(addresses))
        obtain_consent(target, shown, named, ui)
        lease, mask = Lease(run.facts, run.id, ui, run.mask), run.mask
        with signals.deferred(f"What ran is in the ledger: tfops log {place.env}") as arrived:
            lease.claim_once(what="invoke")
            ran, failed = _run(steps, is_stopped=lambda: bool(arrived))
            lease.invoked(f"{place.env}: {mask(_told(ran))}", _after(trouble, ran, mask) if trouble else None)
    if failed is not None:
        raise failed
    return InvokeResult(place.env, tuple(replace(one, address=mask(one.address)) for one in ran))


def _concerned(facts: Snapshot) -> Target:
    """What runs; or the change that stopped."""
    trouble = facts.present.trouble
    return aimed_target(facts, trouble) if trouble else running_target(facts)


def pending_actions(project: Project, env: EnvName) -> list[str]:
    """The addresses of the actions that a stopped change left to be run."""
    trouble = read_present(project.repository, env).trouble
    return [action.address for action in trouble.pending_actions] if trouble else []


def _require_actions(name: str, version: str) -> None:
    numbers = tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".")[:2] if part.isdecimal())
    if name == "tofu" or numbers < _FIRST_WITH_ACTIONS:
        raise Refused(
            "no-actions",
            f"{name} {version} has no actions: they came with Terraform 1.14",
            hint="--engine PATH, of a Terraform that has them",
        )


def _planned(reads: dict[StackName, StackPlan], addresses: Sequence[str]) -> list[_Step]:
    steps = []
    for number, address in enumerate(addresses, start=1):
        stack, own = split(address)
        if stack not in reads:
            why = f"there is: {', '.join(reads)}"
            raise Refused(
                "unknown-stack", f"`{address}` names a stack that isn't there", why=why, hint="tfops help invoke"
            )
        supply(reads[stack], reads)
        steps.append(_Step(reads[stack], reads[stack].stack.engine.plan_invocation(own, number=number)))
    return steps


def _whole(steps: Sequence[_Step]) -> Plan:
    """All of it as one plan, to be shown and agreed to."""
    plans = [merge_plans({step.name: step.saved.plan}) for step in steps]
    return replace(plans[0], actions=tuple(action for plan in plans for action in plan.actions), is_empty=False)


def _run(steps: Sequence[_Step], *, is_stopped: Callable[[], bool]) -> tuple[list[ActionOutcome], TfopsError | None]:
    """What became of each, and why the first that failed did: those after it are not begun."""
    ran: list[ActionOutcome] = []
    failed: TfopsError | None = None
    for step in steps:
        if failed is None and not is_stopped():
            applied = step.read.stack.engine.apply(step.saved)
            progress = applied.progress
            states = [progress.action_state(one.address, one.trigger) for one in step.saved.plan.actions]
            # an engine that was interrupted while its last action ran ends with 0 all the same
            if applied.code != 0 or applied.was_interrupted or ActionState.FAILED in states:
                failed = _failure(applied, has_begun=any(state is not ActionState.NEVER_RUN for state in states))
        else:
            states = [ActionState.NEVER_RUN] * len(step.saved.plan.actions)
        ran += map(action_part, [step.name] * len(states), step.saved.plan.actions, states)
    return ran, failed


def _failure(applied: Applied, *, has_begun: bool) -> TfopsError:
    why = "\n".join(error.text for error in applied.errors)
    state = "It may have done a part of its work." if has_begun else "It was not begun."
    if applied.was_interrupted:
        return Interrupted("interrupted while an action ran", why=why, state=state)
    return StoppedPartWay("an action failed", why=why, state=state)


def _told(ran: Sequence[ActionOutcome]) -> str:
    return "; ".join(f"{part.address} {part.result}" for part in ran)


def _after(trouble: Trouble, ran: Sequence[ActionOutcome], mask: Callable[[str], str]) -> Trouble:
    """The receipt of the stopped change with what was run of it since."""
    results = {mask(part.address): part.result for part in ran}
    actions = tuple(replace(one, result=results.get(one.address, one.result)) for one in trouble.actions)
    return masked_trouble(replace(trouble, actions=actions), mask)
