"""How what is used of a source stands to what the source offers."""

import enum

from tfops.dataclass import dataclass


class SourceKind(enum.StrEnum):
    """What has releases."""

    MODULE = "module"
    PROVIDER = "provider"


class Standing(enum.StrEnum):
    """`moving` takes another one by itself; `unknown` can't be told, `not-asked`: there was no answer."""

    BEHIND = "behind"
    CURRENT = "current"
    MOVING = "moving"
    UNKNOWN = "unknown"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Found:
    """What is taken, and the newest there is, empty where nobody knows; `why` of all that is neither behind nor
    current."""

    standing: Standing
    takes: str = ""
    newest: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class UsedSource:
    """A source in one version, or under one constraint, with all places that use it and how it stands."""

    kind: SourceKind
    source: str
    version: str
    places: tuple[str, ...]
    standing: Standing = Standing.NOT_ASKED
    takes: str = ""
    newest: str = ""
    why: str = ""
