"""The files of a commit (or a snapshot of the work tree, for someone who is still writing), by path."""

import copy
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Protocol

from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.names import CommitSha
from tfops.system.git import require_sha
from tfops.system.git_formats import TreeEntry
from tfops.system.project_folders import USUAL_FOLDERS, ProjectFolders
from tfops.system.repository import Repository
from tfops.system.treenames import require_possible_name


class Tree(Protocol):
    """Where configuration is read from. Paths are relative to the project, with `/`."""

    def read(self, path: str) -> str | None:
        """The text of a file, None when there is none. A link or a folder is none."""

    def names(self, folder: str) -> list[str]:
        """Names in a folder, sorted; empty when there is no such folder."""

    def digest(self, path: str) -> str:
        """An id of a folder's content, the same for the same content; empty when it isn't there."""

    @property
    def folders(self) -> ProjectFolders:
        """Where the project's modules and the environments' files are in it."""


def is_link(tree: Tree, path: str) -> bool:
    """Whether there is something at a path that is neither a file nor a folder: it isn't followed."""
    return bool(tree.digest(path)) and tree.read(path) is None and not tree.names(path)


# A tree of a few kilobytes can name its parts so often that no disk holds what it stands for.
_MOST_ENTRIES = 100_000
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a commit, at a path below the folder that was asked for."""

    path: PurePosixPath
    item: TreeEntry
    _read: Callable[[], bytes]

    @property
    def is_link(self) -> bool:
        return self.item.is_link

    @property
    def is_submodule(self) -> bool:
        return self.item.is_submodule

    def content(self) -> bytes:
        return self._read()


class GitTree:
    """Files read from the object store: what is checked out doesn't matter.

    A name that no folder can hold, or that stands twice in one, is refused wherever it is met (guard `unsafe-name`):
    Git stores such trees, and two programs would read two things in them.
    """

    def __init__(self, repository: Repository, tree_id: str) -> None:
        self.tree_id: str = require_sha(tree_id)
        self._objects = repository.objects
        self._folders_of = repository.folders_of
        self._folders: dict[str, dict[str, TreeEntry]] = {}

    @classmethod
    def of_commit(cls, repository: Repository, commit: CommitSha) -> "GitTree":
        return cls(repository, repository.objects.commit(commit).tree)

    @classmethod
    def of_work_tree(cls, repository: Repository, paths: Sequence[str] = ()) -> "GitTree":
        """The work tree as it is now, uncommitted files included, ignored ones not."""
        return cls(repository, repository.snapshot_work_tree(paths))

    def with_file_of(self, other: "GitTree", name: str) -> "GitTree":
        """The same tree, but a file at its top is another tree's; it is absent where that one doesn't have it."""
        found = copy.copy(self)
        top = {key: item for key, item in self.items("").items() if key != name}
        theirs = other.items("").get(name)
        found._folders = {"": top | ({name: theirs} if theirs else {})}
        return found

    def _find(self, path: str) -> TreeEntry | None:
        if not path:
            return TreeEntry(stat.S_IFDIR, "", self.tree_id)
        folder, _, name = path.rpartition("/")
        return self.items(folder).get(name)

    def items(self, folder: str) -> dict[str, TreeEntry]:
        """What lies in a folder, by name. Each folder is read once: there may be thousands of files in it."""
        if folder not in self._folders:
            found = self._find(folder)
            self._folders[folder] = self._list(folder, found.object_id) if found and found.is_folder else {}
        return self._folders[folder]

    def _list(self, folder: str, tree_id: str) -> dict[str, TreeEntry]:
        found: dict[str, TreeEntry] = {}
        for item in self._objects.tree(tree_id):
            require_possible_name(folder, item.name)
            if item.name in found:
                raise Refused("unsafe-name", f"`{folder or '.'}` has two entries with the name {item.name!r}")
            found[item.name] = item
        return found

    @property
    def folders(self) -> ProjectFolders:
        """As its own tfops.yaml says."""
        found = self._find("tfops.yaml")
        return self._folders_of(found.object_id) if found and found.is_file else USUAL_FOLDERS

    @property
    def has_spare(self) -> bool:
        """Whether more of it may be exported than anything needs."""
        return False

    def shown(self, path: str) -> str:
        """A path as people know it."""
        return path

    def content(self, item: TreeEntry) -> bytes:
        """The bytes of a file, or a link's target."""
        return self._objects.blob(item.object_id)

    def read(self, path: str) -> str | None:
        found = self._find(path)
        return self.content(found).decode("utf-8", "surrogateescape") if found and found.is_file else None

    def names(self, folder: str) -> list[str]:
        return sorted(self.items(folder))

    def digest(self, path: str) -> str:
        found = self._find(path)
        return found.object_id if found is not None else ""

    def entries(self, folder: str) -> Iterator[Entry]:
        """Every file below a folder, with paths relative to it. Raises Refused (guard `too-many-files`)."""
        todo, found = [PurePosixPath()], 0
        while todo:
            inner = todo.pop()
            for item in self.items("/".join(filter(None, (folder, *inner.parts)))).values():
                found += 1
                if found > _MOST_ENTRIES or len(inner.parts) >= _DEEPEST:
                    raise _too_many(folder)
                if item.is_folder:
                    todo.append(inner / item.name)
                else:
                    yield Entry(inner / item.name, item, partial(self._objects.blob, item.object_id))


def _too_many(folder: str) -> Refused:
    return Refused(
        "too-many-files",
        f"`{folder}/` holds more than {_MOST_ENTRIES} files and folders, or folders more than {_DEEPEST} deep",
        hint="keep in it what modules are made of, and nothing else",
    )
