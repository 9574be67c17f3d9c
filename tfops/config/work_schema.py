"""Blocks of tfops.yaml about how work is done: what is tried again, what runs around it."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

# Of all blocks: an unknown key is a mistake, and so is a value of another type.
STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class RetryBlock(BaseModel):
    """An error of the engine that passes: a regular expression over its words, how often it is tried, with pauses."""

    model_config = STRICT

    on: str
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    wait: str = "5s"


class HookConditionBlock(BaseModel):
    """When a hook runs; what isn't said is no condition."""

    model_config = STRICT

    commands: list[str] = Field(default_factory=list)
    environments: list[str] = Field(default_factory=list)
    exit_codes: list[Annotated[int, Field(ge=0, le=255)]] = Field(default_factory=list)


class HookBlock(BaseModel):
    """A program that runs around a change. `if` is a word of Python."""

    model_config = STRICT

    name: str = ""
    command: list[str]
    only: HookConditionBlock | None = Field(default=None, alias="if")
    env: list[str] = Field(default_factory=list)
    timeout: str = "1m"
    on_failure: Literal["fail", "warn"] = "fail"


class HooksBlock(BaseModel):
    """Hooks by the point at which they run; an environment's point replaces the project's."""

    model_config = STRICT

    before_init: list[HookBlock] | None = None
    after_init: list[HookBlock] | None = None
    before_plan: list[HookBlock] | None = None
    after_plan: list[HookBlock] | None = None
    before_apply: list[HookBlock] | None = None
    after_apply: list[HookBlock] | None = None
    after_rollback: list[HookBlock] | None = None
    on_error: list[HookBlock] | None = None


def block_of_hooks(path: Sequence[str | int]) -> type[BaseModel] | None:
    """Whose keys stand at a path; None where it isn't inside of `hooks`."""
    place = 0 if path[:1] == ("hooks",) else 2
    if tuple(path[place : place + 1]) != ("hooks",):
        return None
    inside = path[place + 1 :]
    return HookConditionBlock if "if" in inside else HookBlock if inside else HooksBlock
