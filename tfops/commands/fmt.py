"""`fmt`: tfops.yaml and the environments' files in one layout, as they lie here."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from tfops.change.project import Project
from tfops.config.document import read_document
from tfops.config.layout import laid_out
from tfops.config.names import PROJECT_FILE, shown
from tfops.errors import ConfigError, UsageError
from tfops.records.complaint import Complaint
from tfops.system import signals
from tfops.system.trees import GitTree
from tfops.system.workspace import in_work_tree, replace_text
from tfops.views.fmt import FmtResult

_SUFFIXES = (".yaml", ".yml")


def fmt(project: Project, folder: Path, named: Sequence[str], *, writes: bool, compares: bool) -> FmtResult:
    """Lay the files out, or say which ones would change (`writes` false), and how (`compares`). Ignored files and
    links aren't looked at. `named` are files and folders, relative to `folder`; none: all.

    Raises ConfigError with every mistake of every file, UsageError for a name without any file: nothing is written.
    """
    root = project.repository.root
    paths = _chosen(list(_paths(project.tree(worktree=True))), root, folder, named)
    before = {path: _text(root / path) for path in paths}
    after, complaints = dict[str, str](), list[Complaint]()
    for path, text in before.items():
        try:
            after[path] = _formatted(path, text)
        except ConfigError as error:
            complaints += error.complaints
    if complaints:
        raise ConfigError(complaints)
    changed = [path for path in paths if after[path] != before[path]]
    targets = {path: in_work_tree(root, path) for path in changed}
    if writes and changed:
        with signals.deferred("The files were formatted first."):
            for path, target in targets.items():
                replace_text(target, after[path])
    diff = [line for path in changed for line in _difference(path, before[path], after[path])] if compares else []
    return FmtResult(len(paths), tuple(changed), is_written=writes, diff=tuple(diff))


def _paths(tree: GitTree) -> Iterator[str]:
    if tree.read(PROJECT_FILE) is not None:
        yield PROJECT_FILE
    folder = tree.folders.environments
    found = (one for one in tree.entries(folder) if not one.is_link and not one.is_submodule)
    yield from sorted(f"{folder}/{one.path}" for one in found if one.path.suffix in _SUFFIXES)


def _chosen(paths: Sequence[str], root: Path, folder: Path, named: Sequence[str]) -> list[str]:
    if not named:
        return list(paths)
    wanted = dict[str, None]()
    for name in named:
        inside = _in_project(root, folder / name)
        fitting = [path for path in paths if inside is not None and PurePosixPath(path).is_relative_to(inside)]
        if not fitting:
            raise UsageError(
                f"there is no file to format at {shown(name)}",
                why=f"formatted are {PROJECT_FILE} and the environments' YAML files that Git doesn't ignore",
                hint="all of them: tfops fmt",
            )
        wanted |= dict.fromkeys(fitting)
    return [path for path in paths if path in wanted]


def _in_project(root: Path, path: Path) -> str | None:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return None


def _text(path: Path) -> str:
    """With its own line ends, which Git may change on the way in."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def _formatted(path: str, text: str) -> str:
    """Raises ConfigError for what can't be read, or not be laid out without risk."""
    document = read_document(path, text)
    if document.complaints:
        raise ConfigError(document.complaints)
    try:
        return laid_out(text)
    except ValueError as error:
        raise ConfigError([document.complaint((), f"it can't be formatted: {error}")]) from error


def _difference(path: str, before: str, after: str) -> Iterator[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), path, f"{path} (formatted)", lineterm="")
    yield from lines
    if before.splitlines() == after.splitlines():
        yield f"# {path}: line ends only"
