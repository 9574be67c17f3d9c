"""A commit checked out beside the user's work tree: whoever runs there sees nothing of what lies here."""

import shutil
from pathlib import Path

from tfops.records.names import CommitSha
from tfops.system import environ
from tfops.system.git import GitFailed, GitRunner, require_sha
from tfops.system.repository import Repository

# The files are those of the commit, whatever the user likes in their own work tree.
_AS_COMMITTED = (
    *("-c", "advice.detachedHead=false", "-c", "core.sparseCheckout=false"),
    *("-c", "core.autocrlf=false", "-c", "core.eol=lf"),
)


def check_out(git: GitRunner, commit: CommitSha, folder: Path) -> None:
    """Make `folder` a work tree of the commit, with nothing else in it. Raises GitFailed."""
    if (folder / ".git").is_file():
        inner = GitRunner(folder)
        try:
            inner.ask(*_AS_COMMITTED, "checkout", "--quiet", "--detach", "--force", require_sha(commit))
            inner.ask("clean", "--quiet", "-ffdx")
        except GitFailed:
            pass  # damaged, or pruned by someone: made anew
        else:
            return
    shutil.rmtree(folder, ignore_errors=True)
    git.ask("worktree", "prune")
    git.ask(*_AS_COMMITTED, "worktree", "add", "--quiet", "--force", "--detach", str(folder), require_sha(commit))


def remote_from_elsewhere(repository: Repository) -> dict[str, str]:
    """Variables that make Git find a remote with a relative path from another work tree too; mostly none."""
    url = repository.git.line("config", "--get", f"remote.{repository.remote}.url") if repository.remote else ""
    if not url.startswith(".") or ":" in url:
        return {}
    count = environ.variable("GIT_CONFIG_COUNT")
    number = int(count) if count.isdecimal() else 0
    return {
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": f"url.{(repository.root / url).resolve()}.insteadOf",
        f"GIT_CONFIG_VALUE_{number}": url,
    }


def forget_checkout(git: GitRunner, folder: Path) -> None:
    """Remove it, and Git's memory of it."""
    shutil.rmtree(folder, ignore_errors=True)
    git.ask("worktree", "prune")
