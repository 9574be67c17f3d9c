"""Git as named questions and named deeds.

Objects are read by their id (`git_objects`). Everything that takes a name from outside (a branch, a
tag, a remote) goes through `GitRunner`: full ref names only, argument lists, `--end-of-options`
before anything that Git could take for an option.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tfops.dataclass import dataclass
from tfops.errors import ProjectError, Refused
from tfops.records.names import CommitSha
from tfops.system import environ, process
from tfops.system.pinned import PINNED
from tfops.system.ref_files import RefFiles, UnsureError

if TYPE_CHECKING:
    from tfops.system.answers import Answer

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


class RemoteUnreachable(Exception):
    """The remote gave no usable answer: none at all, or (RemoteRefused) no."""


class RemoteRefused(RemoteUnreachable):
    """The remote answered, and the answer is no. `is_push` is False where it won't even be read."""

    def __init__(self, answer: Answer, *, is_push: bool) -> None:
        super().__init__(answer.text)
        self.answer = answer
        self.is_push = is_push


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


# What moves no ref that is listed; whatever else is run, refs are listed anew afterwards. A push may move what Git
# knows of the remote's branches: those are read one by one, or after `look_again`.
_MOVES_NO_REF = frozenset(
    {
        "cat-file",
        "commit-tree",
        "config",
        "for-each-ref",
        "hash-object",
        "log",
        "ls-remote",
        "merge-base",
        "push",
        "remote",
        "rev-list",
        "rev-parse",
        "status",
        "symbolic-ref",
        "var",
        "version",
    }
)


@dataclass(frozen=True, slots=True)
class RefList:
    """Full ref names with the objects that they name, and those that are there and that Git can't read."""

    values: dict[str, CommitSha]
    broken: tuple[str, ...]
    words: str = ""


class GitRunner:
    """Runs Git in one repository. Counts its processes, because that is what a command costs.

    What refs name is asked once, until something is run here that may move them; `look_again` is for what others do.
    A swap says what it takes a ref to be, so that who knows an old value only loses the race. With `files`, what a
    single ref names is read where Git keeps it.
    """

    def __init__(self, root: Path, files: RefFiles | None = None) -> None:
        self.root = root
        self.started = 0
        self._files = files
        self._listed: dict[tuple[str, ...], RefList] = {}
        self._has_pushed = False

    def look_again(self) -> None:
        """Forget what refs name: somebody else may have moved them."""
        self._listed.clear()
        self._has_pushed = False

    def refs(self, *spaces: str) -> RefList:
        """The refs in the given spaces (`refs/tags/tfops/`, or one full name)."""
        if spaces not in self._listed and (wider := self._wider(spaces)):
            self._listed[spaces] = _part_of(wider, spaces)
        if spaces not in self._listed:
            done = self.ask("for-each-ref", "--format=%(refname) %(objectname)", *spaces)
            rows = (row.split(" ") for row in done.text.splitlines())
            values = {name: require_sha(value) for name, value in rows}
            self._listed[spaces] = RefList(values, tuple(_BROKEN_REF.findall(done.stderr)), done.stderr.strip())
        return self._listed[spaces]

    def _wider(self, spaces: Sequence[str]) -> RefList | None:
        """A list that has all of these and more."""
        pairs = self._listed.items()
        return next((listed for wide, listed in pairs if all(_is_in(space, wide) for space in spaces)), None)

    def ref(self, name: str) -> CommitSha | None:
        """The object that a full ref name names, whatever it is; None when there is no such ref, or no reading it."""
        listed = None if self._has_pushed else self._listed_with(name)
        with contextlib.suppress(UnsureError):
            if self._files and listed is None:
                return self._files.value(name)
        return (listed or self._list_with(name, ())).values.get(name)

    def has_none_below(self, space: str) -> bool:
        """Whether there is no ref in a space (`refs/tfops/offline/`)."""
        return bool(self._files and self._files.has_none_below(space)) or not self.refs(space).values

    def checked_out(self) -> str:
        """The ref that HEAD is on, empty when it is on none."""
        with contextlib.suppress(UnsureError):
            if self._files:
                return self._files.checked_out()
        return self.line("symbolic-ref", "--quiet", "HEAD")

    def update_refs(self, commands: str, moved: Mapping[str, str]) -> None:
        """`git update-ref --stdin`; `moved` is what refs name afterwards, all others stay what they were.

        Raises GitFailed.
        """
        known = dict(self._listed)
        self.ask("update-ref", "--stdin", stdin=commands.encode())
        self._listed.update({spaces: _moved(listed, spaces, moved) for spaces, listed in known.items()})

    def readable_ref(self, name: str, *, beside: Sequence[str] = ()) -> CommitSha | None:
        """The same. Raises BrokenRef for a ref that is there and that Git can't read.

        `beside` are spaces that will be asked for next: one process lists them all.
        """
        listed = self._list_with(name, beside)
        if name in listed.broken:
            raise BrokenRef(f"Git can't read `{name}`: {listed.words}")
        return listed.values.get(name)

    def _list_with(self, name: str, beside: Sequence[str]) -> RefList:
        """A list that has the ref if there is one."""
        return self._listed_with(name) or self.refs(*(beside or (name,)))

    def _listed_with(self, name: str) -> RefList | None:
        return next((listed for spaces, listed in list(self._listed.items()) if _is_in(name, spaces)), None)

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
        try:
            return self._ask(argv, stdin=stdin, ok=ok, timeout_s=timeout_s, env=env)
        finally:
            deed = _deed_in(argv)
            self._has_pushed |= deed == "push"
            if deed not in _MOVES_NO_REF:
                self.look_again()

    def _ask(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes,
        ok: Sequence[int],
        timeout_s: float | None,
        env: Mapping[str, str] | None,
    ) -> process.Completed:
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


def _deed_in(argv: Sequence[str]) -> str:
    """The command of `git`, behind the settings that are given to it."""
    words = iter(argv)
    for word in words:
        if word != "-c":
            return word
        next(words)
    return ""


def _part_of(listed: RefList, spaces: Sequence[str]) -> RefList:
    values = {name: value for name, value in listed.values.items() if _is_in(name, spaces)}
    return RefList(values, tuple(name for name in listed.broken if _is_in(name, spaces)), listed.words)


def _moved(listed: RefList, spaces: Sequence[str], moved: Mapping[str, str]) -> RefList:
    values = {name: CommitSha(value) for name, value in moved.items() if _is_in(name, spaces)}
    broken = tuple(name for name in listed.broken if name not in values)
    return replace(listed, values=dict(sorted((listed.values | values).items())), broken=broken)


def _is_in(name: str, spaces: Sequence[str]) -> bool:
    return any(name == space or name.startswith(f"{space.rstrip('/')}/") for space in spaces)


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


@dataclass(frozen=True, slots=True)
class Clone:
    """The top of a work tree, its own `.git` folder, and the one that all work trees of its clone share."""

    root: Path
    common_dir: Path
    git_dir: Path


def find_clone(start: Path) -> Clone:
    """The clone that `start` is in. Raises ProjectError where there is none."""
    if not start.is_dir():
        raise ProjectError(f"there is no folder `{start}`")
    git = GitRunner(start)
    asked = ("--show-toplevel", "--git-common-dir", "--absolute-git-dir")
    try:
        lines = git.ask("rev-parse", "--path-format=absolute", *asked).text.splitlines()
        if len(lines) != len(asked):  # a folder with a line end in its name
            lines = [git.ask("rev-parse", "--path-format=absolute", one).text.removesuffix("\n") for one in asked]
    except GitFailed as error:
        raise _explain_missing_repository(start, error) from error
    return Clone(*map(Path, lines))


def _explain_missing_repository(start: Path, error: GitFailed) -> ProjectError:
    if "dubious ownership" in error.stderr:
        hint = f"if you trust it: git config --global --add safe.directory {start.resolve()}"
        return ProjectError(f"Git refuses to read `{start}`: it belongs to another user", hint=hint)
    if "must be run in a work tree" in error.stderr:
        hint = f"run tfops in a clone of it: git clone {start.resolve()} FOLDER; there first: tfops restore"
        return ProjectError(f"`{start}` is a bare repository", hint=hint)
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


def is_full_sha(text: str) -> bool:
    return _SHA.fullmatch(text) is not None


def require_sha(text: str) -> CommitSha:
    """`text` as an object id; guards every place where an id becomes an argument of Git."""
    if not is_full_sha(text):
        raise Refused("object-id", f"{text!r} is not a full Git object id")
    return CommitSha(text)
