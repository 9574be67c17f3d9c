"""`hold`, and the half of `resume` that lets an environment go on: said on top of the latest version, in the ledger."""

from tfops.change.environment import find_place
from tfops.change.lease import require_free
from tfops.change.project import Project
from tfops.change.signing import require_signing
from tfops.commands.locks import append_event
from tfops.config.names import one_line
from tfops.errors import Refused, UsageError
from tfops.ledger.chain import LedgerState, NewEvent, read_present
from tfops.ledger.versions import known_versions
from tfops.records.event import EventKind
from tfops.records.hold import HoldMark
from tfops.records.names import EnvName
from tfops.records.version import VersionRecord
from tfops.system import clock
from tfops.views.lock import HoldResult


def hold(project: Project, env: str, reason: str) -> HoldResult:
    """Keep an environment at its version until `resume`. Raises Refused (guard `never-applied`)."""
    reason = one_line(reason)
    if not reason:
        raise UsageError("the reason is empty", hint=f"tfops hold {env} --reason TEXT")
    place = find_place(project, env)
    require_signing(project, place.rules)
    person = project.repository.person
    held: list[VersionRecord] = []

    def event(present: LedgerState) -> NewEvent:
        latest = _latest(project, place.env)
        _require_quiet(project, present)
        held[:] = [latest]
        mark = HoldMark(version=latest.version.number, reason=reason, by=person.name, since=clock.now())
        text = f"{place.env} is held at {latest.version} by {person.name}: {reason}"
        return NewEvent(EventKind.HELD, text, hold=mark)

    append_event(project, place.env, project.refs(place.rules), event)
    return HoldResult(place.env, held[0].version, reason, is_held=True)


def lift(project: Project, env: str) -> HoldResult | None:
    """Let a held environment go on; None when it isn't held, or when a change stopped half-way that comes first."""
    place = find_place(project, env)
    project.fetch_for_change(place.rules)
    if not _held_for(project, read_present(project.repository, place.env)):
        return None
    require_signing(project, place.rules)
    person = project.repository.person
    reasons: list[str] = []

    def event(present: LedgerState) -> NewEvent:
        latest = _latest(project, place.env)
        _require_quiet(project, present)
        reasons[:] = [present.hold_on(latest)]
        mark = HoldMark(
            version=latest.version.number, reason=reasons[0], by=person.name, since=clock.now(), is_lifted=True
        )
        text = f"the hold of {place.env} at {latest.version} is lifted by {person.name}: {reasons[0]}"
        return NewEvent(EventKind.LIFTED, text, hold=mark)

    append_event(project, place.env, project.refs(place.rules), event)
    return HoldResult(place.env, _latest(project, place.env).version, reasons[0], is_held=False)


def _held_for(project: Project, present: LedgerState) -> str:
    is_stopped = present.trouble is not None
    return "" if is_stopped else present.hold_on(known_versions(project.repository, present.env).latest)


def _latest(project: Project, env: EnvName) -> VersionRecord:
    latest = known_versions(project.repository, env).latest
    if latest is None:
        raise Refused("never-applied", f"{env} has no version yet: there is nothing to hold", hint=f"tfops lock {env}")
    return latest


def _require_quiet(project: Project, present: LedgerState) -> None:
    """A run that is under way gives its lock back on the event that it knows: nothing is put between."""
    if present.lock is not None and not present.lock.is_manual:
        require_free(project, present)
