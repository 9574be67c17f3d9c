"""Who holds the state's own lock, from the engine's refusal."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tfops.dataclass import dataclass
from tfops.records.engine_events import Diagnostic
from tfops.system import environ

# Up to 1.11, Terraform's `http` backend names the holder by its ID alone, and prints its own request as Lock Info.
_HOLDER = re.compile(r"already locked: ID=(\S+)")
_FIELD = re.compile(r"^\s*(ID|Operation|Who|Created):\s+(.+?)\s*$", re.MULTILINE)

# The lock's time comes from the engine's clock on this machine, the intent's is cut to seconds.
_SLACK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class StateLock:
    """The holder's lock, as far as Terraform says. Nobody is known to hold an anonymous one."""

    lock_id: str
    operation: str = ""
    who: str = ""
    created: datetime | None = None

    @property
    def is_anonymous(self) -> bool:
        return not self.who

    def is_of_dead_apply(self, since: datetime) -> bool:
        """Whether an apply of this user on this machine took it after `since`."""
        return self._is_ours("OperationTypeApply", since)

    def is_of_dead_command(self, since: datetime) -> bool:
        """Whether this user on this machine took it after `since`, whatever for."""
        return self._is_ours(self.operation, since)

    def is_of_ended_look(self, since: datetime) -> bool:
        """Whether a plan of this user on this machine took it after `since`: a look of ours that has ended.

        Or one by hand at the same moment. That one loses a lock under which it writes nothing.
        """
        return self._is_ours("OperationTypePlan", since)

    def _is_ours(self, operation: str, since: datetime) -> bool:
        user, host = environ.user_and_host()
        is_ours = self.who == f"{user}@{host}" and self.operation == operation
        return is_ours and self.created is not None and self.created >= since - _SLACK


def parse_lock(diagnostic: Diagnostic) -> StateLock | None:
    """None when the text holds no lock Info."""
    fields = dict(_FIELD.findall(diagnostic.detail))
    if "ID" not in fields:
        return None
    holder = _HOLDER.search(diagnostic.detail)
    if holder and holder[1] != fields["ID"]:
        return StateLock(holder[1])
    created = re.match(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", fields.get("Created", ""))
    moment = datetime.strptime(created[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) if created else None
    return StateLock(fields["ID"], fields.get("Operation", ""), fields.get("Who", ""), moment)


def clarified(diagnostic: Diagnostic) -> Diagnostic:
    """Without a Lock Info that isn't the holder's."""
    holder, held = _HOLDER.search(diagnostic.detail), parse_lock(diagnostic)
    if not holder or held is None or not held.is_anonymous:
        return diagnostic
    return replace(diagnostic, detail=f"{held.lock_id} holds it; this version of the engine doesn't say who that is.")
