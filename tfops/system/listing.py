"""Which files of a folder are anybody's business: those that Git tracks, or would track."""

import os
import re
from pathlib import Path

from tfops.errors import Refused
from tfops.system.git import GitFailed, GitRunner

_LISTED = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")


def repository_top(folder: Path) -> Path | None:
    """The top of the work tree that a folder is in; None when it is in none."""
    try:
        return Path(GitRunner(folder).ask("rev-parse", "--show-toplevel").text.rstrip("\n"))
    except GitFailed:
        return None


def kept_files(folder: Path, scratch: Path, *, anyway: bool) -> list[str]:
    """Every file below a folder but those that Git ignores, by its path inside; links as links.

    Git itself says so: by `.gitignore` here and above, `.git/info/exclude` and the user's own excludes. With
    `anyway` it doesn't count that the folder as a whole is ignored. Outside of any repository `scratch` stands for
    one. Raises Refused (guard `adopt`) for a repository inside of it.
    """
    git, top = GitRunner(folder), repository_top(folder)
    if top is None:
        GitRunner(scratch).ask("init", "--quiet", "--bare", str(scratch / "listing.git"))
        done = git.ask(f"--git-dir={scratch / 'listing.git'}", f"--work-tree={folder.resolve()}", *_LISTED)
    else:
        done = git.ask(*_LISTED, *(_wanted_all_the_same(folder, top) if anyway else ()))
    found = sorted({name for name in os.fsdecode(done.stdout).split("\0") if name})
    for name in found:
        if (folder / name).is_dir() and not (folder / name).is_symlink():
            raise Refused(
                "adopt", f"`{folder / name}` is a Git repository of its own", hint="put its files in its place"
            )
    return [name for name in found if (folder / name).is_symlink() or (folder / name).is_file()]


def _wanted_all_the_same(folder: Path, top: Path) -> list[str]:
    """What undoes that the folder, or one above it, is ignored: the command line has the last word."""
    inside = folder.resolve().relative_to(top.resolve()).parts
    paths = ("/".join(inside[: count + 1]) for count in range(len(inside)))
    return [f"--exclude=!/{_quoted(path)}/" for path in paths]


def _quoted(path: str) -> str:
    return re.sub(r"([\\*?\[\] ])", r"\\\1", path)


def is_ignored(path: Path) -> bool:
    """Whether Git ignores a file that it doesn't track."""
    try:
        return GitRunner(path.parent).ask("check-ignore", "--quiet", path.name, ok=(0, 1)).code == 0
    except GitFailed:
        return False  # in no repository
