"""`modules/` as it was in a commit, on disk: once per content to be read, and in each root for its engine.

An engine runs what modules tell it, and they may write beside themselves: so no two roots share a module's folder,
and none is taken as it was left.
"""

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from tfops.dataclass import dataclass
from tfops.system.folders import make_equal, opened
from tfops.system.module_files import MODULES, Folder, module_files
from tfops.system.trees import GitTree
from tfops.system.workspace import explained_disk_errors, read_json, write_file

_MARKER = "tfops-modules.json"
_REPOSITORY_MARKER = "exported.json"


def export_id(tree: GitTree, overrides: Mapping[str, str]) -> str:
    """The name of an export: the id of the tree's `modules/`, and a digest of what is laid over it."""
    tree_id = tree.digest(tree.folders.modules) or "empty"
    if not overrides:
        return tree_id
    return f"{tree_id}-{hashlib.sha256(json.dumps(overrides, sort_keys=True).encode()).hexdigest()[:16]}"


def export_modules(tree: GitTree, sources: Path, overrides: Mapping[str, str]) -> Path:
    """Write the tree's `modules/` to `<sources>/<id>/modules`, unless it is there, and return `<sources>/<id>`.

    `overrides` are more files, path below `modules/` to text. Another process that exports the same tree
    at the same time does no harm: each writes aside, the first rename wins. Raises Refused as `module_files`.
    """
    final = sources / export_id(tree, overrides)
    if final.exists():
        return final
    wanted = module_files(tree, overrides)
    with explained_disk_errors("export the modules"):
        aside = Path(tempfile.mkdtemp(dir=sources, prefix=".new-"))
        try:
            with opened(aside) as here:
                make_equal(here, MODULES, wanted, keeps=_nothing)
            with contextlib.suppress(OSError):  # lost the race: the same content is there already
                aside.rename(final)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return final


def _nothing(_: str) -> bool:
    return False


def lay_out_modules(
    tree: GitTree, root: Path, overrides: Mapping[str, str], *, rendered: str, keeps: Callable[[str], bool]
) -> None:
    """Make `<root>/modules` what the tree says, whatever was done to it since; raises Refused as `module_files`.

    What else lies there was written by a run. It stays for runs of the same modules and the same root (`rendered` is
    its digest), where `keeps` says so of its name: a resource may be a file beside its module. For every other run it
    is gone. The caller holds the environment's lock on this machine.
    """
    wanted = module_files(tree, overrides)
    marker, key = root / ".terraform" / _MARKER, [export_id(tree, overrides), rendered]
    is_same = read_json(marker) == key
    with explained_disk_errors("write the modules into the rendered root"):
        if not is_same:
            marker.unlink(missing_ok=True)  # before anything is touched: a run that is killed here began anew
        with opened(root) as here:
            make_equal(here, MODULES, wanted, keeps=keeps if is_same else _nothing)
        marker.parent.mkdir(mode=0o700, exist_ok=True)
    if not is_same:
        write_file(marker, json.dumps(key))


@dataclass(frozen=True, slots=True)
class OwnFolder:
    """The folder of a root that somebody wrote by hand, below the repository's top.

    `left` are names in it that others look after; `keeps` says what of a run's stays.
    """

    path: str
    left: frozenset[str]
    keeps: Callable[[str], bool]

    @property
    def steps(self) -> list[str]:
        return [step for step in self.path.split("/") if step != "."]


def lay_out_repository(
    tree: GitTree, top: Path, own: OwnFolder, overrides: Mapping[str, str], *, rendered: str
) -> None:
    """The same for such a root: `<top>/modules` holds what it can reach, at the same places.

    In the root's own folder what a run wrote stays at every commit, as it does by hand, where `keeps` says so; what a
    commit before put there and this one doesn't have is taken away.
    """
    wanted = _with_own(module_files(tree, overrides), own.steps, own)
    marker, key = top / _REPOSITORY_MARKER, [export_id(tree, overrides), rendered]
    known = read_json(marker) or {}
    is_same, files = known.get("key") == key, set(_paths_in(wanted.below(own.steps)))
    if not is_same:  # a run that is killed from here on began anew, and what it put there isn't what a run wrote
        before = set(known.get("files", ())) if known.get("root") == own.path else set()
        _note(marker, [], own, files | before)
        _take_away(top / MODULES / own.path, before - files)
    with explained_disk_errors("write the root module"), opened(top) as folder:
        make_equal(folder, MODULES, wanted, keeps=own.keeps if is_same else _nothing)
    if not is_same:
        _note(marker, key, own, files)


def _note(marker: Path, key: list[str], own: OwnFolder, files: Iterable[str]) -> None:
    write_file(marker, json.dumps({"key": key, "root": own.path, "files": sorted(files)}))


def _with_own(top: Folder, path: list[str], own: OwnFolder) -> Folder:
    """The same with the root's folder marked as what it is."""
    if path:
        [name, *rest] = path
        inner = _with_own(top.folders.get(name, Folder()), rest, own)
        return replace(top, folders={**top.folders, name: inner})
    files = {name: file for name, file in top.files.items() if name not in own.left}
    links = {name: target for name, target in top.links.items() if name not in own.left}
    return replace(top, files=files, links=links, left=own.left, keeps=own.keeps)


def _paths_in(folder: Folder, before: str = "") -> Iterator[str]:
    yield from (f"{before}{name}" for name in (*folder.files, *folder.links))
    for name, inner in folder.folders.items():
        yield from _paths_in(inner, f"{before}{name}/")


def _take_away(folder: Path, names: Iterable[str]) -> None:
    """Files of an earlier commit; nothing is taken away through a link that a run made of a folder."""
    for name in names:
        *above, _ = PurePosixPath(name).parts
        if not any(folder.joinpath(*above[: depth + 1]).is_symlink() for depth in range(len(above))):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                (folder / name).unlink()
