"""What only a run knows, in the files of rendered roots: two that differ in nothing else are the same content."""

import posixpath
from collections.abc import Mapping
from typing import Any

from tfops import exact
from tfops.records.rendered import ROOT_FILE, RUN_VARIABLE, VALUES_FILE


def without_run_values(files: Mapping[str, str]) -> dict[str, str]:
    """The files of roots, as they would be if no run had given them anything."""
    return {name: _without(text) if _is_holder(name, files) else text for name, text in files.items()}


def _is_holder(name: str, files: Mapping[str, str]) -> bool:
    """A generated root has them among its values; beside a root of somebody's own that file is all the user's."""
    folder, file = posixpath.split(name)
    is_own = posixpath.join(folder, ROOT_FILE) in files
    return file == (ROOT_FILE if is_own else VALUES_FILE) and f'"{RUN_VARIABLE}"' in files[name]


def _without(text: str) -> str:
    block: dict[str, Any] = exact.loads(text)
    block.pop(RUN_VARIABLE, None)
    return exact.dumps(block, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
