"""The identity card: all that a version was, in the message of its tag.

The message is a line for people, the card as JSON, and trailers for listings. A card never contains
a secret. Unknown fields of the same schema are kept out of the way, so that cards can grow.
"""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tfops.errors import Refused
from tfops.records.addresses import qualified
from tfops.records.plan import ActionState
from tfops.records.version import Kind, Verified

SCHEMA = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class PersonPart(_Part):
    """Someone as Git knows them."""

    name: str
    email: str


class EnginePart(_Part):
    """The program that planned and applied."""

    name: str
    version: str


class CallerPart(_Part):
    """Whom AWS took the run for, as the provider asked."""

    account: str
    arn: str


class ModulePart(_Part):
    """Where a module came from; `digest` is the Git tree of a module of the repository."""

    source: str
    digest: str = ""


class PlanPart(_Part):
    """What was applied, in numbers. `digest` tells whether two plans do the same."""

    digest: str
    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    refreshed: bool = True


class ApprovalPart(_Part):
    """Who consented to which plan, when, and how (`terminal`, `--yes`, `--allow-destroy`)."""

    who: str
    when: datetime
    digest: str
    how: str


class HoldPart(_Part):
    """Why the environment must stay at this version although its branch moved on."""

    reason: str
    by: str
    since: datetime


class CheckPart(_Part):
    """How one check ended; `why` is in tfops' words, never what a command or a server said."""

    name: str
    result: Verified
    duration_s: float
    why: str = ""


class ActionPart(_Part):
    """An action that a plan was to run, and what became of it. `trigger` is a resource's address, or empty."""

    address: str
    trigger: str = ""
    event: str = ""
    result: ActionState


class VerifiedPart(_Part):
    """What the checks said about what runs."""

    result: Verified
    checks: list[CheckPart] = []


class DownloadPart(_Part):
    """A module that the engine downloaded: `digest` is over the files that it got."""

    source: str
    version: str = ""
    digest: str


class StackPart(_Part):
    """One state: where it is, its identity before and after, what it holds, and what made it.

    `lock_committed` is None on cards that don't know it. `commit` is where its content is from when that isn't the
    version's: the change was narrowed to other stacks. `moved` leads from an address to the one that it had before
    this version, `moves` from one to where the code's own `moved` blocks bring it. `lets_go` are blocks and modules
    that the code takes out of the state alive. `unread` are modules with a file that could not be read: all that they
    hold is among the `protected`. `guessed` are those of the `protected` whose `prevent_destroy` the inputs didn't
    decide. `kept` have `destroy = false`: the engine is to leave them alive.
    """

    backend: str
    lineage: str
    serial_before: int
    serial_after: int
    state_sha256: str
    providers: dict[str, str] = {}
    lock_digest: str = ""
    lock_committed: bool | None = None
    downloads: dict[str, DownloadPart] = {}
    types: dict[str, list[str]] = {}
    schema_versions: dict[str, int] = {}
    inventory: dict[str, str] = {}
    protected: list[str] = []
    guessed: list[str] = []
    kept: list[str] = []
    unread: list[str] = []
    forgotten: dict[str, str] = {}
    lets_go: list[str] = []
    moves: dict[str, str] = {}
    remade: dict[str, str] = {}
    moved: dict[str, str] = {}
    commit: str = ""


class Card(_Part):
    """The identity card, schema 1."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", defer_build=True, populate_by_name=True, serialize_by_alias=True
    )

    schema_version: int = Field(default=SCHEMA, alias="schema")
    run_id: str  # makes every tag object unique: the same object pushed twice would win twice
    project: str
    environment: str
    version: int
    kind: Kind
    commit: str
    branch: str = ""
    author: PersonPart
    applied_by: PersonPart
    applied_at: datetime
    duration_s: float
    run: str = ""
    from_version: int | None = None
    restores: int | None = None
    engine: EnginePart
    aws: CallerPart | None = None
    providers: dict[str, str] = {}
    modules: dict[str, ModulePart]
    config_digest: str
    rendered_digest: str
    plan: PlanPart
    checks: list[CheckPart] = []  # that the plan passed before it was applied
    approvals: list[ApprovalPart] = []
    actions: list[ActionPart] = []
    stacks: dict[str, StackPart]
    outputs: dict[str, Any] = {}
    hold: HoldPart | None = None
    verified: VerifiedPart | None = None
    keeps_providers: bool = False  # a rollback that ran with the providers of the version before it
    rehearses: str = ""  # the environment whose content a drill brought here
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


def encode_card(card: Card, headline: str) -> str:
    """The tag's message. `headline` becomes the part after `prod v18: `."""
    trailers = {
        "Tfops-Schema": str(card.schema_version),
        "Tfops-Kind": card.kind.value,
        "Tfops-Commit": card.commit,
        "Tfops-Branch": card.branch,
        "Tfops-By": card.applied_by.name,
        "Tfops-At": card.applied_at.isoformat(),
        "Tfops-Restores": f"v{card.restores}" if card.restores else "",
        "Tfops-Hold": card.hold.reason if card.hold else "",
        "Tfops-Verified": card.verified.result.value if card.verified else "",
        "Tfops-Only": ", ".join(card.only),
    }
    lines = [f"{name}: {_one_line(value)}" for name, value in trailers.items() if value]
    title = f"{card.environment} v{card.version}: {headline}"
    return f"{_one_line(title)}\n\n{card.model_dump_json(indent=2)}\n\n" + "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def decode_card(message: str, tag: str) -> Card:
    """The card in a tag's message.

    Raises Refused: guard `foreign-tag` when there is none, `newer-tfops` when its schema is newer.
    """
    start, end = message.find("\n{"), message.rfind("\n}\n")
    try:
        card = Card.model_validate_json(message[start : end + 2])
    except ValidationError as error:
        newer = _newer_schema(message)
        if newer:
            raise _made_by_newer(tag, newer) from error
        raise Refused(
            "foreign-tag",
            f"the tag `{tag}` holds no identity card that tfops can read",
            hint=f"look at it: git cat-file tag {tag}",
        ) from error
    if card.schema_version > SCHEMA:
        raise _made_by_newer(tag, card.schema_version)
    return card


def read_card_file(text: str, env: str) -> Card:
    """The card that a ledger holds as a file. Raises Refused (guards `damaged-ledger`, `newer-tfops`)."""
    try:
        card = Card.model_validate_json(text)
    except ValidationError as error:
        raise Refused(
            "damaged-ledger",
            f"`card.json` in the ledger of {env} can't be read",
            why=str(error).splitlines()[0],
            hint=f"look at it: git show refs/tfops/envs/{env}:card.json   (or upgrade tfops)",
        ) from error
    if card.schema_version > SCHEMA:
        raise _made_by_newer(f"refs/tfops/envs/{env}", card.schema_version)
    return card


def _newer_schema(message: str) -> int:
    for line in message.splitlines():
        name, _, value = line.partition(": ")
        if name == "Tfops-Schema" and value.isdecimal() and int(value) > SCHEMA:
            return int(value)
    return 0


def _made_by_newer(tag: str, schema: int) -> Refused:
    return Refused(
        "newer-tfops",
        f"the card of `{tag}` was written by a newer tfops (schema {schema}, this one knows {SCHEMA})",
        hint="upgrade tfops: tfops docs install says how",
    )
