"""The files of a commit (or a snapshot of the work tree, for someone who is still writing), by path."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

import git as gitpython
from git.objects.base import IndexObject

from tfops.model import CommitSha
from tfops.system.git import require_sha
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
    blob: gitpython.Blob | gitpython.Submodule

    @property
    def is_link(self) -> bool:
        return stat.S_IFMT(self.mode) == stat.S_IFLNK

    @property
    def is_submodule(self) -> bool:
        return isinstance(self.blob, gitpython.Submodule)

    def content(self) -> bytes:
        assert isinstance(self.blob, gitpython.Blob)
        return bytes(self.blob.data_stream.read())


class GitTree:
    """Files read from the object store: what is checked out doesn't matter."""

    def __init__(self, repository: Repository, tree_id: str) -> None:
        self.tree_id = tree_id
        self._root = gitpython.Tree(repository.objects, bytes.fromhex(require_sha(tree_id)), path="")
        self._folders: dict[str, dict[str, IndexObject]] = {}

    @classmethod
    def of_commit(cls, repository: Repository, commit: CommitSha) -> "GitTree":
        return cls(repository, repository.objects.commit(require_sha(commit)).tree.hexsha)

    @classmethod
    def of_work_tree(cls, repository: Repository) -> "GitTree":
        """The work tree as it is now, uncommitted files included, ignored ones not."""
        return cls(repository, repository.snapshot_work_tree())

    def _find(self, path: str) -> IndexObject | None:
        folder, _, name = path.rpartition("/")
        return self._inside(folder).get(name) if path else self._root

    def _inside(self, folder: str) -> dict[str, IndexObject]:
        """What lies in a folder, by name. Each folder is read once: there may be thousands of files in it."""
        if folder not in self._folders:
            found = self._find(folder)
            self._folders[folder] = {item.name: item for item in found} if isinstance(found, gitpython.Tree) else {}
        return self._folders[folder]

    def read(self, path: str) -> str | None:
        found = self._find(path)
        if not isinstance(found, gitpython.Blob) or stat.S_IFMT(found.mode) == stat.S_IFLNK:
            return None
        return bytes(found.data_stream.read()).decode("utf-8", "surrogateescape")

    def names(self, folder: str) -> list[str]:
        return sorted(self._inside(folder))

    def digest(self, path: str) -> str:
        found = self._find(path)
        return found.hexsha if found is not None else ""

    def entries(self, folder: str) -> Iterator[Entry]:
        """Every file below a folder, with paths relative to it."""
        found = self._find(folder)
        if not isinstance(found, gitpython.Tree):
            return
        for item in found.traverse():
            assert isinstance(item, gitpython.Blob | gitpython.Tree | gitpython.Submodule)
            if not isinstance(item, gitpython.Tree):
                path = PurePosixPath(str(item.path)).relative_to(folder)
                yield Entry(path, int(item.mode), item)
