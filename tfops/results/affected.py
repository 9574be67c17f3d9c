"""The end of `affected`."""

from collections.abc import Mapping

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.names import CommitSha, EnvName


@dataclass(frozen=True, slots=True)
class AffectedEnvironment:
    """One that a commit touches: `base` is the commit that it was compared with, `reasons` say why in words.

    `is_removed` says that the commit's tfops.yaml doesn't know it any more.
    """

    env: EnvName
    branch: str
    base: CommitSha
    reasons: tuple[str, ...]
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class AffectedResult:
    """`bases` is branch to the commit where HEAD left it (an empty name: for all environments); `compared` says how
    many environments were looked at."""

    commit: CommitSha
    bases: Mapping[str, CommitSha]
    environments: tuple[AffectedEnvironment, ...]
    compared: int

    def exit_code(self, *, detailed: bool) -> Exit:
        return Exit.CHANGES if detailed and self.environments else Exit.DONE
