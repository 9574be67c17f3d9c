"""A commit that tfops made, brought to a branch: never by force."""

from tfops.records.names import CommitSha
from tfops.system.failures import remote_failure
from tfops.system.git import GitFailed, require_sha
from tfops.system.repository import Repository


def push_commit(repository: Repository, commit: CommitSha, branch: str) -> None:
    """Make it the head of the remote's branch. Raises RemoteUnreachable, RemoteRefused, also where the branch has
    commits that it hasn't."""
    spec = f"{require_sha(commit)}:refs/heads/{branch}"
    try:
        repository.git.over_network("push", "--quiet", "--end-of-options", repository.remote, spec)
    except GitFailed as error:
        raise remote_failure(repository.git, error, is_push=True) from error


def fast_forward(repository: Repository, commit: CommitSha) -> None:
    """Check it out, on the branch that is checked out: it must follow HEAD. Raises GitFailed."""
    repository.git.ask("merge", "--quiet", "--ff-only", "--no-stat", require_sha(commit))
