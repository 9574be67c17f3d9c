"""`approve`: a person's yes to the plan that a run without a person may not apply by itself.

The yes is in the ledger, beside the note why the commit wasn't applied. It counts for that commit and that plan only.
"""

from collections.abc import Collection
from dataclasses import replace

from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.change.signing import require_signing
from tfops.commands.locks import append_event
from tfops.config.names import did_you_mean, shown
from tfops.errors import Refused
from tfops.ledger.chain import LedgerState, NewEvent
from tfops.records.blocked import Agreement, Declined
from tfops.records.event import EventKind
from tfops.system import clock
from tfops.views.reconcile import ApproveResult


def approve(project: Project, env: str, *, varying: Collection[str] = ()) -> ApproveResult:
    """`varying` are addresses whose values may be others than in the plan that was looked at, as timestamps are.

    Raises Refused (guard `nothing-to-approve`, `already-approved`, `not-planned`).
    """
    place = find_place(project, env)
    require_signing(project, place.rules)
    person = project.repository.person
    agreed: list[Declined] = []

    def event(present: LedgerState) -> NewEvent:
        declined = present.declined
        if declined is None or not declined.digest:
            raise Refused(
                "nothing-to-approve",
                f"nothing of {place.env} waits for a person",
                hint=f"what does: tfops status; what was planned: tfops log {place.env}",
            )
        _require_planned(varying, declined)
        mine = [part for part in declined.agreed if part.who == str(person)]
        if any(set(part.varying) >= set(varying) for part in mine):
            raise Refused("already-approved", f"{person} has approved this already: another person must")
        part = Agreement(who=str(person), at=clock.now(), varying=tuple(sorted(set(varying))))
        others = [part for part in declined.agreed if part not in mine]
        agreed[:] = [replace(declined, agreed=(*others, part))]
        text = f"{place.env}: {declined.commit[:8]} is approved by {person.name}: {declined.text}"
        return NewEvent(EventKind.APPROVED, text, declined=agreed[0])

    append_event(project, place.env, project.refs(place.rules), event)
    [part] = agreed
    missing = place.rules.environments[place.env].approvals - len(part.agreed)
    return ApproveResult(place.env, part.commit, part.digest, part.text, max(missing, 0))


def _require_planned(varying: Collection[str], declined: Declined) -> None:
    for address in varying:
        if address not in declined.prints:
            raise Refused(
                "not-planned",
                f"the plan that waits does nothing to {shown(address)}",
                hint=did_you_mean(address, declined.prints),
            )
