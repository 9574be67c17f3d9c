"""The branch that a copy's files are committed to."""

from tfops.change.project import Project
from tfops.change.remote_answers import refusal
from tfops.config.names import BRANCH_RULE, is_branch_pattern, shown
from tfops.errors import Refused, UsageError
from tfops.forge.ci import branch_named_by_ci
from tfops.records.names import CommitSha, EnvName
from tfops.resolve.branches import matches
from tfops.system import signals
from tfops.system.branches import fast_forward, push_commit
from tfops.system.git import GitFailed, RemoteUnreachable


def require_place(project: Project, pattern: str, copy: EnvName, *, applies: bool) -> str:
    """The branch that is checked out; where it `applies`, one that the copy is bound to, as the remote has it.

    Raises Refused (guards of an apply: `detached-head`, `dirty`, `wrong-branch`, `behind`).
    """
    if not is_branch_pattern(pattern):
        raise UsageError(f"{shown(pattern)} can't be a branch pattern", why=BRANCH_RULE)
    repository = project.repository
    branch = repository.branch or branch_named_by_ci()
    if not branch:
        raise Refused("detached-head", "HEAD is detached: there is no branch to commit to", hint="git switch BRANCH")
    if uncommitted := repository.uncommitted():
        what = f"there are changes that are not committed: {', '.join(uncommitted[:3])}"
        raise Refused("dirty", what, hint="git add -A && git commit")
    if applies:
        _require_branch(project, branch, pattern, copy)
    return branch


def _require_branch(project: Project, branch: str, pattern: str, copy: EnvName) -> None:
    repository = project.repository
    if not matches(pattern, branch):
        hint = f"git switch {pattern}, or bind it to another branch: --branch {branch}; only commit: --no-apply"
        raise Refused("wrong-branch", f"{copy} would be bound to `{pattern}`, this is `{branch}`", hint=hint)
    there = repository.branch_head(branch) if repository.remote else None
    if there is not None and there != repository.head:
        what = f"`{branch}` isn't what `{repository.remote}` has"
        raise Refused("behind", what, hint=f"git pull --rebase {repository.remote} {branch} && git push")


def bring_to_branch(project: Project, commit: CommitSha, branch: str, *, pushes: bool) -> None:
    """Push it, then check it out. Raises Refused with everything as it was where the remote doesn't take it."""
    repository = project.repository
    with signals.deferred(f"The commit {commit[:8]} is on `{branch}`."):
        if pushes and repository.remote:
            try:
                push_commit(repository, commit, branch)
            except RemoteUnreachable as error:
                found = refusal(error, repository.remote, f"`{branch}` could not be pushed")
                found.hint = f"{found.hint}; by a merge request: on a branch of your own, with --no-apply"
                raise found from error
        try:
            fast_forward(repository, commit)
        except GitFailed as error:
            state = f"The commit {commit[:8]} is on `{repository.remote}`, and not checked out." if pushes else ""
            raise Refused("dirty", "the files can't be checked out", why=error.stderr, state=state) from error
