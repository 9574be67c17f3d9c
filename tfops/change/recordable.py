"""Whether a change could be written down, before it is made."""

from tfops.change.remote_answers import refusal
from tfops.change.snapshot import Snapshot
from tfops.change.target import Target
from tfops.ledger.record import rehearse_record
from tfops.system.remote import RemoteUnreachable


def require_recordable(target: Target, facts: Snapshot) -> None:
    """Nobody is asked about a change that could be made but not recorded, on top of `facts`.

    Raises Refused, LostRaceError.
    """
    repository = facts.project.repository
    try:
        rehearse_record(repository, facts.refs, target.commit.sha, (facts.present, target.next_number))
    except RemoteUnreachable as error:
        raise refusal(error, repository.remote, "the change could not be recorded") from error
