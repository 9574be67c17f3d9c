"""Whether the ledger of an environment is here at all: a fork carries branches and tags, and leaves it out."""

from tfops.errors import Refused
from tfops.ledger.versions import list_latest
from tfops.records.names import EnvName
from tfops.system.remote import LEDGERS
from tfops.system.repository import Repository

_HINT = """\
in a fork: change the environment from a clone of the original
        the repository moved: git clone --mirror OLD all.git && git -C all.git push --mirror NEW
        the ledger is lost for good, and nobody holds the environment: tfops unlock {env} --force"""


def require_ledger(repository: Repository, env: EnvName, head: str) -> None:
    """Raises Refused (guard `missing-ledger`) where versions stand, but nothing of the ledgers that recorded them.

    Whoever began another ledger there would change the same environment beside those who hold its lock. `head` is
    the ledger's, empty when this clone, which has fetched, knows none.
    """
    if head:
        return
    recorded = {name: listing.latest.version for name, listing in list_latest(repository).items() if listing.latest}
    if not recorded or (env not in recorded and _has_ledgers(repository)):
        return
    named = env if env in recorded else next(iter(sorted(recorded)))
    raise Refused(
        "missing-ledger",
        f"{named} is at {recorded[named]}, but its ledger is not here: who is changing {env} can't be seen",
        why="forks, imports and plain copies of a repository have its tags, but not `refs/tfops/*`; "
        "or it was deleted on the remote",
        hint=_HINT.format(env=env),
    )


def _has_ledgers(repository: Repository) -> bool:
    return repository.git.line("for-each-ref", "--count=1", "--format=%(refname)", f"{LEDGERS}/") != ""
