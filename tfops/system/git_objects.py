"""Objects of a repository by their id: one `git cat-file --batch` that is asked again and again.

It lives in a session of its own: Ctrl-C on a terminal, and a CI system that ends a job, signal the whole process
group, and the objects must be readable until the change is recorded. One that died is started anew.
https://git-scm.com/docs/git-cat-file#_batch_output
"""

import atexit
import contextlib
import os
import subprocess
import tempfile
import threading
import weakref
from collections import OrderedDict
from pathlib import Path
from typing import IO

from tfops.dataclass import dataclass
from tfops.errors import ProjectError
from tfops.system import environ
from tfops.system.git import ObjectsAway, require_sha
from tfops.system.git_formats import CommitObject, TreeEntry, parse_commit, parse_tag_target, parse_tree

_KEPT_TREES = 2000
_ENDING_S = 2.0
_LONGEST_WORDS = 2000
_FETCH_ALL = "git fetch --all --tags (and --unshallow)"


class ObjectUnreadable(ProjectError):
    """An object is not in this clone, is damaged, or is of another kind than it must be."""


@dataclass(frozen=True, slots=True)
class GitObject:
    """`kind` is Git's: blob, tree, commit or tag."""

    object_id: str
    kind: str
    content: bytes


class ObjectReader:
    """Reads a repository's objects, whatever its hash. Threads may share one; a fork gets a process of its own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._trees: OrderedDict[str, tuple[TreeEntry, ...]] = OrderedDict()
        self._known: dict[str, GitObject] = {}
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        _readers.add(self)

    def forget(self) -> None:
        """For a fork: the process and its pipes are the parent's. Not a byte may be said or heard there."""
        process, self._process = self._process, None
        self._lock = threading.Lock()
        if process is None:
            return
        process.returncode = 0  # it isn't our child to wait for
        nothing = os.open(os.devnull, os.O_RDWR)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            os.dup2(nothing, pipe.fileno(), inheritable=False)  # what is still buffered goes there
        os.close(nothing)

    def close(self) -> None:
        """End the process; the next question starts another."""
        with self._lock:
            self._end()

    def __del__(self) -> None:
        self._end()

    def read(self, object_id: str) -> GitObject:
        """The object. Raises ObjectUnreadable."""
        if object_id in self._known:
            return self._known[object_id]
        wanted = require_sha(object_id)
        with self._lock:
            try:
                return self._ask(wanted)
            except (BrokenPipeError, EOFError):  # it was killed between two questions
                why = self._end()
                if "promisor remote" in why:
                    raise ObjectsAway(why) from None
            try:
                return self._ask(wanted)
            except (BrokenPipeError, EOFError) as error:
                why = self._end() or "`git cat-file` ended without an answer"
                raise ObjectUnreadable(_unreadable(wanted, why), why=why, hint="git fsck") from error

    def remember(self, found: GitObject) -> None:
        """What Git said elsewhere needn't be asked here."""
        self._known[found.object_id] = found

    def blob(self, object_id: str) -> bytes:
        return self._read_as("blob", object_id).content

    def tree(self, object_id: str) -> tuple[TreeEntry, ...]:
        """What lies in a folder, in Git's order. Raises as `read`."""
        if object_id not in self._trees:
            found = self._read_as("tree", object_id)
            self._trees[object_id] = parse_tree(found.content, id_bytes=len(found.object_id) // 2)
            if len(self._trees) > _KEPT_TREES:
                self._trees.popitem(last=False)
        return self._trees[object_id]

    def commit(self, object_id: str) -> CommitObject:
        """A commit; an annotated tag is followed to the commit that it names. Raises as `read`."""
        found = self.read(object_id)
        while found.kind == "tag":
            found = self.read(parse_tag_target(found.content))
        return parse_commit(_require(found, "commit").content)

    def _read_as(self, kind: str, object_id: str) -> GitObject:
        return _require(self.read(object_id), kind)

    def _ask(self, wanted: str) -> GitObject:
        """One question, one answer. An answer that wasn't read to its end would be taken for the next one's."""
        process = self._process = self._process or self._start()
        assert process.stdin and process.stdout
        complaints_at = os.fstat(self._words.fileno()).st_size
        try:
            process.stdin.write(wanted.encode() + b"\n")
            process.stdin.flush()
            found = _answer(process.stdout)
        except (BrokenPipeError, EOFError):
            raise
        except BaseException:
            self._end()
            raise
        if found is None:
            why = _text(os.pread(self._words.fileno(), _LONGEST_WORDS, complaints_at))
            raise ObjectUnreadable(_unreadable(wanted, why), why=why, hint="git fsck" if why else _FETCH_ALL)
        return found

    def _start(self) -> "subprocess.Popen[bytes]":
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        try:
            return subprocess.Popen(
                ["git", "-C", str(self._root), "cat-file", "--batch"],  # noqa: S607 - the user's own Git
                env=environ.git_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                start_new_session=True,
            )
        except OSError as error:
            raise ProjectError("could not run `git`", why=error.strerror or str(error)) from error

    def _end(self) -> str:
        """What it complained about."""
        process, self._process = self._process, None
        if process is None:
            return ""
        assert process.stdin and process.stdout
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        try:
            process.wait(timeout=_ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with self._words as words:
            words.seek(0)
            return _text(words.read(_LONGEST_WORDS))


def _require(found: GitObject, kind: str) -> GitObject:
    if found.kind != kind:
        raise ObjectUnreadable(f"the object {found.object_id[:12]} is a {found.kind}, not a {kind}")
    return found


def _unreadable(wanted: str, why: str) -> str:
    return f"Git can't read the object {wanted[:12]}" if why else f"the object {wanted[:12]} is not in this clone"


def _text(words: bytes) -> str:
    return words.decode("utf-8", "replace").strip()


def _answer(pipe: IO[bytes]) -> GitObject | None:
    """None when Git has no such object. Raises EOFError when the process ended before its answer did."""
    header = pipe.readline()
    if not header.endswith(b"\n"):
        raise EOFError
    object_id, *facts = header.decode("ascii", "replace").split()
    if len(facts) != 2:  # "<id> missing"
        return None
    size = int(facts[1])
    content = pipe.read(size + 1)  # a line end follows
    if len(content) != size + 1:
        raise EOFError
    return GitObject(object_id, facts[0], content[:size])


_readers: "weakref.WeakSet[ObjectReader]" = weakref.WeakSet()


def _forget_all() -> None:
    for reader in tuple(_readers):
        reader.forget()


@atexit.register
def close_all() -> None:
    """End all readers' processes; who is asked again starts another."""
    for reader in tuple(_readers):
        reader.close()


os.register_at_fork(after_in_child=_forget_all)
