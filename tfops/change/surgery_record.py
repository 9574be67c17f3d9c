"""What surgery did to a state, told from the states before and after it, and recorded as a version."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace

from tfops.change.cards import Outcome, build_card, standing_files
from tfops.change.finish import not_recorded
from tfops.change.ids import in_the_form_of
from tfops.change.outputs import visible_outputs
from tfops.change.snapshot import Snapshot
from tfops.change.stack_plan import StackPlan, StackResult
from tfops.change.target import Target
from tfops.change.unrecorded_card import record
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.addresses import natural, qualified, type_of, with_masked_keys
from tfops.records.card import Approval, Card
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.records.run import Trouble
from tfops.records.state import StackState
from tfops.resolve.identity import Since, moved_addresses, shared_identities
from tfops.resolve.merged_plan import merge_plans
from tfops.resolve.state import lacking
from tfops.system.git import GitFailed


@dataclass(frozen=True, slots=True)
class Operated:
    """An operation on a state that is over: how it is told, the stack as it was read before, the state after it.

    `moves` are addresses that it was to move, old to new; what lies below them moves along. `is_transfer`: what left
    this state is in another one.
    """

    what: str
    read: StackPlan
    after: StackState
    hidden: frozenset[str]
    approval: Approval | None
    moves: Mapping[str, str] = field(default_factory=dict)
    is_transfer: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether the state is what it was."""
        before, after = self.read.before, self.after
        return (before.lineage, before.serial, before.sha256) == (after.lineage, after.serial, after.sha256)

    @property
    def plan(self) -> Plan:
        """The difference as a plan has it: moved, imported, forgotten."""
        then, now = self.read.before.inventory, self.after.inventory
        moved, gone = self._moved(), self.gone
        changes = [_moved(old, new) for old, new in moved.items()]
        come = now.keys() - then.keys() - set(moved.values())
        if not self.is_transfer:
            changes += [ResourceChange(one, type_of(one), Action.FORGET, resource_id=then[one]) for one in gone]
        changes += [ResourceChange(one, type_of(one), Action.IMPORT, resource_id=now[one]) for one in come]
        ordered = tuple(sorted(changes, key=lambda change: natural(change.address)))
        return Plan(ordered, (), digest="", is_empty=not ordered, unchanged=len(then.keys() & now.keys()))

    @property
    def gone(self) -> frozenset[str]:
        """The addresses whose things the state has no more."""
        then, now = self.read.before.inventory, self.after.inventory
        return frozenset(then.keys() - now.keys() - self._moved().keys())

    def _moved(self) -> dict[str, str]:
        """Old address to new one: as it was asked for, else by ids that only one thing has."""
        then, now = self.read.before.inventory, self.after.inventory
        gone, come = then.keys() - now.keys(), now.keys() - then.keys()
        asked = {old: new for old in gone if (new := self._led(old)) in come}
        since = Since(shared=shared_identities(then) | shared_identities(now))
        return moved_addresses(gone, come, then=then, now=now, since=replace(since, moved=asked))

    def _led(self, address: str) -> str:
        for old, new in self.moves.items():
            rest = address.removeprefix(old)
            if address.startswith(old) and rest[:1] in ("", ".", "["):
                return new + rest
        return ""


def _moved(old: str, new: str) -> ResourceChange:
    return ResourceChange(new, type_of(new), Action.MOVE, previous_address=old)


def record_surgery(facts: Snapshot, target: Target, done: Sequence[Operated], *, run_id: str, seconds: float) -> Card:
    """The version that the environment is from now on: what runs, with the states as they are now.

    Raises NotRecorded: then the card is kept, and recorded by the next command.
    """
    ends = tuple(
        StackResult(replace(one.read, preview=one.plan), after=_with_what_lacks(one), hidden=one.hidden) for one in done
    )
    current, approval = facts.current_card, done[0].approval
    outcome = Outcome(
        merge_plans({one.read.spec.name: one.plan for one in done}),
        ends,
        visible_outputs(ends),
        (approval,) if approval else (),
        seconds,
        current.verified if current else None,
    )
    card = _with_what_went_away(build_card(target, outcome, facts.present, run_id=run_id), done)
    root = standing_files(target, ends, facts.present)
    try:
        return record(facts, card, done[0].what, base=None, root=root)
    except (GitFailed, Refused) as error:
        raise not_recorded(target.env, error) from error


def _with_what_went_away(card: Card, done: Sequence[Operated]) -> Card:
    """What another environment has now lives on: without an id nobody takes it in again, and none is made unasked."""
    if len(done) > 1 or not done[0].is_transfer:
        return card
    [one] = done
    name = one.read.spec.name
    part, gone = card.stacks[name], (with_masked_keys(address, one.read.stack.mask) for address in one.gone)
    known = {**part.forgotten, **dict.fromkeys(gone, "")}
    forgotten = {at: known[at] for at in sorted(known) if known[at] or at not in part.inventory}
    return replace(card, stacks={**card.stacks, name: replace(part, forgotten=forgotten)})


def _with_what_lacks(done: Operated) -> StackState:
    """With what the latest version has and the state lacked before already: that is not explained by this."""
    recorded = done.read.spec.recorded
    if recorded is None:
        return done.after
    mask = done.read.stack.mask
    before, after = (
        in_the_form_of(recorded.inventory, {address: mask(known) for address, known in state.inventory.items()})
        for state in (done.read.before, done.after)
    )
    left = lacking(recorded, before).keys() & lacking(recorded, after).keys()
    lacked = {address: recorded.inventory[address] for address in left}
    return replace(done.after, inventory={**lacked, **done.after.inventory})


def trouble_after(trouble: Trouble, done: Sequence[Operated]) -> Trouble:
    """The receipt of a change that stopped before: what surgery did to the states is explained by it."""
    named = {address for one in done for address in _touched(one)}
    lost = {address: known for address, known in trouble.lost.items() if address not in named}
    return replace(trouble, before=tuple(sorted({*trouble.before, *named})), lost=lost)


def _touched(done: Operated) -> Iterator[str]:
    for change in done.plan.changes:
        for address in filter(None, (change.address, change.previous_address)):
            yield qualified(done.read.spec.name, address)
