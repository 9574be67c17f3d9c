"""What a way back needs besides old code: `moved` and `import` blocks that keep real things alive.

The plan of the old configuration alone says what would go wrong: a thing is deleted at one address and
created at another, or created although it still exists. The cards know the ids, and so the cure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from tfops.dataclass import dataclass
from tfops.records.addresses import type_of
from tfops.records.download import Download
from tfops.records.plan import Action, Plan
from tfops.resolve.identity import Since, can_be_imported, moved_addresses, still_alive


@dataclass(frozen=True, slots=True)
class Past:
    """What a rollback brings back: the version's inventory, address to id.

    `forgotten` is address to id of what was let out of the state since without being destroyed. `remade` leads from
    the id of what a way back had to make anew to the id that it had first: to its code it is the same thing.
    `since` is what the versions between recorded, `downloads` the modules from elsewhere that the version ran with.
    `lost` is address to id of what a change that stopped made, and no state knows.
    """

    inventory: Mapping[str, str]
    forgotten: Mapping[str, str] = field(default_factory=dict)
    remade: Mapping[str, str] = field(default_factory=dict)
    since: Since = field(default_factory=Since)
    downloads: Mapping[str, Download] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)

    def first_ids(self, inventory: Mapping[str, str]) -> dict[str, str]:
        """The inventory with every id led back to the thing's first one."""
        return {address: self.remade.get(known, known) for address, known in inventory.items()}

    def alive(self, created: Iterable[str], now: Mapping[str, str]) -> dict[str, str]:
        """Of the addresses that a plan creates: those whose thing still exists outside of the state, with its id.

        `now` is the inventory of today's state.
        """
        first, then, today = map(self.first_ids, (self.forgotten, self.inventory, now))
        found = still_alive(created, then=then, forgotten=first, now=today, since=self.since)
        last = {(type_of(address), first[address]): known for address, known in self.forgotten.items()}
        return {address: last.get((type_of(address), known), known) for address, known in found.items()}


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

    `now` is the inventory of today's state, address to id. `declared` are the old configuration's own moves, new
    address to old: a second move to the same address is ambiguous, so the bridge ends where theirs begin.
    """
    coming, leaving = _addresses(plan, Action.CREATE), _addresses(plan, Action.DELETE)
    then, today = past.first_ids(past.inventory), past.first_ids(now)
    moved = moved_addresses(coming, leaving, then=then, now=today, since=past.since)
    pairs = sorted(moved.items(), key=lambda pair: coming.index(pair[0]))
    moves = tuple(Move(source, _origin(target, declared)) for target, source in pairs)
    alive = past.alive([address for address in coming if address not in moved], now)
    return Bridge(moves, tuple(Adoption(at, known) for at, known in alive.items() if can_be_imported(at, known)))


def _addresses(plan: Plan, action: Action) -> list[str]:
    return [change.address for change in plan.changes if change.action is action]


def _origin(address: str, declared: Mapping[str, str]) -> str:
    passed = {address}
    while address in declared and declared[address] not in passed:
        address = declared[address]
        passed.add(address)
    return address
