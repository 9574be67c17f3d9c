"""The root modules of a commit, found by what stands in their files: a backend, `cloud` or provider block, and no
folder that calls them. Nothing is evaluated."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import field

from tfops.config.backend import Backend
from tfops.config.modules.hcl import Block, read_blocks
from tfops.config.modules.module import is_module_file, is_tofu_file
from tfops.config.own_backend import read_own_backend
from tfops.dataclass import dataclass
from tfops.system.module_files import MODULES
from tfops.system.trees import GitTree

_OF_INTEREST = re.compile(r"\b(backend|cloud|provider|module)\b")


@dataclass(slots=True)
class RootScan:
    """Folder to the backend that its code names; `unreadable` is folder to why nobody can tell."""

    roots: dict[str, Backend] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


def find_roots(tree: GitTree, below: str = ".") -> RootScan:
    """Those in a folder of the repository and below it; whoever calls them may lie anywhere. Paths as `root:` has them.

    What lies in `modules/` is a module, unless it names a backend. Hidden folders aren't looked into.
    """
    found, called = RootScan(), set[str]()
    for folder, texts in _folders(tree).items():
        try:
            blocks = [block for name, text in texts.items() for block in _blocks(name, text)]
        except ValueError as error:
            found.unreadable[folder] = f"its files can't be read: {error}"
            continue
        called |= {target for target in _called(folder, blocks) if target != folder}
        if _names_backend(blocks) or (any(block.kind == "provider" for block in blocks) and not _is_module(folder)):
            found.roots[folder] = read_own_backend(texts)
    found.roots = {path: one for path, one in sorted(found.roots.items()) if path not in called and _is_in(path, below)}
    found.unreadable = {path: why for path, why in sorted(found.unreadable.items()) if _is_in(path, below)}
    return found


def _folders(tree: GitTree) -> dict[str, dict[str, str]]:
    """The texts of the code of each folder that has some."""
    found: dict[str, dict[str, str]] = {}
    for entry in tree.entries(""):
        name = entry.path.name
        if entry.item.is_file and (is_module_file(name) or is_tofu_file(name)) and not _is_hidden(entry.path.parts):
            text = entry.content().decode("utf-8", "surrogateescape")
            found.setdefault(entry.path.parent.as_posix(), {})[name] = text
    return found


def _is_hidden(parts: tuple[str, ...]) -> bool:
    return any(part.startswith(".") for part in parts)


def _blocks(name: str, text: str) -> list[Block]:
    return read_blocks(text, is_json=name.endswith(".json")) if _OF_INTEREST.search(text) else []


def _names_backend(blocks: list[Block]) -> bool:
    terraform = [block for block in blocks if block.kind == "terraform"]
    return any(block.inner(kind) or kind in block.attributes for block in terraform for kind in ("backend", "cloud"))


def _called(folder: str, blocks: list[Block]) -> Iterator[str]:
    """The folders of the repository that are called as modules by a relative path."""
    for block in blocks:
        if block.kind != "module" or "source" not in block.attributes:
            continue
        try:
            source = block.attributes["source"].literal()
        except ValueError:
            continue
        if isinstance(source, str) and source.startswith(("./", "../")):
            yield posixpath.normpath(posixpath.join(folder, source.replace("//", "/")))


def _is_module(folder: str) -> bool:
    return folder.split("/", maxsplit=1)[0] == MODULES


def _is_in(path: str, below: str) -> bool:
    return below in (".", path) or path.startswith(f"{below}/")
