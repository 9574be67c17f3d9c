"""Files for a folder that the user names: for editors, for a CI job."""

from collections.abc import Mapping
from pathlib import Path

from tfops.system.workspace import explained_disk_errors, in_work_tree


def write_into(start: Path, folder: str, files: Mapping[str, str], doing: str) -> None:
    """Write the files, and make the folder where it is missing. Raises Refused (guard `disk`), and `outside-repository`
    as `in_work_tree`."""
    with explained_disk_errors(doing):
        in_work_tree(start, "" if Path(folder).is_absolute() else folder)
        (start / folder).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            # A folder that was named in full is the caller's word, not a commit's.
            path = Path(folder, name) if Path(folder).is_absolute() else in_work_tree(start, f"{folder}/{name}")
            path.write_text(text, encoding="utf-8")
