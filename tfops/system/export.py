"""`modules/` as it was in a commit, on disk: once per content to be read, and in each root for its engine.

An engine runs what modules tell it, and they may write beside themselves: so no two roots share a module's folder,
and none is taken as it was left.
"""

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tfops.system.folders import make_equal, opened
from tfops.system.module_files import MODULES, module_files
from tfops.system.trees import GitTree
from tfops.system.workspace import explained_disk_errors, read_json, write_file

_MARKER = "tfops-modules.json"


def export_id(tree: GitTree, overrides: Mapping[str, str]) -> str:
    """The name of an export: the id of the tree's `modules/`, and a digest of what is laid over it."""
    tree_id = tree.digest(MODULES) or "empty"
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
