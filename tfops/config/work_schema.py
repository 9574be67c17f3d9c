"""Blocks of tfops.yaml about how work is done: what is tried again."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# Of all blocks: an unknown key is a mistake, and so is a value of another type.
STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class RetryBlock(BaseModel):
    """An error of the engine that passes: a regular expression over its words, how often it is tried, with pauses."""

    model_config = STRICT

    on: str
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    wait: str = "5s"
