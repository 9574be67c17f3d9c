"""The identity card: all that a version was. It never contains a secret."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from tfops.dataclass import dataclass
from tfops.records.action import ActionOutcome
from tfops.records.addresses import qualified
from tfops.records.check import CheckOutcome, Verification
from tfops.records.commit import Person
from tfops.records.download import Download
from tfops.records.hold import Hold
from tfops.records.hook import HookOutcome
from tfops.records.promotion import PromotionSource
from tfops.records.version import Kind

SCHEMA = 1
_FEW = 3


@dataclass(frozen=True, slots=True)
class EngineUsed:
    """The program that planned and applied."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class AwsCaller:
    """Whom AWS took the run for, as the provider asked."""

    account: str
    arn: str


@dataclass(frozen=True, slots=True)
class ModuleUsed:
    """Where a module came from; `digest` is the Git tree of a module of the repository."""

    source: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What was applied, in numbers. `digest` tells whether two plans do the same; not `refreshed`: the plan took the
    state's word for what is real."""

    digest: str
    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    refreshed: bool = True


@dataclass(frozen=True, slots=True)
class Approval:
    """Who consented to which plan, when, and how (`terminal`, `--yes`, `--allow-destroy`)."""

    who: str
    when: datetime
    digest: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRecord:
    """One state: where it is, its identity before and after, what it holds, and what made it.

    `lock_committed` is None on cards that don't know it. `commit` is where its content is from when that isn't the
    version's: the change was narrowed to other stacks. `moved` leads from an address to the one that it had before
    this version, `moves` from one to where the code's own `moved` blocks bring it; `imported` are those that this
    version took in alive. `lets_go` are blocks and modules that the code takes out of the state alive. `unread` are
    modules with a file that could not be read: all that they hold is among the `protected`. `guessed` are those of the
    `protected` whose `prevent_destroy` the inputs didn't decide. `kept` have `destroy = false`: the engine is to leave
    them alive. `run_values` are what its root was given of what only a run knows, by name (`git.commit`). `targets` are
    the addresses that the apply of its content was narrowed to (`--target`): what else the content says may not be
    there.
    """

    backend: str
    lineage: str
    serial_before: int
    serial_after: int
    state_sha256: str
    providers: Mapping[str, str] = field(default_factory=dict)
    lock_digest: str = ""
    lock_committed: bool | None = None
    downloads: Mapping[str, Download] = field(default_factory=dict)
    types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    schema_versions: Mapping[str, int] = field(default_factory=dict)
    inventory: Mapping[str, str] = field(default_factory=dict)
    protected: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    forgotten: Mapping[str, str] = field(default_factory=dict)
    lets_go: tuple[str, ...] = ()
    moves: Mapping[str, str] = field(default_factory=dict)
    remade: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    imported: tuple[str, ...] = ()
    commit: str = ""
    run_values: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The identity card, schema 1."""

    schema: int = SCHEMA
    run_id: str  # makes every tag object unique: the same object pushed twice would win twice
    project: str
    environment: str
    version: int
    kind: Kind
    commit: str
    branch: str = ""
    author: Person
    applied_by: Person
    applied_at: datetime
    duration_s: float
    run: str = ""
    from_version: int | None = None
    restores: int | None = None
    engine: EngineUsed
    aws: AwsCaller | None = None
    providers: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, ModuleUsed]
    config_digest: str
    rendered_digest: str
    plan: PlanSummary
    replace_requested: tuple[str, ...] = ()  # what a person wanted made anew although nothing of it changed
    parallelism: int = 0  # how much the engine did at once, where a person said so
    checks: tuple[CheckOutcome, ...] = ()  # that the plan passed before it was applied
    approvals: tuple[Approval, ...] = ()
    actions: tuple[ActionOutcome, ...] = ()
    stacks: Mapping[str, StackRecord]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    hold: Hold | None = None
    verified: Verification | None = None
    hooks: tuple[HookOutcome, ...] = ()  # that ran around the change, in their order
    keeps_providers: bool = False  # a rollback that ran with the providers of the version before it
    rehearses: str = ""  # the environment whose content a drill brought here
    off: tuple[str, ...] = ()  # what its files switched off
    promoted_from: PromotionSource | None = None
    tfops: str

    @property
    def inventory(self) -> dict[str, str]:
        """Address to id, over all stacks."""
        return {
            qualified(name, address): known
            for name, stack in self.stacks.items()
            for address, known in stack.inventory.items()
        }

    @property
    def forgotten(self) -> dict[str, str]:
        """Address to id of what left the state alive, over all stacks."""
        return {
            qualified(name, address): known
            for name, stack in self.stacks.items()
            for address, known in stack.forgotten.items()
        }

    @property
    def moved(self) -> dict[str, str]:
        """Address to the one before this version, over all stacks."""
        return {
            qualified(name, address): qualified(name, before)
            for name, stack in self.stacks.items()
            for address, before in stack.moved.items()
        }

    @property
    def is_its_own_content(self) -> bool:
        """Whether going back to it means itself, and not what it restored: its stacks are of several commits, or it
        ran with other providers."""
        return self.keeps_providers or any(part.commit for part in self.stacks.values())

    @property
    def only(self) -> tuple[str, ...]:
        """The stacks whose content is the version's; empty when it is that of all."""
        mixed = any(part.commit for part in self.stacks.values())
        return tuple(sorted(name for name, part in self.stacks.items() if not part.commit)) if mixed else ()

    @property
    def targets(self) -> tuple[str, ...]:
        """What the applies of its content were narrowed to, over all stacks; nothing where it is whole."""
        return tuple(qualified(name, address) for name, stack in self.stacks.items() for address in stack.targets)

    @property
    def partial(self) -> str:
        """The same in a few words, for listings."""
        few, more = self.targets[:_FEW], len(self.targets) - _FEW
        return ", ".join(few) + (f" and {more} more" if more > 0 else "")

    @property
    def protected(self) -> frozenset[str]:
        """The addresses of all stacks that may not be lost unnamed."""
        return frozenset(qualified(name, address) for name, stack in self.stacks.items() for address in stack.protected)

    @property
    def guessed(self) -> frozenset[str]:
        """Those of the protected whose protection is a guess."""
        return frozenset(qualified(name, address) for name, stack in self.stacks.items() for address in stack.guessed)

    @property
    def kept(self) -> frozenset[str]:
        """The addresses of all stacks that the engine is to leave alive."""
        return frozenset(qualified(name, address) for name, stack in self.stacks.items() for address in stack.kept)
