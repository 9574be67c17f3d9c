"""Which commit of a target's branch is the one that runs in the source, and what has to be done that it is there."""

import shlex
from collections.abc import Callable
from pathlib import Path

from tfops.change.remote_answers import refusal
from tfops.change.snapshot import Snapshot
from tfops.change.target import rules_from_branch_head
from tfops.errors import Refused
from tfops.ledger.record import LostRaceError
from tfops.records.names import CommitSha
from tfops.resolve.branches import matches
from tfops.system.advance import advance
from tfops.system.git import require_sha
from tfops.system.remote import RemoteUnreachable, Swap, Update
from tfops.system.repository import Repository


class Diverged(Refused):
    """The source's commit can't be put on the target's branch by moving that forward: it has to be merged.

    `branch` is the target's, `commit` the source's.
    """

    def __init__(self, branch: str, commit: CommitSha, *, guard: str, what: str, why: str) -> None:
        hint = f"git switch {branch} && git merge {commit[:12]} && git push; then promote again"
        super().__init__(guard, what, why=why, hint=hint)
        self.branch = branch
        self.commit = commit


def promoted_commit(
    facts: Snapshot, wanted: CommitSha, *, is_same: Callable[[CommitSha], bool]
) -> tuple[str, CommitSha, bool]:
    """The target's branch, the commit of it that is applied, and whether the branch has to be moved forward for it.

    On the branch it is the first commit that has the source's in it: itself, or its merge. `is_same` says whether a
    commit that doesn't come from it gives the target the same all the same, as a squashed merge does. Raises Diverged,
    Refused (guards `no-branch`, `several-branches`, `checked-out`).
    """
    repository, branch = facts.project.repository, target_branch(facts)
    head = repository.branch_head(branch)
    if head is None:
        raise Refused(
            "no-branch",
            f"there is no branch `{branch}`, which {facts.env} is bound to",
            hint=f"git push {repository.remote or '.'} {wanted}:refs/heads/{branch}",
        )
    if repository.is_ancestor(wanted, head):
        return branch, _first_with(repository, wanted, head), False
    if repository.is_ancestor(head, wanted):
        _require_not_checked_out(repository, branch, wanted)
        return branch, wanted, True
    if is_same(head):
        return branch, head, False
    what = f"`{branch}` has commits of its own: {wanted[:8]} has to be merged into it"
    why = f"`{branch}` is at {head[:8]}, which {wanted[:8]} doesn't come from"
    raise Diverged(branch, wanted, guard="diverged", what=what, why=why)


def move_branch(facts: Snapshot, branch: str, commit: CommitSha) -> bool:
    """Move the target's branch forward to the commit, where it isn't there yet; whether that was done.

    Raises LostRaceError when the branch went elsewhere meanwhile, Diverged when it may not be pushed to.
    """
    repository = facts.project.repository
    head = repository.branch_head(branch)
    if head is None or not repository.is_ancestor(head, commit):
        if head is not None and repository.is_ancestor(commit, head):
            return False
        raise LostRaceError
    if head == commit:
        return False
    _require_not_checked_out(repository, branch, commit)
    update = Update(f"refs/heads/{branch}", commit, head)
    try:
        swap = advance(repository, update, refused=lambda why: _may_not_push(branch, commit, why))
    except RemoteUnreachable as error:
        raise refusal(error, repository.remote, f"`{branch}` was not moved forward") from error
    if swap is Swap.LOST:
        raise LostRaceError
    return True


def _may_not_push(branch: str, commit: CommitSha, why: str) -> Diverged:
    what = f"`{branch}` may not be pushed to: {commit[:8]} has to be merged"
    return Diverged(branch, commit, guard="branch-protected", what=what, why=why)


def _require_not_checked_out(repository: Repository, branch: str, commit: CommitSha) -> None:
    """Without a remote the branch is the one of this clone: moved below a work tree, that would be in ruins."""
    folder = None if repository.remote else _checked_out_in(repository, branch)
    if folder is None:
        return
    is_here = folder == repository.root
    raise Refused(
        "checked-out",
        f"`{branch}` is checked out {'here' if is_here else f'in {folder}'}",
        hint=f"git {'' if is_here else f'-C {shlex.quote(str(folder))} '}merge --ff-only {commit[:12]}"
        "   (then promote again)",
    )


def _checked_out_in(repository: Repository, branch: str) -> Path | None:
    """Of all work trees of the repository that are still there."""
    listed = repository.git.ask("worktree", "list", "--porcelain").text.split("\n\n")
    for lines in (part.splitlines() for part in listed):
        if f"branch refs/heads/{branch}" in lines and not any(line.startswith("prunable") for line in lines):
            return Path(lines[0].removeprefix("worktree "))
    return None


def target_branch(facts: Snapshot) -> str:
    """The branch that the environment is bound to. Raises Refused (guard `several-branches`)."""
    pattern, latest = rules_from_branch_head(facts).environments[facts.env].branch, facts.latest
    if "*" not in pattern:
        return pattern
    if latest is not None and matches(pattern, latest.branch):
        return latest.branch
    raise Refused(
        "several-branches",
        f"{facts.env} is bound to `{pattern}`, and no version says which branch",
        hint=f"apply it once from the right one: tfops apply {facts.env}",
    )


def _first_with(repository: Repository, wanted: CommitSha, head: CommitSha) -> CommitSha:
    """Of what was merged or committed on the branch itself, the oldest that has the commit in it."""
    argv = ("rev-list", "--first-parent", "--reverse", "--parents", f"{require_sha(wanted)}..{require_sha(head)}")
    rows = [row.split() for row in repository.git.ask(*argv).text.splitlines()]
    found = next((row for row in rows if repository.is_ancestor(wanted, require_sha(row[0]))), None)
    return require_sha(found[0]) if found and found[1] != wanted else wanted
