"""Which real thing an address of an earlier version is today: decided from ids, and from moves that versions recorded.

An id says who a thing is only where no other thing can have it. Several providers give every object of a type the
same id, or one that is made of its content; and an id that two addresses of a type had at once, in any version,
proves nothing in all of them. What is left are the moves that the versions recorded themselves.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from tfops.dataclass import dataclass
from tfops.records.addresses import hidden_id, type_of

Identity = tuple[str, str]  # (resource type, id)

# Ids that providers write where a thing has none.
_CONSTANTS = ("-", "0", "1", "default", "false", "id", "n/a", "none", "null", "static", "true", "unknown")
_NO_IDS = frozenset({"", *_CONSTANTS, *map(hidden_id, _CONSTANTS)})

# The id is a constant, a small number, a time or a digest of the content: two things may have the same.
# Read in the sources of random 3.9, local 2.9, time 0.13.
_SHARED_ID = """
local_file local_sensitive_file random_integer random_password random_shuffle time_offset time_rotating time_sleep
time_static
"""

# Nothing of these can be imported, or its import takes a value or another form than the id (random 3.9, tls 4.2,
# null 3.2, local 2.9, time 0.13). `random_password` takes *any* text for the password.
_NOT_IMPORTED = """
local_file local_sensitive_file null_resource random_integer random_password random_pet random_shuffle time_offset
time_rotating time_sleep tls_cert_request tls_locally_signed_cert tls_private_key tls_self_signed_cert
"""

_SHARED_ID_TYPES, _NOT_IMPORTED_BY_ID = frozenset(_SHARED_ID.split()), frozenset(_NOT_IMPORTED.split())


def is_telling(identity: Identity) -> bool:
    """Whether an id of a type can say who a thing is."""
    kind, known = identity
    return known.lower() not in _NO_IDS and kind not in _SHARED_ID_TYPES


def can_be_imported(address: str, known: str) -> bool:
    """Whether a thing can be taken in by its id, as far as its type and the id say."""
    return known.lower() not in _NO_IDS and type_can_be_imported(type_of(address))


def type_can_be_imported(resource_type: str) -> bool:
    """Whether things of a type can be taken in by their ids, as far as it is known by name."""
    return resource_type not in _NOT_IMPORTED_BY_ID


@dataclass(frozen=True, slots=True)
class Since:
    """What the versions after one recorded about its addresses.

    `moved` leads from an address of then to today's, where they differ; `let_go` to the address at which the thing
    was let out of the state alive; `shared` are the identities that two addresses had at once in some version.
    """

    moved: Mapping[str, str] = field(default_factory=dict)
    let_go: Mapping[str, str] = field(default_factory=dict)
    shared: frozenset[Identity] = frozenset()


@dataclass(frozen=True, slots=True)
class _Ended:
    """Trails that end at a version which made their things anew: its address to today's."""

    now: Mapping[str, str]
    let_go: Mapping[str, str]


class Trail:
    """Follows today's addresses back in time, version by version, and those where something was let go alive.

    `today` is the inventory of the latest version, `forgotten` what it knows to be alive outside of the state;
    `step_back` is told the same of each older version, newest first, with what the version after it recorded: its
    moves (address to the one before), and which version it brought back. What a way back made anew is to the code the
    same thing as in the version that it brought back: its trail goes on there.
    """

    def __init__(self, today: Mapping[str, str], forgotten: Mapping[str, str]) -> None:
        self._now = {address: address for address in today}
        self._let_go: dict[str, str] = {}
        self._waiting = dict(forgotten)
        self._shared = shared_identities(today)
        self._parked: dict[int, list[_Ended]] = {}

    def step_back(
        self,
        inventory: Mapping[str, str],
        forgotten: Mapping[str, str],
        moved: Mapping[str, str],
        *,
        number: int = 0,
        restored: int | None = None,
    ) -> Since:
        """What is known about that version, whose number it is. An address that it didn't have ends its thing's trail,
        or, where the version after it brought `restored` back, parks it until that one is reached."""
        begun = {address for address, known in self._waiting.items() if forgotten.get(address) != known}
        self._waiting = {address: known for address, known in self._waiting.items() if address not in begun}
        let_go = self._let_go | {address: address for address in begun}
        if restored:
            ended = _Ended(*(_ended(trails, inventory, moved) for trails in (self._now, let_go)))
            self._parked.setdefault(restored, []).append(ended)
        self._let_go = _earlier(let_go, inventory, moved)
        self._now = _earlier(self._now, inventory, moved)
        for parked in self._parked.pop(number, ()):
            self._now = {at: end for at, end in parked.now.items() if at in inventory} | self._now
            self._let_go = {at: end for at, end in parked.let_go.items() if at in inventory} | self._let_go
        self._shared |= shared_identities(inventory)
        return Since({old: now for old, now in self._now.items() if old != now}, dict(self._let_go), self._shared)


def _earlier(trails: Mapping[str, str], inventory: Mapping[str, str], moved: Mapping[str, str]) -> dict[str, str]:
    before = {moved.get(address, address): end for address, end in trails.items()}
    return {address: end for address, end in before.items() if address in inventory}


def _ended(trails: Mapping[str, str], inventory: Mapping[str, str], moved: Mapping[str, str]) -> dict[str, str]:
    return {address: end for address, end in trails.items() if moved.get(address, address) not in inventory}


def shared_identities(inventory: Mapping[str, str]) -> frozenset[Identity]:
    """Those that more than one address has; in their hidden form too."""
    counts = Counter(_identities(inventory))
    found = [identity for identity, count in counts.items() if count > 1]
    return frozenset(found) | {(kind, hidden_id(known)) for kind, known in found}


def by_identity(
    addresses: Iterable[str], inventory: Mapping[str, str], shared: frozenset[Identity] = frozenset()
) -> dict[Identity, str]:
    """Identity to address, of those whose id is theirs alone and says who they are."""
    pairs = [((type_of(address), inventory.get(address, "")), address) for address in addresses]
    counts = Counter(identity for identity, _ in pairs)
    return {
        identity: address
        for identity, address in pairs
        if counts[identity] == 1 and identity not in shared and is_telling(identity)
    }


def moved_addresses(
    coming: Iterable[str],
    leaving: Iterable[str],
    *,
    then: Mapping[str, str],
    now: Mapping[str, str],
    since: Since,
) -> dict[str, str]:
    """The address of then to today's, of things that are the same: as recorded, else by their ids.

    `coming` are the addresses that only then has, `leaving` those that only today has. What became another type
    (`moved` from `null_resource` to `terraform_data`) isn't among them: no engine moves it back.
    """
    coming, leaving = set(coming), set(leaving)
    pairs = ((old, new) for old, new in since.moved.items() if old in coming and new in leaving)
    recorded = {old: new for old, new in pairs if type_of(old) == type_of(new)}
    left = leaving - set(recorded.values())
    today = by_identity(left, now, since.shared)
    before = by_identity(coming - recorded.keys(), then, since.shared)
    return recorded | {before[identity]: today[identity] for identity in before.keys() & today.keys()}


def still_alive(
    gone: Iterable[str],
    *,
    then: Mapping[str, str],
    forgotten: Mapping[str, str],
    now: Mapping[str, str],
    since: Since,
) -> dict[str, str]:
    """Address of then to the id of its thing, which left the state without being destroyed.

    `forgotten` is address to id of what was let go since, `now` what the state holds: what it has again is not out
    there any more. What versions recorded decides, then the id; where both can't, the address: what stood there last
    was let go there.
    """
    back = {identity for identity in _identities(now) if is_telling(identity)}
    free = {address: known for address, known in forgotten.items() if (type_of(address), known) not in back}
    gone = set(gone) - now.keys()
    recorded = {old: at for old, at in since.let_go.items() if old in gone and at in free}
    waiting = sorted(gone - recorded.keys())
    free = {address: known for address, known in free.items() if address not in recorded.values()}
    let_go, before = by_identity(free, free), by_identity(waiting, then)
    found = {before[identity]: let_go[identity] for identity in before.keys() & let_go.keys()}
    left = free.keys() - set(found.values())
    at_address = {address: free[address] for address in waiting if address in left and address not in found}
    led = {address: forgotten[at] for address, at in sorted(recorded.items())}
    return led | {address: free[at] for address, at in sorted(found.items())} | at_address


def _identities(inventory: Mapping[str, str]) -> Iterator[Identity]:
    yield from ((type_of(address), known) for address, known in inventory.items())
