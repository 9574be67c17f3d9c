"""The files of a commit (or a snapshot of the work tree, for someone who is still writing), by path."""

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Protocol

from tfops.model import CommitSha
from tfops.system.git import require_sha
from tfops.system.git_formats import TreeEntry
from tfops.system.repository import Repository


class Tree(Protocol):
    """Where configuration is read from. Paths are relative to the project, with `/`."""

    def read(self, path: str) -> str | None:
        """The text of a file, None when there is none. A link or a folder is none."""

    def names(self, folder: str) -> list[str]:
        """Names in a folder, sorted; empty when there is no such folder."""

    def digest(self, path: str) -> str:
        """An id of a folder's content, the same for the same content; empty when it isn't there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a commit; `mode` is Git's (0o100644, 0o100755, 0o120000, 0o160000)."""

    path: PurePosixPath
    mode: int
    object_id: str
    content: Callable[[], bytes]

    @property
    def is_link(self) -> bool:
        return stat.S_IFMT(self.mode) == stat.S_IFLNK

    @property
    def is_submodule(self) -> bool:
        return stat.S_IFMT(self.mode) == stat.S_IFDIR | stat.S_IFLNK


class GitTree:
    """Files read from the object store: what is checked out doesn't matter."""

    def __init__(self, repository: Repository, tree_id: str) -> None:
        self.tree_id = tree_id
        self._objects = repository.objects
        self._root = TreeEntry(stat.S_IFDIR, "", require_sha(tree_id))
        self._folders: dict[str, dict[str, TreeEntry]] = {}

    @classmethod
    def of_commit(cls, repository: Repository, commit: CommitSha) -> "GitTree":
        return cls(repository, repository.objects.commit(commit).tree)

    @classmethod
    def of_work_tree(cls, repository: Repository) -> "GitTree":
        """The work tree as it is now, uncommitted files included, ignored ones not."""
        return cls(repository, repository.snapshot_work_tree())

    def _find(self, path: str) -> TreeEntry | None:
        folder, _, name = path.rpartition("/")
        return self._inside(folder).get(name) if path else self._root

    def _inside(self, folder: str) -> dict[str, TreeEntry]:
        """What lies in a folder, by name. Each folder is read once: there may be thousands of files in it."""
        if folder not in self._folders:
            found = self._find(folder)
            inside = self._objects.tree(found.object_id) if found is not None and found.is_folder else ()
            self._folders[folder] = {entry.name: entry for entry in inside}
        return self._folders[folder]

    def read(self, path: str) -> str | None:
        found = self._find(path)
        if found is None or not stat.S_ISREG(found.mode):
            return None
        return self._objects.blob(found.object_id).decode("utf-8", "surrogateescape")

    def names(self, folder: str) -> list[str]:
        return sorted(self._inside(folder))

    def digest(self, path: str) -> str:
        found = self._find(path)
        return found.object_id if found is not None else ""

    def entries(self, folder: str) -> Iterator[Entry]:
        """Every file below a folder, with paths relative to it."""
        found = self._find(folder)
        waiting = [(PurePosixPath(), found)] if found is not None and found.is_folder else []
        while waiting:  # no recursion: a stranger's folders may be nested without end
            path, here = waiting.pop()
            for entry in self._objects.tree(here.object_id):
                if entry.is_folder:
                    waiting.append((path / entry.name, entry))
                else:
                    content = partial(self._objects.blob, entry.object_id)
                    yield Entry(path / entry.name, entry.mode, entry.object_id, content)
