"""Modules that the engine downloaded into a root, kept as they were fetched.

`path.module` of such a module is a folder below `.terraform/modules`, which the engine fills once and never looks at
again. What a run writes there (a provisioner, `local_file`, an archive) must not reach the runs of another commit.
What was written beside the module's own files stays for runs of the same content, as it does in `modules/`
(docs/adr/0020-each-root-has-its-own-modules.md).
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfops.engine.modules import forget_packages
from tfops.system.workspace import explained_disk_errors, read_json, write_file

_FOLDER = ".terraform/modules"
_RECORD = ".terraform/tfops-downloads.json"
_NOT_CONTENT = frozenset({".git", ".terraform"})


def take_back(root: Path, content: str) -> bool:
    """Make downloads what was fetched; True where some are gone now, because only the engine can fetch them again.

    `content` is an id of what this run is made of. Reads every file: a size and a time can be set to anything.
    """
    record = read_json(root / _RECORD)
    if not record:
        return False
    is_same, spoiled = record["content"] == content, []
    with explained_disk_errors("take back what a run wrote into a downloaded module"):
        for name, fetched in record["packages"].items():
            folder = root / _FOLDER / name
            found = _listing(folder)
            if any(found.get(path) != digest for path, digest in fetched.items()):
                spoiled.append(name)
            elif not is_same:
                _remove(folder, found.keys() - fetched.keys())
        if spoiled:
            _forget(root, record, spoiled)
    return bool(spoiled)


def remember(root: Path, content: str) -> None:
    """Write down what lies in each download, unless that is known. For runs of other content `take_back` came first."""
    record = read_json(root / _RECORD) or {}
    known = record.get("packages", {}) if record.get("content") == content else {}
    packages = {name: known.get(name) or _listing(root / _FOLDER / name) for name in _packages(root)}
    wanted = {"content": content, "packages": packages}
    if wanted != record and (packages or record):
        write_file(root / _RECORD, json.dumps(wanted))


def _packages(root: Path) -> list[str]:
    folder = root / _FOLDER
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _forget(root: Path, record: dict[str, Any], names: list[str]) -> None:
    """The files go last: a run that is killed before that finds a download that isn't listed, and fetches it."""
    kept = {name: listing for name, listing in record["packages"].items() if name not in names}
    write_file(root / _RECORD, json.dumps({**record, "packages": kept}))
    forget_packages(root, [f"{_FOLDER}/{name}" for name in names])
    for name in names:
        shutil.rmtree(root / _FOLDER / name, ignore_errors=True)


def _listing(folder: Path) -> dict[str, str]:
    """Path to digest, of links to where they lead."""
    return {path.relative_to(folder).as_posix(): _digest(path) for path in _entries(folder)}


def _entries(folder: Path) -> Iterator[Path]:
    """Files and links; no link is followed."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name in _NOT_CONTENT:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _entries(path)
        else:
            yield path


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"


def _remove(folder: Path, paths: set[str]) -> None:
    for name in paths:
        path = folder / name
        path.unlink(missing_ok=True)
        while (path := path.parent) != folder and not any(path.iterdir()):
            path.rmdir()
