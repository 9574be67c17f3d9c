"""What a plan does, as people and guards read it."""

import enum
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import NamedTuple

from tfops.dataclass import dataclass
from tfops.records.names import StackName
from tfops.records.printed import NOT_PRINTED


class Action(enum.StrEnum):
    """What a plan does to one resource; the order is the order of display, worst first.

    `detach` makes a new object and lets the old one live outside of the state (`destroy = false`). `clean-up` deletes
    a deposed object: what an earlier replacement could not delete. The live object at its address isn't touched by it.
    """

    DELETE = "delete"
    REPLACE = "replace"
    DETACH = "detach"
    UPDATE = "update"
    CREATE = "create"
    IMPORT = "import"
    MOVE = "move"
    FORGET = "forget"
    CLEAN_UP = "clean-up"
    READ = "read"


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """One attribute that a plan changes; values are text, already safe to show."""

    path: str
    before: str
    after: str
    forces_replacement: bool = False


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What a plan does to one resource, and the engine's reason.

    `is_duplicate`: it is created although the one that stood at its address was let go alive, and still exists.
    `resource_id` is the id of the object that goes or is left alone; `deposed` is the key of one that is no longer
    the live one at its address. `against_keep`: the object is destroyed although a version concerned says
    `destroy = false`.
    """

    address: str
    resource_type: str
    action: Action
    reason: str = ""
    previous_address: str = ""
    attributes: tuple[AttributeChange, ...] = ()
    is_duplicate: bool = False
    resource_id: str = ""
    deposed: str = ""
    against_keep: bool = False

    @property
    def loses_data(self) -> bool:
        """Whether the live object at the address goes, or is exchanged for a new one."""
        return self.action in (Action.DELETE, Action.REPLACE, Action.DETACH)

    @property
    def label(self) -> str:
        """The address; of a deposed object in the engine's own words, so that it isn't taken for the live one."""
        return f"{self.address} (deposed object {self.deposed})" if self.deposed else self.address


@dataclass(frozen=True, slots=True)
class Invocation:
    """An action that a plan runs: work at apply that no resource stands for.

    `trigger` is the resource whose change runs it and `event` when (`after create`); both are empty for one that is
    invoked by hand.
    """

    address: str
    action_type: str
    trigger: str = ""
    event: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stack that takes what isn't known before others are applied. With a `why` it can't even be previewed."""

    stack: StackName
    upstream: tuple[StackName, ...]
    why: str = ""


class Print(NamedTuple):
    """What tells one change from another: digests over what is done, and over that with the values."""

    what: str
    whole: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A saved plan as people and guards read it.

    `digest` is the sha256 of the normalized changes: two plans with the same digest do the same.
    `is_empty` is the engine's own verdict (exit code 0 of `-detailed-exitcode`). `drift` is what changed
    in the real world since the state was written: not planned, found. Over several stacks the addresses are
    qualified (`network/…`), and what `waiting` stacks will do is planned again when it can be known. `prints` are
    what the digest is about, thing by thing. `targets` are the addresses that a person narrowed it to: it says nothing
    of what else the commit wants.
    """

    changes: tuple[ResourceChange, ...]
    changed_outputs: tuple[str, ...]
    digest: str
    is_empty: bool
    unchanged: int = 0
    drift: tuple[ResourceChange, ...] = ()
    actions: tuple[Invocation, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    prints: Mapping[str, Print] = field(default_factory=dict, repr=False, metadata=NOT_PRINTED)
    targets: tuple[str, ...] = ()

    def count(self, action: Action) -> int:
        return sum(change.action is action for change in self.changes)

    @property
    def losing(self) -> tuple[ResourceChange, ...]:
        """The changes that delete a real thing, or delete and create it anew."""
        return tuple(change for change in self.changes if change.loses_data)

    @property
    def leaving(self) -> tuple[ResourceChange, ...]:
        """The changes that take a thing out of the state and leave it alive: let go, or replaced by a new one."""
        return tuple(change for change in self.changes if change.action in (Action.FORGET, Action.DETACH))

    @property
    def duplicates(self) -> tuple[ResourceChange, ...]:
        """The changes that make a second one of what still exists outside of the state."""
        return tuple(change for change in self.changes if change.is_duplicate)

    @property
    def work(self) -> tuple[ResourceChange, ...]:
        """The changes without the reads that only happen on the way."""
        return tuple(change for change in self.changes if change.action is not Action.READ)

    def headline(self) -> str:
        """`3 created, 1 updated, 0 replaced, 0 deleted`, plus the rarer kinds when there are any."""
        words = [(Action.CREATE, "created"), (Action.UPDATE, "updated")]
        words += [(Action.REPLACE, "replaced"), (Action.DELETE, "deleted")]
        rare = [(Action.DETACH, "replaced with the old one left alive"), (Action.IMPORT, "imported")]
        rare += [(Action.MOVE, "moved"), (Action.FORGET, "forgotten"), (Action.CLEAN_UP, "deposed deleted")]
        words += [(action, word) for action, word in rare if self.count(action)]
        counts = [f"{self.count(action)} {word}" for action, word in words]
        ran = f"{len(self.actions)} {'action' if len(self.actions) == 1 else 'actions'} run"
        return ", ".join([*counts, ran] if self.actions else counts)


_COUNTED = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)


def totals(plans: Iterable[Plan]) -> str:
    """`27 to create, 1 to delete`; what nobody does isn't said."""
    counts, ran = Counter[Action](), 0
    for plan in plans:
        counts.update(change.action for change in plan.work)
        ran += len(plan.actions)
    words = {Action.DETACH: "replace with the old one left alive", Action.CLEAN_UP: "delete, deposed"}
    order = sorted((action for action in Action if counts[action]), key=lambda action: action not in _COUNTED)
    listed = [f"{counts[action]} to {words.get(action, action)}" for action in order]
    listed += [f"{ran} {'action' if ran == 1 else 'actions'} to run"] if ran else []
    return ", ".join(listed) or "only outputs change"
