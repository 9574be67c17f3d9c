"""What a way back needs besides old code: `moved` and `import` blocks that keep real things alive.

The plan of the old configuration alone says what would go wrong: a thing is deleted at one address and
created at another, or created although it still exists. The cards know the ids, and so the cure.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfops.model import Action, Plan, ResourceChange


@dataclass(frozen=True, slots=True)
class Past:
    """What a rollback brings back: the version's inventory, address to id.

    `forgotten` are ids of things that were let out of the state since without being destroyed. `remade` leads from
    the id of what a way back had to make anew to the id that it had first: to its code it is the same thing.
    """

    inventory: Mapping[str, str]
    forgotten: frozenset[str] = frozenset()
    remade: Mapping[str, str] = field(default_factory=dict)

    def first_ids(self, inventory: Mapping[str, str]) -> dict[str, str]:
        """The inventory with every id led back to the thing's first one."""
        return {address: self.remade.get(known, known) for address, known in inventory.items()}


@dataclass(frozen=True, slots=True)
class Move:
    """The same real thing at another address."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Adoption:
    """A real thing that no state knows any more, taken in by its id."""

    address: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class Bridge:
    """The blocks beside a rendered root; empty when plain old code does the right thing."""

    moves: tuple[Move, ...] = ()
    adoptions: tuple[Adoption, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.moves or self.adoptions)

    def blocks(self) -> dict[str, Any]:
        """As Terraform's JSON syntax wants it (https://developer.hashicorp.com/terraform/language/syntax/json)."""
        moved = [{"from": move.source, "to": move.target} for move in self.moves]
        imports = [{"to": adoption.address, "id": adoption.resource_id} for adoption in self.adoptions]
        return {name: blocks for name, blocks in (("moved", moved), ("import", imports)) if blocks}


def find_bridge(plan: Plan, past: Past, *, now: Mapping[str, str], declared: Mapping[str, str]) -> Bridge:
    """The bridge over what `plan`, made of the old configuration alone, would destroy or make twice.

    `now` is the inventory of today's state, address to id. An id that two resources of a type share
    proves nothing and is passed over. `declared` are the old configuration's own moves, new address to
    old: a second move to the same address is ambiguous, so the bridge ends where theirs begin.
    """
    then = past.first_ids(past.inventory)
    pairs = tuple(_moves(plan, past.first_ids(now), then))
    moves = tuple(Move(move.source, _origin(move.target, declared)) for move in pairs)
    served = {move.target for move in pairs}
    alive = {past.remade.get(known, known): known for known in past.forgotten - frozenset(now.values())}
    coming = (change.address for change in plan.changes if change.action is Action.CREATE)
    adoptions = ((address, alive.get(then.get(address, ""), "")) for address in coming if address not in served)
    return Bridge(moves, tuple(Adoption(address, known) for address, known in adoptions if known))


def _moves(plan: Plan, now: Mapping[str, str], then: Mapping[str, str]) -> Iterator[Move]:
    leaving = _by_identity(plan, Action.DELETE, now)
    coming = _by_identity(plan, Action.CREATE, then)
    for identity, target in coming.items():
        if identity in leaving:
            yield Move(leaving[identity], target)


def _origin(address: str, declared: Mapping[str, str]) -> str:
    passed = {address}
    while address in declared and declared[address] not in passed:
        address = declared[address]
        passed.add(address)
    return address


def _by_identity(plan: Plan, action: Action, inventory: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """(type, id) to address, of the changes of one kind whose id is known and theirs alone."""
    pairs = [(_identity(change, inventory), change.address) for change in plan.changes if change.action is action]
    counts = Counter(identity for identity, _ in pairs)
    return {identity: address for identity, address in pairs if identity[1] and counts[identity] == 1}


def _identity(change: ResourceChange, inventory: Mapping[str, str]) -> tuple[str, str]:
    return change.resource_type, inventory.get(change.address, "")
