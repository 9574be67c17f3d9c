"""Writing folders of which others chose the names: never through a link, never over a file, never outside.

Every step is made relative to a folder that is open, with `O_NOFOLLOW` and `O_EXCL`: what a name means can't change
between a look and a write. Links are made last, when nothing is written any more.
"""

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from tfops.system.module_files import File, Folder, git_digest

_PRIVATE_FOLDER = 0o700
_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def opened(name: str | Path, *, at: int | None = None) -> Iterator[int]:
    """A folder that is one, not a link to one. Raises OSError otherwise."""
    descriptor = os.open(name, _LOOK | os.O_DIRECTORY, dir_fd=at)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def make_equal(parent: int, name: str, wanted: Folder, *, keeps: Callable[[str], bool]) -> None:
    """Make `name` in an open folder hold what is wanted: what is right stays, everything else is made anew.

    A file that nobody wanted stays where `keeps` says so of its name; links and folders that nobody wanted stay where
    it does, without the files in them that don't.
    """
    _make_folders(parent, name, wanted, keeps=keeps)
    _make_links(parent, name, wanted)


def _make_folders(parent: int, name: str, wanted: Folder, *, keeps: Callable[[str], bool]) -> None:
    if not _is_folder(parent, name):
        _remove(parent, name)
        os.mkdir(name, _PRIVATE_FOLDER, dir_fd=parent)
    keeps = wanted.keeps or keeps
    with opened(name, at=parent) as here:
        names = wanted.names | wanted.left
        for present in _names(here):
            if present not in names:
                _tidy(here, present, keeps=keeps)
        for inner, file in wanted.files.items():
            if not _holds(here, inner, file):
                _remove(here, inner)
                _write(here, inner, file)
        for inner, target in wanted.links.items():
            if _target(here, inner) != target:
                _remove(here, inner)
        for inner, folder in wanted.folders.items():
            _make_folders(here, inner, folder, keeps=keeps)


def _make_links(parent: int, name: str, wanted: Folder) -> None:
    with opened(name, at=parent) as here:
        for inner, target in wanted.links.items():
            if _target(here, inner) is None:
                os.symlink(target, inner, dir_fd=here)
        for inner, folder in wanted.folders.items():
            _make_links(here, inner, folder)


def _tidy(parent: int, name: str, *, keeps: Callable[[str], bool]) -> None:
    if not keeps(name):
        _remove(parent, name)
    elif _is_folder(parent, name):
        with opened(name, at=parent) as here:
            for inner in _names(here):
                _tidy(here, inner, keeps=keeps)


def _names(here: int) -> list[str]:
    with os.scandir(here) as found:
        return [entry.name for entry in found]


def _write(parent: int, name: str, file: File) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, _mode(file), dir_fd=parent), "wb") as stream:
        os.fchmod(stream.fileno(), _mode(file))
        stream.write(file.content())


def _mode(file: File) -> int:
    return 0o500 if file.is_executable else 0o400


def _holds(parent: int, name: str, file: File) -> bool:
    """Whether a file is what it should be; one with a second name may be written to by that one."""
    found = _lstat(parent, name)
    if found is None or not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        return False
    if stat.S_IMODE(found.st_mode) != _mode(file):
        return False
    with os.fdopen(os.open(name, _LOOK | os.O_NONBLOCK, dir_fd=parent), "rb") as stream:
        return git_digest(stream.read(), like=file.digest) == file.digest


def _is_folder(parent: int, name: str) -> bool:
    found = _lstat(parent, name)
    return found is not None and stat.S_ISDIR(found.st_mode)


def _target(parent: int, name: str) -> str | None:
    """A link's target, None for what isn't a link."""
    found = _lstat(parent, name)
    return os.readlink(name, dir_fd=parent) if found is not None and stat.S_ISLNK(found.st_mode) else None


def _lstat(parent: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _remove(parent: int, name: str) -> None:
    """Whatever it is, and whether or not it is there; a link's own self."""
    if _is_folder(parent, name):
        shutil.rmtree(name, dir_fd=parent)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=parent)
