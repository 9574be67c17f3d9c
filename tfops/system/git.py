"""Git as named questions and named deeds.

Objects are read by their id (`git_objects`). Everything that takes a name from outside (a branch, a
tag, a remote) goes through `GitRunner`: full ref names only, argument lists, `--end-of-options`
before anything that Git could take for an option.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tfops.errors import ProjectError, Refused
from tfops.model import CommitSha
from tfops.system import environ, process
from tfops.system.pinned import PINNED

_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
# "unknown repository extension found:", or "extensions", or "v1-only extension": a name on each line below
_EXTENSION = re.compile(r"extensions? found:\n(?P<names>(?:[ \t]+\S+\n?)+)")
_BROKEN_REF = re.compile(r"ignoring broken ref (\S+)")
_NETWORK_TIMEOUT_S = 120
_TIMEOUT_VARIABLE = "TFOPS_NETWORK_TIMEOUT"


class GitFailed(Exception):
    """A Git command failed in a way that the caller must put into the user's words."""

    def __init__(self, argv: Sequence[str], code: int, stderr: str) -> None:
        super().__init__(f"git {' '.join(argv)} ended with {code}: {stderr.strip()}")
        self.code = code
        self.stderr = stderr.strip()


class ObjectsAway(ProjectError):
    """A partial clone lacks an object, and the remote that has it doesn't answer."""

    def __init__(self, stderr: str) -> None:
        super().__init__(
            "this is a partial clone: Git gets what is missing from the remote, which does not answer",
            why=stderr.strip(),
            hint="when the remote answers again, run it again; to have all here: git fetch --refetch --no-filter",
        )


class BrokenRef(Exception):
    """A ref is there, but its file or its object is damaged."""


class GitRunner:
    """Runs Git in one repository. Counts its processes, because that is what a command costs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.started = 0

    def ask(
        self,
        *argv: str,
        stdin: bytes = b"",
        ok: Sequence[int] = (0,),
        timeout_s: float | None = None,
        env: Mapping[str, str] | None = None,
    ) -> process.Completed:
        """Run `git ARGV`. Raises GitFailed when its exit code is not in `ok`."""
        self.started += 1
        done = process.run(
            ["git", "-C", str(self.root), *PINNED, *argv],
            env=environ.git_environment() | dict(env or {}),
            stdin=stdin,
            timeout_s=timeout_s,
        )
        if done.code and "promisor remote" in done.stderr:
            raise ObjectsAway(done.stderr)
        if done.code not in ok:
            raise GitFailed(argv, done.code, done.stderr)
        return done

    def line(self, *argv: str) -> str:
        """The output of `git ARGV` without its line end; empty when Git has no answer (exit 1)."""
        return self.ask(*argv, ok=(0, 1)).text.strip()

    def over_network(self, *argv: str) -> process.Completed:
        return self.ask(*argv, timeout_s=network_timeout_s())


def network_timeout_s() -> int:
    """How long one exchange with the remote may take. Raises ProjectError for a variable that is no number."""
    text = environ.variable(_TIMEOUT_VARIABLE) or str(_NETWORK_TIMEOUT_S)
    if not text.isdecimal() or not text.isascii() or int(text) == 0:
        raise ProjectError(
            f"{_TIMEOUT_VARIABLE} is not a number of seconds: {text!r}", hint=f"export {_TIMEOUT_VARIABLE}=120"
        )
    return int(text)


class NoRepository(ProjectError):
    """A folder is in no repository at all."""


def find_root(start: Path) -> Path:
    """The top of the work tree that `start` is in. Raises ProjectError where there is none."""
    if not start.is_dir():
        raise ProjectError(f"there is no folder `{start}`")
    try:
        return Path(GitRunner(start).ask("rev-parse", "--show-toplevel").text.rstrip("\n"))
    except GitFailed as error:
        raise _explain_missing_repository(start, error) from error


def _explain_missing_repository(start: Path, error: GitFailed) -> ProjectError:
    if "dubious ownership" in error.stderr:
        hint = f"if you trust it: git config --global --add safe.directory {start.resolve()}"
        return ProjectError(f"Git refuses to read `{start}`: it belongs to another user", hint=hint)
    if "must be run in a work tree" in error.stderr:
        return ProjectError(f"`{start}` is a bare repository", hint="run tfops in a clone of it")
    if "not a git repository" in error.stderr:
        return NoRepository(f"`{start}` is not in a Git repository", hint="start a project with: tfops init NAME")
    extensions = _EXTENSION.search(error.stderr)
    if extensions:
        named = " and ".join(f"`{name}`" for name in extensions["names"].split())
        what = f"this Git does not know what the repository of `{start}` is marked with: the extension {named}"
        return ProjectError(what, why=_own_version(start), hint="use the Git that made the repository, or a newer one")
    return ProjectError(f"Git can't read the repository of `{start}`", why=error.stderr, hint=f"git -C {start} status")


def _own_version(start: Path) -> str:
    return GitRunner(start).ask("version").text.strip().replace("git version", "this is Git")


def broken_refs(stderr: str) -> list[str]:
    """The refs that a listing of Git left out because their files or their objects are damaged."""
    return _BROKEN_REF.findall(stderr)


def is_full_sha(text: str) -> bool:
    return _SHA.fullmatch(text) is not None


def require_sha(text: str) -> CommitSha:
    """`text` as an object id; guards every place where an id becomes an argument of Git."""
    if not is_full_sha(text):
        raise Refused("object-id", f"{text!r} is not a full Git object id")
    return CommitSha(text)
