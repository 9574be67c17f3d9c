"""The modules that `init` put into a root: where each one's files are, and what was downloaded."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfops.dataclass import dataclass
from tfops.system.workspace import read_json, write_file

_MANIFEST = ".terraform/modules/modules.json"
_DOWNLOADS = ".terraform/"
_NOT_CONTENT = frozenset({".git", ".terraform"})


@dataclass(frozen=True, slots=True)
class InstalledModule:
    """One call of a module. `path` is in dots: `app`, `app.inner`."""

    path: str
    source: str
    version: str
    folder: Path
    is_download: bool

    def digest(self) -> str:
        """The sha256 over names and bytes of all files."""
        whole = hashlib.sha256()
        for path in sorted(_files(self.folder)):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            whole.update(f"{path.relative_to(self.folder).as_posix()}\0{content}\0".encode())
        return whole.hexdigest()


def installed_modules(root: Path) -> list[InstalledModule]:
    """Every module of an initialized root but the root itself."""
    listed = (read_json(root / _MANIFEST) or {}).get("Modules", [])
    return [
        InstalledModule(
            entry["Key"],
            entry["Source"],
            entry.get("Version", ""),
            root / entry["Dir"],
            is_download=str(entry["Dir"]).startswith(_DOWNLOADS),
        )
        for entry in listed
        if entry["Key"]
    ]


def forget_moved_modules(root: Path) -> None:
    """Take calls of local modules out of the engine's list whose folder isn't the listed one, with what they call.

    The engine lists a local module under the folder that a link led to, and keeps the entry for as long as the call's
    text and that folder stay: a link that leads elsewhere now would give the old module, without a word. What was
    downloaded, and is called by what stays, stays.
    """
    path = root / _MANIFEST
    manifest = read_json(path) or {}
    listed = {entry["Key"]: entry for entry in manifest.get("Modules", [])}
    moved = [key for key, entry in listed.items() if key and not _is_in_place(root, entry, listed)]
    kept = [entry for key, entry in listed.items() if not any(f"{key}.".startswith(f"{one}.") for one in moved)]
    if moved:
        write_file(path, json.dumps({**manifest, "Modules": kept}))


def forget_packages(root: Path, folders: Sequence[str]) -> None:
    """Take what lies in these folders of the root out of the engine's list, so that it is fetched again."""
    path = root / _MANIFEST
    manifest = read_json(path) or {}
    listed = manifest.get("Modules", [])
    kept = [entry for entry in listed if not any(f"{entry['Dir']}/".startswith(f"{one}/") for one in folders)]
    if kept != listed:
        write_file(path, json.dumps({**manifest, "Modules": kept}))


def _is_in_place(root: Path, entry: Mapping[str, Any], listed: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a call of a local module leads to the folder that is listed for it; True for what was downloaded."""
    caller = listed.get(entry["Key"].rpartition(".")[0], {"Dir": "."})
    if not entry["Source"].startswith(("./", "../")) or caller["Dir"].startswith(_DOWNLOADS):
        return True
    folder = os.path.realpath(root / caller["Dir"] / entry["Source"])
    return os.path.relpath(folder, os.path.realpath(root)) == os.path.normpath(str(entry["Dir"]))


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not _NOT_CONTENT.intersection(path.relative_to(folder).parts):
            yield path
