"""What the engine printed in one run, kept for those who weren't there."""

from datetime import datetime

from tfops.dataclass import dataclass
from tfops.records.commit import Person


@dataclass(frozen=True, slots=True)
class LogLine:
    """One message of the engine, masked. `command` is its first word (`plan`), `at` is None where it told no time."""

    stack: str
    command: str
    at: datetime | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLog:
    """A run of the engine in one environment. `version` is what it was recorded as; None: it stopped, `why` says how.

    `left_out` lines between the first and the last were too many to be kept.
    """

    env: str
    run_id: str
    kind: str
    commit: str
    version: int | None = None
    why: str = ""
    at: datetime
    by: Person
    lines: tuple[LogLine, ...] = ()
    left_out: int = 0

    @property
    def outcome(self) -> str:
        """`v12`, or that it stopped."""
        return f"v{self.version}" if self.version else "stopped"
