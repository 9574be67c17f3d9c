"""Files that are written where there are none: what is there is somebody's, and stays."""

from collections.abc import Mapping
from pathlib import Path

from tfops.system.workspace import explained_disk_errors, in_work_tree


def write_missing(folder: Path, files: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The paths that were written, and those that were there already."""
    written, kept = [], []
    for path, text in files.items():
        target = in_work_tree(folder, path)
        if target.exists():
            kept.append(path)
            continue
        with explained_disk_errors(f"write {path}"):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        written.append(path)
    return written, kept
