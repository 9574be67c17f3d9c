"""What a run is aimed at, was about to do, and how far it got."""

import enum
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import Any

from tfops.dataclass import dataclass
from tfops.records.action import ActionOutcome, ActionState
from tfops.records.printed import NOT_PRINTED
from tfops.records.promotion import PromotionSource
from tfops.records.version import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a run is aimed at; enough to find its content again. `only` are the stacks it was narrowed to, none: all.
    `replace_requested` are addresses that a person wanted made anew, `targets` those that alone were meant; `refreshed`
    and `parallelism` as on a card. `run_values` by stack, what its root was given of what only a run knows."""

    run_id: str = field(metadata=NOT_PRINTED)
    kind: Kind
    commit: str
    branch: str = field(default="", metadata=NOT_PRINTED)
    restores: int | None = field(default=None, metadata=NOT_PRINTED)
    keeps_providers: bool = field(default=False, metadata=NOT_PRINTED)
    rehearses: str = field(default="", metadata=NOT_PRINTED)
    only: tuple[str, ...] = field(default=(), metadata=NOT_PRINTED)
    promoted_from: PromotionSource | None = field(default=None, metadata=NOT_PRINTED)
    replace_requested: tuple[str, ...] = field(default=(), metadata=NOT_PRINTED)
    run_values: Mapping[str, Mapping[str, str]] = field(default_factory=dict, metadata=NOT_PRINTED)
    targets: tuple[str, ...] = field(default=(), metadata=NOT_PRINTED)
    refreshed: bool = field(default=True, metadata=NOT_PRINTED)
    parallelism: int = field(default=0, metadata=NOT_PRINTED)

    def aim(self) -> dict[str, Any]:
        """These fields alone, for another record about the same run."""
        return {name: getattr(self, name) for name in Aim.__slots__}


@dataclass(frozen=True, slots=True)
class StackIntent:
    """The state that a stack's plan was made on."""

    lineage: str
    serial_before: int


class Proof(enum.StrEnum):
    """Whether it is known that plans are empty after a move between states. One that waits for it is put back when it
    dies, one that has it is recorded."""

    NONE = ""
    WAITING = "waiting"
    GIVEN = "given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent(Aim):
    """What a run was about to do, written before the engine could change anything.

    `done` is address to id of what was made so far, `replaced` address to the ids of what was destroyed in its place;
    `actions` is what the plan was to run. `proof` says of a move between states whether its plans were empty yet;
    `follows` is the environment, to its run, with which it is proven as well.
    """

    headline: str
    changes: int
    plan_digest: str
    stacks: Mapping[str, StackIntent]
    engine: str
    approved_by: str = ""
    approved_how: str = ""
    done: Mapping[str, str] = field(default_factory=dict)
    replaced: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    actions: tuple[ActionOutcome, ...] = ()
    proof: Proof = Proof.NONE
    follows: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble(Aim):
    """A change that stopped half-way: what was done, what failed, what nobody knows, what was never started.

    `lost` is address to id of what was made and isn't in the state, `replaced` address to the ids of what was
    destroyed in its place. `actions` are those that failed or were never run although their resource is done: no plan
    runs them again by itself. `before` are the addresses that changes were at which stopped before this one, since the
    latest version.
    """

    by: str
    at: datetime
    receipt: str
    why: str = ""
    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    in_doubt: tuple[str, ...] = ()
    never_started: tuple[str, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict, metadata=NOT_PRINTED)
    replaced: Mapping[str, tuple[str, ...]] = field(default_factory=dict, metadata=NOT_PRINTED)
    actions: tuple[ActionOutcome, ...] = ()
    before: tuple[str, ...] = field(default=(), metadata=NOT_PRINTED)

    @property
    def addresses(self) -> frozenset[str]:
        """All that it speaks of, and those before it."""
        return frozenset((*self.done, *self.failed, *self.in_doubt, *self.never_started, *self.before))

    def after(self, before: "Trouble | None") -> "Trouble":
        """The same, on top of a change that stopped before it."""
        return replace(self, before=tuple(sorted(before.addresses - self.addresses))) if before else self

    @property
    def pending_actions(self) -> tuple[ActionOutcome, ...]:
        """The actions that still have to be run."""
        return tuple(action for action in self.actions if action.result is not ActionState.DONE)
