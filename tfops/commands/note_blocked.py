"""Why a commit is left alone goes into the ledger, once for each commit and reason, when nobody is asked."""

from collections.abc import Sequence

from tfops.change.project import Project
from tfops.change.remote_answers import in_a_line
from tfops.change.signing import require_signing
from tfops.change.ui import Ui
from tfops.config.project import ProjectConfig
from tfops.errors import Refused
from tfops.ledger.chain import NewEvent, prepare, read_present
from tfops.records.blocked import WaitingCommit
from tfops.records.decision import Decision
from tfops.records.event import EventKind
from tfops.system import clock
from tfops.system.remote import RemoteUnreachable, Swap, Update

_MOST_AT_ONCE = 100
_MOST_TRIES = 5
_LONGEST_TEXT = 500


def note_waiting(project: Project, rules: ProjectConfig, decisions: Sequence[Decision], ui: Ui) -> None:
    """Append what isn't in the ledgers yet, a hundred environments to a push.

    These events are informational: what can't be appended now is tried again by the next turn.
    """
    told = [found for found in decisions if found.waits]
    try:
        if told:
            require_signing(project, rules)
        for start in range(0, len(told), _MOST_AT_ONCE):
            _append(project, rules, told[start : start + _MOST_AT_ONCE])
    except RemoteUnreachable as error:
        ui.warn(f"{in_a_line(error)}: why commits wait is not in the ledger yet")
    except Refused as error:
        ui.warn(f"why commits wait could not be noted in the ledger: {error.what} ({error.guard})")


def _append(project: Project, rules: ProjectConfig, decisions: Sequence[Decision]) -> None:
    refs = project.refs(rules)
    person = project.repository.person
    for _ in range(_MOST_TRIES):
        updates = [update for found in decisions if (update := _update(project, found, person.name))]
        if not updates or refs.swap(*updates) is Swap.WON:
            return
        refs.fetch()


def _update(project: Project, found: Decision, by: str) -> Update | None:
    """None when it was said already, or while someone holds the environment: then the ledger is theirs."""
    present = read_present(project.repository, found.env)
    before = present.waiting
    if present.lock is not None or (before and (before.commit, before.reason) == (found.commit, found.word)):
        return None
    part = WaitingCommit(commit=found.commit, reason=found.word, text=found.text[:_LONGEST_TEXT], by=by, at=clock.now())
    text = f"{found.env} is left as it is ({part.reason}): {part.text}"
    return prepare(project.repository, present, NewEvent(EventKind.WAITING, text, waiting=part))
