"""What the ledger's tree holds besides the card: lock, intent, trouble. All of it JSON, schema 1."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from tfops.ledger.card import ActionPart
from tfops.records.plan import ActionState, Print
from tfops.records.version import Kind


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class LockPart(_Part):
    """The exclusive right to change the environment. `clone` tells our own clone's locks from others'."""

    run_id: str
    clone: str
    who: str
    host: str
    pid: int
    what: str
    since: datetime
    expires_at: datetime | None = None
    reason: str = ""
    run: str = ""
    beneath: "LockPart | None" = None  # the lock by hand that this run found, and that stays when it ends

    @property
    def is_manual(self) -> bool:
        """Taken by `tfops lock`: no process stands behind it, and it doesn't expire."""
        return self.expires_at is None


class StackIntentPart(_Part):
    """The state that a stack's plan was made on."""

    lineage: str
    serial_before: int


class AimPart(_Part):
    """What a run is aimed at; enough to find its content again. `only` are the stacks it was narrowed to, none: all."""

    run_id: str
    kind: Kind
    commit: str
    branch: str = ""
    restores: int | None = None
    keeps_providers: bool = False
    rehearses: str = ""
    only: list[str] = []

    def aim(self) -> dict[str, Any]:
        """These fields alone, for another part about the same run."""
        return self.model_dump(include=set(AimPart.model_fields))


class IntentPart(AimPart):
    """What a run was about to do, written before the engine could change anything.

    `done` is address to id of what was made so far, `replaced` address to the ids of what was destroyed in its place;
    `actions` is what the plan was to run.
    """

    headline: str
    changes: int
    plan_digest: str
    stacks: dict[str, StackIntentPart]
    engine: str
    approved_by: str = ""
    approved_how: str = ""
    done: dict[str, str] = {}
    replaced: dict[str, list[str]] = {}
    actions: list[ActionPart] = []


class TroublePart(AimPart):
    """A change that stopped half-way: what was done, what failed, what nobody knows, what was never started.

    `lost` is address to id of what was made and isn't in the state, `replaced` address to the ids of what was
    destroyed in its place. `actions` are those that failed or were never run although their resource is done: no plan
    runs them again by itself.
    """

    by: str
    at: datetime
    receipt: str
    why: str = ""
    done: list[str] = []
    failed: list[str] = []
    in_doubt: list[str] = []
    never_started: list[str] = []
    lost: dict[str, str] = {}
    replaced: dict[str, list[str]] = {}
    actions: list[ActionPart] = []

    @property
    def pending_actions(self) -> list[ActionPart]:
        """The actions that still have to be run."""
        return [action for action in self.actions if action.result is not ActionState.DONE]


class DrilledPart(_Part):
    """How the way back to a version went when it was rehearsed; `seconds` and `digests` (of plans) by step."""

    place: str
    by: str
    at: datetime
    is_ok: bool
    why: str = ""
    seconds: dict[str, float] = {}
    digests: dict[str, str] = {}


class DrillsPart(_Part):
    """The newest drill of each version, by its name (`v41`)."""

    drills: dict[str, DrilledPart] = {}


class AgreedPart(_Part):
    """A person's yes to a plan that a run without a person may not apply by itself; `varying` values may differ."""

    who: str
    at: datetime
    varying: list[str] = []


class DeclinedPart(_Part):
    """A commit that was tried without a person and not applied: why, how often, and when to try again, if ever.

    `reason` is the guard's or the error's name; `digest` names the plan that a person must look at, `prints` are
    its parts, `agreed` is who did.
    """

    commit: str
    reason: str
    text: str
    tries: int
    by: str
    at: datetime
    retry_at: datetime | None = None
    digest: str = ""
    prints: dict[str, Print] = {}
    agreed: list[AgreedPart] = []


class WaitingPart(_Part):
    """A commit that a turn without a person left alone, and the name of the reason. Only ever told, never obeyed."""

    commit: str
    reason: str
    text: str
    by: str
    at: datetime


class HoldMark(_Part):
    """A hold set by hand on a version, or the word that the version's hold is lifted."""

    version: int
    reason: str
    by: str
    since: datetime
    is_lifted: bool = False


class DriftPart(_Part):
    """The real world was seen to differ from the version: since when, and where. `right_at`: last seen right."""

    version: int
    addresses: list[str]
    digest: str
    by: str
    at: datetime
    right_at: datetime | None = None
