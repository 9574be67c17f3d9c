"""What an engine made and no state knows: an engine that dies has saved less than it did."""

from collections.abc import Container, Mapping, Sequence
from functools import reduce

from tfops.change.stack_plan import StackResult
from tfops.dataclass import dataclass
from tfops.engine.events import Progress
from tfops.engine.proof import is_another
from tfops.records.addresses import qualified
from tfops.records.names import StackName
from tfops.records.state import StackState


@dataclass(frozen=True, slots=True)
class Lost:
    """Address to id of what was made and isn't in the state.

    `replaced` is address to the ids of what was destroyed in its place: the state may still hold one of them.
    """

    made: Mapping[str, str]
    replaced: Mapping[str, Sequence[str]]

    def qualified(self, stack: StackName) -> "Lost":
        """The same by addresses that are told apart in the whole environment."""
        made = {qualified(stack, address): known for address, known in self.made.items()}
        return Lost(made, {qualified(stack, address): ids for address, ids in self.replaced.items()})

    def joined(self, other: "Lost") -> "Lost":
        return Lost({**self.made, **other.made}, {**self.replaced, **other.replaced})

    def of(self, addresses: Container[str]) -> "Lost":
        """The part of these addresses."""
        made = {address: known for address, known in self.made.items() if address in addresses}
        return Lost(made, {address: ids for address, ids in self.replaced.items() if address in addresses})


def lost_from(made: Mapping[str, str], replaced: Mapping[str, Sequence[str]], state: StackState | None) -> Lost:
    """By what was written down of a run; all of it when the state can't be read."""
    known = state.inventory if state else {}
    gone = {address for address, ids in replaced.items() if known.get(address) in ids}
    left = {address: identity for address, identity in made.items() if address not in known or address in gone}
    return Lost(left, {address: ids for address, ids in replaced.items() if address in left})


def lost_by(progress: Progress, state: StackState | None) -> Lost:
    """By the engine's own output, which tells of objects that a replacement made beside the old one, too."""
    lost = lost_from(progress.made, progress.replaced, state)
    beside = {at: made for at, made in progress.made_by_id.items() if state and is_another(state, at, made)}
    return Lost({**lost.made, **beside}, lost.replaced)


def lost_by_all(ends: Sequence[StackResult]) -> Lost:
    """The same over all stacks of a change, by qualified address."""
    found = (lost_by(end.progress, end.after).qualified(end.planned.spec.name) for end in ends if end.applied)
    return reduce(Lost.joined, found, Lost({}, {}))
