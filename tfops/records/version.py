"""A version, and what listings know of it."""

import enum
from datetime import datetime
from typing import Any

from tfops.dataclass import dataclass
from tfops.records.names import CommitSha, EnvName


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """The n-th successful change of an environment, written `v1`, `v2`, …"""

    number: int

    def __str__(self) -> str:
        return f"v{self.number}"

    @classmethod
    def read(cls, text: str) -> "Version":
        """The version that is written so. Raises ValueError."""
        return cls(int(text.removeprefix("v")))

    @classmethod
    def __get_pydantic_core_schema__(cls, _kind: object, _handler: object) -> dict[str, Any]:
        """For `ledger/codec.py`: as text, as it is written everywhere."""
        read = {"type": "no-info", "function": cls.read}
        return {
            "type": "function-after",
            "function": read,
            "schema": {"type": "str"},
            "serialization": {"type": "to-string"},
        }

    @property
    def following(self) -> "Version":
        return Version(self.number + 1)


class Kind(enum.StrEnum):
    """Why a version came to be."""

    APPLY = "apply"
    ROLLBACK = "rollback"
    DESTROY = "destroy"
    ADOPT = "adopt"
    SURGERY = "surgery"


class Verified(enum.StrEnum):
    """What the checks of an environment said about a version."""

    PASSED = "passed"
    FAILED = "failed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A version as listings need it: what the tag's trailers carry, without opening the card.

    `only` names the stacks that are at the commit, empty when all are, `off` what its files switched off;
    `promoted_from` is the environment and version (`staging v12`) that it came from, empty where it wasn't promoted.
    `partial` names what alone was applied of its commit (`--target`), empty where all was.
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
    off: str = ""
    promoted_from: str = ""
    partial: str = ""

    @property
    def is_of_its_commit(self) -> bool:
        """Whether it is its commit, applied or taken over: whatever surgery did to its state since."""
        return self.kind in (Kind.APPLY, Kind.ADOPT) or (self.kind is Kind.SURGERY and self.restores is None)

    @property
    def tag(self) -> str:
        return tag_name(self.env, self.version)


def tag_name(env: EnvName, version: Version) -> str:
    """The tag that names a version, e.g. `tfops/prod/v12`."""
    return f"tfops/{env}/{version}"
