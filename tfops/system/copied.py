"""A folder that was copied from elsewhere: its files, without what only belongs to the place that it came from."""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from tfops.errors import Refused

_NOT_CONTENT = frozenset({".git", ".terraform"})


def copy_folder(source: Path, target: Path) -> None:
    """A copy, with links as links, and the modes that files of a work tree have.

    Raises Refused (guard `outside-repository`) for a link that leaves the folder.
    """
    for path in _entries(source, frozenset()):
        if path.is_symlink() and not _stays(path, source):
            where = path.relative_to(source).as_posix()
            raise Refused(
                "outside-repository",
                f"`{where}` of the module is a link that leaves it",
                hint="copy it by hand, with the files in the place of the links",
            )
    shutil.copytree(source, target, symlinks=True, ignore=lambda _, names: _NOT_CONTENT.intersection(names))
    for path in (target, *target.rglob("*")):  # an engine writes what only its user may read
        if not path.is_symlink():
            is_executable = path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)
            path.chmod(0o755 if is_executable else 0o644)


def _stays(link: Path, top: Path) -> bool:
    return not link.readlink().is_absolute() and Path(os.path.realpath(link)).is_relative_to(os.path.realpath(top))


def folder_digest(folder: Path, *, without: str = "") -> str:
    """The sha256 over names and content of all files, links by where they lead; `without` one at its top."""
    whole = hashlib.sha256()
    for path in sorted(_entries(folder, frozenset({without}))):
        content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        kind = "link" if path.is_symlink() else "file"
        name = path.relative_to(folder).as_posix()
        whole.update(f"{kind}\0{name}\0{hashlib.sha256(content).hexdigest()}\0".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def _entries(folder: Path, leaves: frozenset[str]) -> Iterator[Path]:
    """Files and links; no link is followed."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name in _NOT_CONTENT or path.name in leaves:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _entries(path, frozenset())
        else:
            yield path
