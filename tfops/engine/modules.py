"""The modules that `init` put into a root: where each one's files are, and what was downloaded."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfops.system.workspace import read_json

_MANIFEST = ".terraform/modules/modules.json"
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
            is_download=str(entry["Dir"]).startswith(".terraform"),
        )
        for entry in listed
        if entry["Key"]
    ]


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not _NOT_CONTENT.intersection(path.relative_to(folder).parts):
            yield path
