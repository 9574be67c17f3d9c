"""A commit in which the repository lies at `modules/`, as far as a root module can reach it.

What reads, digests and exports `modules/` then does so for a root that somebody wrote by hand, at its own path.
"""

import hashlib
import posixpath
import stat
from collections.abc import Collection
from dataclasses import replace

from tfops.system.git_formats import TreeEntry
from tfops.system.module_files import MODULES
from tfops.system.project_folders import ProjectFolders
from tfops.system.trees import GitTree

# The state is no part of the code, wherever somebody committed it.
_STATES = (".tfstate", ".tfstate.backup", ".tfstate.lock.info")


class RootTree(GitTree):
    """`reach` are the paths of folders and files that are there; `""` alone is everything."""

    def __init__(self, tree: GitTree, reach: Collection[str]) -> None:
        self.tree_id = tree.tree_id
        self._objects = tree._objects
        self._folders_of = tree._folders_of
        self._folders = {}
        self._repository = tree
        self.reach = frozenset(reach)

    @property
    def repository(self) -> GitTree:
        """The commit as it is."""
        return self._repository

    @property
    def folders(self) -> ProjectFolders:
        return replace(self._repository.folders, modules=MODULES)

    @property
    def has_spare(self) -> bool:
        """The whole repository is there where nobody can tell what is needed of it."""
        return "" in self.reach

    def shown(self, path: str) -> str:
        top, _, inner = path.partition("/")
        return inner if top == MODULES else path

    def _find(self, path: str) -> TreeEntry | None:
        normal = _normal(path)
        if normal == MODULES:
            return TreeEntry(stat.S_IFDIR, MODULES, self.tree_id)
        return super()._find(normal)

    def items(self, folder: str) -> dict[str, TreeEntry]:
        """As of any commit; below `modules/`, what can be reached of the repository."""
        normal = _normal(folder)
        top, _, inner = normal.partition("/")
        if top != MODULES:
            return self._repository.items(normal)
        found = self._repository.items(inner)
        return {name: item for name, item in found.items() if self._is_there(posixpath.join(inner, name), name)}

    def _is_there(self, path: str, name: str) -> bool:
        if name.endswith(_STATES) or name == "terraform.tfstate.d":
            return False
        return any(
            known in ("", path) or path.startswith(f"{known}/") or known.startswith(f"{path}/") for known in self.reach
        )

    def digest(self, path: str) -> str:
        """Of `modules` by what can be reached alone: another commit may be the same to this root."""
        if _normal(path) != MODULES:
            return super().digest(path)
        parts = [(one, self._repository.digest(one)) for one in sorted(self.reach)]
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def _normal(path: str) -> str:
    normal = posixpath.normpath(path) if path else ""
    return "" if normal == "." else normal
