"""Looking at the remote: whether anything moved since the last time."""

from tfops.change.project import Project
from tfops.dataclass import dataclass
from tfops.system.ref_snapshot import look_at_remote


@dataclass(slots=True)
class Watch:
    """One `git ls-remote` a look; what it saw is remembered as a digest, nothing grows."""

    project: Project
    ledger_ref: str
    _seen: str = ""

    def has_moved(self) -> bool:
        """Whether a branch or a ledger is another one than at the last look. Raises RemoteUnreachable."""
        digest = look_at_remote(self.project.repository, self.ledger_ref).digest
        moved, self._seen = digest != self._seen, digest
        return moved

    def forget(self) -> None:
        """Whatever comes next counts as moved: what was seen could not be acted upon."""
        self._seen = ""
