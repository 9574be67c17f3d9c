"""The receipt of a change that stopped half-way: what was done, failed, is in doubt, and never started."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from tfops.change.lost import Lost
from tfops.change.stack_plan import StackResult
from tfops.dataclass import dataclass
from tfops.engine.events import Progress
from tfops.records.action import ActionOutcome, ActionState
from tfops.records.addresses import in_stack, natural, qualified
from tfops.records.names import StackName
from tfops.records.plan import Action, Invocation, ResourceChange
from tfops.records.run import Intent, Trouble
from tfops.system import clock

_DELETING = (Action.DELETE, Action.REPLACE, Action.CLEAN_UP)

# A message is read on a screen; the whole lists are in the ledger (`tfops show ENV`).
_MOST_LISTED = 10


@dataclass(frozen=True, slots=True)
class Receipt:
    """Addresses by how far they got. `count_done` of `total` changes are whole."""

    count_done: int
    total: int
    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    in_doubt: tuple[str, ...] = ()
    never_started: tuple[str, ...] = ()
    actions: tuple[ActionOutcome, ...] = ()

    @property
    def undone(self) -> tuple[str, ...]:
        """What a new plan has to do again."""
        return (*self.failed, *self.in_doubt, *self.never_started)

    @property
    def headline(self) -> str:
        """`Stopped part-way: 2 of 5 changes done. In doubt (started, no answer): …`"""
        text = f"Stopped part-way: {self.count_done} of {self.total} changes done."
        if self.in_doubt:
            text += f" In doubt (started, no answer): {', '.join(self.in_doubt)}."
        missed = [f"{action.address} ({action.result})" for action in missed_actions(self.actions, self.undone)]
        if missed:
            text += f" Actions that still have to run: {', '.join(missed)}."
        return text

    @property
    def text(self) -> str:
        """The headline and a line for each list."""
        lists = {"done": self.done, "failed": self.failed, "never started": self.never_started}
        return "\n".join([self.headline, *_lines(lists)])


def _lines(lists: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, addresses in lists.items():
        if addresses:
            more = f" and {len(addresses) - _MOST_LISTED} more" if len(addresses) > _MOST_LISTED else ""
            yield f"  {name}: {', '.join(addresses[:_MOST_LISTED])}{more}"


def receipt_of(progress: Progress, work: Sequence[ResourceChange]) -> Receipt:
    """How far an apply got with its plan. A replacement that only deleted counts as never started."""
    deletions = Counter(change.address for change in work if change.action in _DELETING)
    complete = (change for change in work if progress.is_done(change, deletions=deletions[change.address]))
    done = {change.label for change in complete} - set(progress.errored)
    begun = {*done, *progress.errored, *progress.in_doubt}
    return Receipt(
        count_done=len(done),
        total=len(work),
        done=tuple(sorted(done, key=natural)),
        failed=tuple(sorted(progress.errored, key=natural)),
        in_doubt=progress.in_doubt,
        never_started=tuple(sorted({change.label for change in work} - begun, key=natural)),
    )


def receipt_of_all(ends: Sequence[StackResult]) -> Receipt:
    """How far a change got with all its stacks; what was never begun counts as it was planned."""
    receipt = _joined({end.planned.spec.name: _receipt_of_end(end) for end in ends})
    return replace(receipt, actions=tuple(actions_of(ends)))


def _receipt_of_end(end: StackResult) -> Receipt:
    if end.planned.plan is None:  # it waited for others, and nobody knows what it would have been
        return Receipt(0, 0, never_started=("*",))
    return receipt_of(end.progress, end.planned.plan.work)


def _joined(parts: Mapping[StackName, Receipt]) -> Receipt:
    def all_of(lists: Callable[[Receipt], Sequence[str]]) -> tuple[str, ...]:
        return tuple(qualified(name, address) for name, part in parts.items() for address in lists(part))

    return Receipt(
        count_done=sum(part.count_done for part in parts.values()),
        total=sum(part.total for part in parts.values()),
        done=all_of(lambda part: part.done),
        failed=all_of(lambda part: part.failed),
        in_doubt=all_of(lambda part: part.in_doubt),
        never_started=all_of(lambda part: part.never_started),
    )


def receipt_of_rest(rests: Mapping[StackName, tuple[Progress, Sequence[ResourceChange]]], intent: Intent) -> Receipt:
    """The same for a run that died: what each stack did, and what a new plan of its commit still wants to do."""
    parts = {name: _rest(name, progress, rest, intent) for name, (progress, rest) in rests.items()}
    left = sum(len(rest) for _, rest in rests.values())
    return replace(_joined(parts), count_done=max(intent.changes - left, 0), total=intent.changes)


def _rest(name: StackName, progress: Progress, rest: Sequence[ResourceChange], intent: Intent) -> Receipt:
    done = {event.address for event in progress.completed} or set(in_stack(name, intent.done))
    begun = {*progress.errored, *progress.in_doubt}
    return Receipt(
        count_done=0,
        total=0,
        done=tuple(sorted(done, key=natural)),
        failed=tuple(sorted(progress.errored, key=natural)),
        in_doubt=progress.in_doubt,
        never_started=tuple(sorted({change.label for change in rest} - begun - done, key=natural)),
    )


def trouble_of(
    intent: Intent,
    receipt: Receipt,
    *,
    headline: str,
    why: str,
    by: str,
    lost: Lost,
) -> Trouble:
    """The receipt for the ledger."""
    return Trouble(
        **intent.aim(),
        by=by,
        at=clock.now(),
        receipt=headline,
        why=why,
        done=receipt.done,
        failed=receipt.failed,
        in_doubt=receipt.in_doubt,
        never_started=receipt.never_started,
        lost=dict(lost.made),
        replaced={address: tuple(ids) for address, ids in lost.replaced.items()},
        actions=tuple(missed_actions(receipt.actions, receipt.undone)),
    )


def actions_of(ends: Iterable[StackResult]) -> list[ActionOutcome]:
    """Every action of the plans, with what became of it."""
    return [
        action_part(end.planned.spec.name, action, end.progress.action_state(action.address, action.trigger))
        for end in ends
        for action in (end.planned.plan.actions if end.planned.plan else ())
    ]


def action_part(stack: StackName, action: Invocation, result: ActionState) -> ActionOutcome:
    return ActionOutcome(
        address=qualified(stack, action.address),
        trigger=qualified(stack, action.trigger),
        event=action.event,
        result=result,
    )


def missed_actions(actions: Iterable[ActionOutcome], undone: Iterable[str]) -> list[ActionOutcome]:
    """Those that weren't run and that no plan brings back: their resource is none of the `undone` addresses."""
    again = set(undone)
    return [action for action in actions if action.result is not ActionState.DONE and action.trigger not in again]
