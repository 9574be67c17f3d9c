"""Whether a change could be written down, before it is made."""

from tfops.change.project import Project
from tfops.change.remote_answers import refusal
from tfops.change.target import Target
from tfops.ledger.chain import LedgerState
from tfops.ledger.record import rehearse_record
from tfops.system.remote import Refs, RemoteUnreachable


def require_recordable(project: Project, target: Target, refs: Refs, present: LedgerState) -> None:
    """Nobody is asked about a change that could be made but not recorded. Raises Refused, LostRaceError."""
    number, commit = target.listing.highest + 1, target.commit.sha
    try:
        rehearse_record(project.repository, refs, commit, (present, number))
    except RemoteUnreachable as error:
        raise refusal(error, project.repository.remote, "the change could not be recorded") from error
