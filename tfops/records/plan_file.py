"""A plan in a file of its own: what `plan --out` writes, and `apply --plan` holds against the world as it is then."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from tfops.dataclass import dataclass
from tfops.records.card import EngineUsed
from tfops.records.commit import Person

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPlanFile:
    """One stack's plan: the engine's own file in base64, with every value in it in clear.

    `is_empty` is the engine's verdict. `secrets` is a digest over the values that were looked up for it.
    """

    plan: str = field(repr=False)
    is_empty: bool
    lock_digest: str
    secrets: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """The plan of a commit, all that must be the same when it is applied, and what a person said of it.

    `code` is the sha256 over what the engine was given, `digest` the plan's. `states` are lineage and serial of each
    state that it depends on (`serial 7 of LINEAGE`, empty for none), `only` the stacks that it was narrowed to. `salt`
    makes the digests over secrets its own.
    """

    schema: int = SCHEMA
    project: str
    environment: str
    commit: str
    code: str
    digest: str
    engine: EngineUsed
    by: Person
    at: datetime
    run: str = ""
    salt: str = field(repr=False)
    stacks: Mapping[str, StackPlanFile]
    states: Mapping[str, str]
    only: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    replace_requested: tuple[str, ...] = ()
    refreshed: bool = True
    parallelism: int = 0
    tfops: str
