"""Whether a change could be written down, before it is made."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial

from tfops.change.remote_answers import refusal
from tfops.change.snapshot import Snapshot
from tfops.change.target import Target
from tfops.errors import Refused
from tfops.ledger.record import LostRaceError, rehearsing_record
from tfops.system.parallel import meanwhile
from tfops.system.remote import RemoteUnreachable


def require_recordable(target: Target, facts: Snapshot) -> None:
    """Nobody is asked about a change that could be made but not recorded, on top of `facts`.

    Raises Refused, LostRaceError.
    """
    _tried_here(target, facts)()


@contextlib.contextmanager
def trying_to_record(target: Target, facts: Snapshot, *, at_once: bool) -> Iterator[Callable[[], None]]:
    """What is given raises as `require_recordable`. With `at_once` the remote is asked beside the block, else when
    the answer is asked for."""
    if not at_once:
        yield partial(require_recordable, target, facts)
        return
    with meanwhile(_tried_here(target, facts)) as answer:
        yield answer


def _tried_here(target: Target, facts: Snapshot) -> Callable[[], None]:
    """This clone is tried at once, the remote by what is returned. That raises for both: other refusals come first."""
    repository = facts.project.repository
    wanted = facts.present, target.next_number
    try:
        ask = rehearsing_record(repository, facts.refs, target.commit.sha, wanted)
    except (Refused, LostRaceError) as error:
        return partial(_raise, error)
    return lambda: _answered(ask, repository.remote)


def _answered(ask: Callable[[], None], remote: str) -> None:
    try:
        ask()
    except RemoteUnreachable as error:
        raise refusal(error, remote, "the change could not be recorded") from error


def _raise(error: Exception) -> None:
    raise error
