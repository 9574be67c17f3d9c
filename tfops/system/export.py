"""`modules/` as it was in a commit, written out once per content and shared by all who need it."""

import contextlib
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from tfops.errors import Refused
from tfops.system.trees import Entry, GitTree
from tfops.system.workspace import explained_disk_errors

MODULES = "modules"

# Terraform would take providers and module copies from these; only `init` may put them there.
_NEVER_EXPORTED = frozenset({".terraform", "terraform.d"})


def export_id(tree: GitTree, overrides: Mapping[str, str]) -> str:
    """The name of an export: the id of the tree's `modules/`, and a digest of what is laid over it."""
    tree_id = tree.digest(MODULES) or "empty"
    if not overrides:
        return tree_id
    return f"{tree_id}-{hashlib.sha256(json.dumps(overrides, sort_keys=True).encode()).hexdigest()[:16]}"


def export_modules(tree: GitTree, trees: Path, overrides: Mapping[str, str]) -> Path:
    """Write the tree's `modules/` to `<trees>/<id>/modules`, unless it is there, and return `<trees>/<id>`.

    `overrides` are more files, path below `modules/` to text. Another process that exports the same tree
    at the same time does no harm: each writes aside, the first rename wins. Raises Refused for links that
    leave `modules/` and for submodules.
    """
    final = trees / export_id(tree, overrides)
    if final.exists():
        return final
    with explained_disk_errors("export the modules"):
        aside = Path(tempfile.mkdtemp(dir=trees, prefix=".new-"))
        try:
            _write_entries(tree, aside / MODULES)
            for path, text in overrides.items():
                (aside / MODULES / path).write_text(text, encoding="utf-8")
            with contextlib.suppress(OSError):  # lost the race: the same content is there already
                aside.rename(final)
        finally:
            _remove_read_only(aside)
    return final


def _write_entries(tree: GitTree, folder: Path) -> None:
    folder.mkdir()
    for entry in tree.entries(MODULES):
        if _NEVER_EXPORTED.intersection(entry.path.parts):
            continue
        if entry.is_submodule:
            raise Refused("submodule", f"`{MODULES}/{entry.path}` is a Git submodule: tfops can't read its files")
        target = folder / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.is_link:
            target.symlink_to(_inner_link(entry))
        else:
            target.write_bytes(entry.content())
            target.chmod(0o500 if entry.mode & stat.S_IXUSR else 0o400)


def _inner_link(entry: Entry) -> str:
    """The link's target, when it stays inside `modules/`."""
    link = os.fsdecode(entry.content())
    where = PurePosixPath(os.path.normpath(PurePosixPath(entry.path.parent, link)))
    if where.is_absolute() or where.parts[:1] == ("..",):
        raise Refused(
            "outside-repository",
            f"`{MODULES}/{entry.path}` is a link that leaves `{MODULES}/` (to `{link}`)",
            hint="replace the link with the files themselves",
        )
    return link


def _remove_read_only(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
