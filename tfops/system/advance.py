"""A branch that is moved forward, on the remote when there is one: never back, and never over what others pushed."""

from collections.abc import Callable

from tfops.system.git import GitFailed
from tfops.system.pinned import pinned_for
from tfops.system.remote import RemoteRefused, Swap, Update
from tfops.system.repository import Repository


def advance(repository: Repository, update: Update, *, refused: Callable[[str], Exception]) -> Swap:
    """Make a branch point to a commit that comes from where it points now; a new one where `old` is empty.

    LOST when it isn't there any more. Raises what `refused` makes of the remote's words where it says no,
    RemoteUnreachable where it doesn't answer, Refused where this clone can't be written to.
    """
    git, remote = repository.git, repository.remote
    if not remote:
        return _advance_here(repository, update)
    lease = f"--force-with-lease={update.ref}:{update.old}"
    argv = (*pinned_for(remote), "push", "--quiet", "--no-verify", "--no-signed", lease, "--end-of-options", remote)
    try:
        git.over_network(*argv, f"{update.new}:{update.ref}")
    except GitFailed as error:
        return _read_back(repository, update, error, refused)
    _follow(repository, update)
    return Swap.WON


def _advance_here(repository: Repository, update: Update) -> Swap:
    git = repository.git
    try:
        git.update_refs(f"update {update.ref} {update.new} {update.old}\n", {update.ref: update.new})
    except GitFailed as error:
        there = git.line("rev-parse", "--verify", "--quiet", "--end-of-options", update.ref)
        if there == update.new:
            return Swap.WON
        if there != update.old:
            return Swap.LOST
        from tfops.system.failures import not_written_here  # noqa: PLC0415 - read when something fails

        raise not_written_here(error, "") from error
    return Swap.WON


def _read_back(repository: Repository, update: Update, error: GitFailed, refused: Callable[[str], Exception]) -> Swap:
    """A push that failed may have arrived all the same, and a lost race may look like anything."""
    from tfops.system.failures import remote_failure  # noqa: PLC0415 - what hosts say: read when one fails

    failure = remote_failure(repository.git, error, is_push=True)
    try:
        done = repository.git.over_network("ls-remote", "--end-of-options", repository.remote, update.ref)
    except GitFailed:
        raise failure from error
    there = done.text.partition("\t")[0].strip()
    if there == update.new:
        _follow(repository, update)
        return Swap.WON
    if there != update.old:
        return Swap.LOST
    if isinstance(failure, RemoteRefused):
        raise refused(str(failure)) from error
    raise failure from error


def _follow(repository: Repository, update: Update) -> None:
    """What this clone knows of the remote's branch: a fetch of the user's may have been faster."""
    name = update.ref.removeprefix("refs/heads/")
    ref = f"refs/remotes/{repository.remote}/{name}"
    repository.git.update_refs(f"update {ref} {update.new}\n", {ref: update.new})
