"""`approve`: a person's yes to the plan that a run without a person may not apply by itself.

The yes is in the ledger, beside the note why the commit wasn't applied. It counts for that commit and that plan only.
"""

from tfops.errors import Refused
from tfops.flows.ground.project import Project
from tfops.flows.ground.signing import require_signing
from tfops.flows.ground.target import find_place
from tfops.flows.locks import append_event
from tfops.ledger.chain import EventKind, NewEvent, Present
from tfops.ledger.parts import AgreedPart, DeclinedPart
from tfops.results.sync import ApproveResult
from tfops.system import clock


def approve(project: Project, env: str) -> ApproveResult:
    """Raises Refused (guard `nothing-to-approve`, `already-approved`)."""
    place = find_place(project, env)
    require_signing(project, place.rules)
    person, _ = project.repository.identity()
    agreed: list[DeclinedPart] = []

    def event(present: Present) -> NewEvent:
        declined = present.declined
        if declined is None or not declined.digest:
            raise Refused(
                "nothing-to-approve",
                f"nothing of {place.env} waits for a person",
                hint=f"what does: tfops status; what was planned: tfops log {place.env}",
            )
        if any(part.who == str(person) for part in declined.agreed):
            raise Refused("already-approved", f"{person} has approved this already: another person must")
        part = AgreedPart(who=str(person), at=clock.now())
        agreed[:] = [declined.model_copy(update={"agreed": [*declined.agreed, part]})]
        text = f"{place.env}: {declined.commit[:8]} is approved by {person.name}: {declined.text}"
        return NewEvent(EventKind.APPROVED, text, declined=agreed[0])

    append_event(project, place.env, project.refs(place.rules), event)
    [part] = agreed
    missing = place.rules.environments[place.env].approvals - len(part.agreed)
    return ApproveResult(place.env, part.commit, part.digest, part.text, max(missing, 0))
