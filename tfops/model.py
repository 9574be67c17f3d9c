"""The frozen values that stages hand each other. No behaviour that needs a door to the outside."""

import enum
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, NamedTuple, NewType

from tfops.dataclass import dataclass

EnvName = NewType("EnvName", str)
StackName = NewType("StackName", str)
CommitSha = NewType("CommitSha", str)

# An environment that is one file has one stack; the name is part of paths and of `{stack}`.
MAIN_STACK = StackName("main")


# The files of a rendered root.
MAIN_FILE = "main.tf.json"
BACKEND_FILE = "backend.tf.json"
VALUES_FILE = "terraform.tfvars.json"
ENCRYPTION_FILE = "encryption.tf.json"
LOCK_FILE = ".terraform.lock.hcl"


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """The n-th successful change of an environment, written `v1`, `v2`, …"""

    number: int

    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def following(self) -> "Version":
        return Version(self.number + 1)


class Kind(enum.StrEnum):
    """Why a version came to be."""

    APPLY = "apply"
    ROLLBACK = "rollback"
    DESTROY = "destroy"
    ADOPT = "adopt"


class Verified(enum.StrEnum):
    """What the checks of an environment said about a version."""

    PASSED = "passed"
    FAILED = "failed"
    NONE = "none"


class Verdict(enum.StrEnum):
    """What going back to a version comes to, from good to bad."""

    OK = "ok"
    BRIDGED = "bridged"
    KEEP_PROVIDERS = "keep-providers"
    DATA_LOSS = "data-loss"
    BLOCKED = "blocked"

    @property
    def badness(self) -> int:
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing to know before going back: `text` in words, the addresses or types, and what it would take.

    A reason with the verdict `ok` is a note: it changes nothing, but should be known.
    """

    name: str
    verdict: Verdict
    text: str
    subjects: tuple[str, ...] = ()
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a way back, with its reasons, worst first."""

    verdict: Verdict = Verdict.OK
    reasons: tuple[Reason, ...] = ()

    @property
    def deciding(self) -> tuple[Reason, ...]:
        """The reasons that make the verdict what it is; none for `ok`."""
        return tuple(reason for reason in self.reasons if reason.verdict is self.verdict is not Verdict.OK)


class Sync(enum.StrEnum):
    """What the agent does with a commit that changes an environment: apply it, nothing, or plan it for a person."""

    AUTO = "auto"
    MANUAL = "manual"
    PLAN = "plan"


class DriftPolicy(enum.StrEnum):
    """What the agent does about a real world that differs from the applied version."""

    IGNORE = "ignore"
    REPORT = "report"
    HEAL = "heal"


class InventoryPolicy(enum.StrEnum):
    """How much of a resource's id a card holds."""

    IDS = "ids"
    HASH = "hash"
    OFF = "off"


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
class Mark:
    """A place in a file of the project; line and column count from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake in the project's files: where, what, the line itself, and what to do."""

    mark: Mark
    message: str
    source_line: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone as Git knows them."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True, slots=True)
class Commit:
    """The facts about a commit that people ask for."""

    sha: CommitSha
    subject: str
    author: Person
    authored_at: datetime

    @property
    def short(self) -> str:
        return self.sha[:8]


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A version as listings need it: what the tag's trailers carry, without opening the card.

    `only` names the stacks that are at the commit, empty when all are.
    """

    env: EnvName
    version: Version
    kind: Kind
    commit: CommitSha
    branch: str
    applied_by: str
    applied_at: datetime
    summary: str
    restores: Version | None = None
    hold: str = ""
    verified: Verified = Verified.NONE
    only: str = ""

    @property
    def tag(self) -> str:
        return tag_name(self.env, self.version)


def tag_name(env: EnvName, version: Version) -> str:
    """The tag that names a version, e.g. `tfops/prod/v12`."""
    return f"tfops/{env}/{version}"


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


class ActionState(enum.StrEnum):
    """What became of an action that a plan was to run."""

    DONE = "done"
    FAILED = "failed"
    NEVER_RUN = "never run"


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
    what the digest is about, thing by thing.
    """

    changes: tuple[ResourceChange, ...]
    changed_outputs: tuple[str, ...]
    digest: str
    is_empty: bool
    unchanged: int = 0
    drift: tuple[ResourceChange, ...] = ()
    actions: tuple[Invocation, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    prints: Mapping[str, Print] = field(default_factory=dict, repr=False, metadata={"shown": False})

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


@dataclass(frozen=True, slots=True)
class StackState:
    """What tfops reads from a stack's state: identity and addresses, no attribute values but ids.

    `types` is each resource type with its provider's address, `output_kinds` each output's type as the state writes it.
    `types` is each resource type with its provider's address. `deposed` are the objects that a replacement could not
    delete: address and key to id.
    """

    lineage: str
    serial: int
    sha256: str
    inventory: Mapping[str, str]
    schema_versions: Mapping[str, int]
    outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    types: Mapping[str, str] = field(default_factory=dict)
    output_kinds: Mapping[str, Any] = field(default_factory=dict)
    deposed: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def is_absent(self) -> bool:
        return not self.lineage


ABSENT_STATE = StackState(lineage="", serial=0, sha256="", inventory={}, schema_versions={})


@dataclass(frozen=True, slots=True)
class Fetched:
    """A module from elsewhere as `init` got it. `digest` is over names and content of its files."""

    source: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class RenderedRoot:
    """The generated root module of a stack: file name to text. Same commit, same bytes."""

    files: Mapping[str, str]
    digest: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, since when, and for what."""

    who: str
    host: str
    pid: int
    what: str
    since: datetime
