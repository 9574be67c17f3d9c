"""Environments that were found right, remembered by the content of everything that was looked at.

A verdict that depends on anything but files of the tree is not remembered; neither is a mistake.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from tfops.config.code_version import code_version
from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.system.project_folders import ProjectFolders
from tfops.system.trees import Tree
from tfops.system.workspace import read_json, write_file


@dataclass(slots=True)
class TracedTree:
    """A tree that notes what was asked of it: path to digest."""

    tree: Tree
    asked: dict[str, str] = field(default_factory=dict)

    def read(self, path: str) -> str | None:
        self.asked[path] = self.tree.digest(path)
        return self.tree.read(path)

    def names(self, folder: str) -> list[str]:
        self.asked[folder] = self.tree.digest(folder)
        return self.tree.names(folder)

    def digest(self, path: str) -> str:
        self.asked[path] = self.tree.digest(path)
        return self.asked[path]

    @property
    def folders(self) -> ProjectFolders:
        return self.tree.folders


@dataclass(frozen=True, slots=True)
class KnownFiles:
    """`paths` are the files and folders of its configuration, `folders` the modules that it names, below `modules/`."""

    paths: tuple[str, ...]
    folders: tuple[str, ...]


class ValidationCache:
    """The verdicts of one clone, in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        found: Any = read_json(path)
        self._right: dict[str, Any] = (
            found["right"] if isinstance(found, dict) and found.get("by") == code_version() else {}
        )
        self._is_changed = False

    def sources(self, tree: Tree, env: EnvName) -> list[str] | None:
        """The modules' sources of an environment that is known to be right as it is, else None."""
        known = self._right.get(env)
        if known is None or any(tree.digest(path) != digest for path, digest in known["asked"].items()):
            return None
        return [str(source) for source in known["sources"]]

    def off(self, env: EnvName) -> tuple[str, ...]:
        """What such an environment's files switch off."""
        return tuple(self._right[env].get("off", ()))

    def files(self, tree: Tree, env: EnvName) -> "KnownFiles | None":
        """What such an environment is made of."""
        sources = self.sources(tree, env)
        if sources is None:
            return None
        asked, modules = self._right[env]["asked"], f"{tree.folders.modules}/"
        return KnownFiles(tuple(path for path in asked if not f"{path}/".startswith(modules)), tuple(sources))

    def remember(self, env: EnvName, asked: Mapping[str, str], sources: list[str], off: Sequence[str] = ()) -> None:
        self._right[env] = {"asked": dict(asked), "sources": sources} | ({"off": list(off)} if off else {})
        self._is_changed = True

    def save(self) -> None:
        if self._is_changed:
            write_file(self._path, json.dumps({"by": code_version(), "right": self._right}))
