"""Refs read where Git keeps them as files: what one of them names, without a process for it.

A file of its own wins over a line of `packed-refs`. Where anything looks otherwise than expected (another storage, a
damaged file) nothing is said, and Git is asked. https://git-scm.com/docs/gitrepository-layout
"""

import re
from pathlib import Path

from tfops.dataclass import dataclass
from tfops.records.names import CommitSha

_VALUE = re.compile(r"(?P<sha>[0-9a-f]{40}(?:[0-9a-f]{24})?)\n?")
_SYMBOLIC = re.compile(r"ref: (?P<name>refs/[^\n]+)\n?")
_PACKED = "packed-refs"


class UnsureError(Exception):
    """Git must be asked."""


@dataclass(frozen=True, slots=True)
class RefFiles:
    """`git_dir` is the work tree's own folder, which has its HEAD; `common_dir` has the refs of all work trees."""

    git_dir: Path
    common_dir: Path

    def checked_out(self) -> str:
        """The branch that HEAD is on, `refs/heads/…`; empty when it is on none. Raises UnsureError."""
        self._require_files()
        text = self._text(self.git_dir / "HEAD") or ""
        symbolic = _SYMBOLIC.fullmatch(text)
        if symbolic is None and _VALUE.fullmatch(text) is None:
            raise UnsureError
        return symbolic["name"] if symbolic else ""

    def value(self, name: str) -> CommitSha | None:
        """The object that a full ref name names; None when there is no such ref. Raises UnsureError."""
        self._require_files()
        if not name.startswith("refs/") or {"", ".", ".."} & set(name.split("/")):
            raise UnsureError
        text = self._text(self.common_dir / name)
        found = _VALUE.fullmatch(text) if text is not None else None
        if text is not None and found is None:
            raise UnsureError
        return CommitSha(found["sha"]) if found else self._packed(name)

    def has_none_below(self, space: str) -> bool:
        """Whether it is certain that there is no ref in a space (`refs/tfops/offline/`)."""
        folder = self.common_dir / space
        is_known = not (self.common_dir / "reftable").exists() and not folder.exists()
        try:
            return is_known and f" {space}" not in (self._text(self.common_dir / _PACKED) or "")
        except UnsureError:
            return False

    def _require_files(self) -> None:
        if (self.common_dir / "reftable").exists():
            raise UnsureError

    def _packed(self, name: str) -> CommitSha | None:
        rows = (self._text(self.common_dir / _PACKED) or "").splitlines()
        found = [row.partition(" ")[0] for row in rows if row.partition(" ")[2] == name]
        if found and _VALUE.fullmatch(found[0]) is None:
            raise UnsureError
        return CommitSha(found[0]) if found else None

    def _text(self, path: Path) -> str | None:
        """None where there is no such file, or a folder instead of it. HEAD as a symbolic link is Git's to read."""
        if path.is_symlink():
            raise UnsureError
        try:
            return path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except (OSError, ValueError):
            raise UnsureError from None
