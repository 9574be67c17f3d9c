"""Names in Git trees that no folder can hold, or that are one name on some disks.

Git stores any bytes as a name, and a push carries them. Disks differ: some ignore case, some write `é` in one of
its two forms, HFS+ leaves characters out that can't be seen. What is refused is the same everywhere: a commit must
mean one thing on every machine. The rules for `.git` are those of Git's own `verify_path` (path.c, utf8.c), which a
program that reads objects without Git's checkout doesn't pass.
"""

import re
import unicodedata
from collections.abc import Iterable

from tfops.errors import Refused

_IGNORED_BY_HFS = frozenset(map(chr, (*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF)))
_GIT_ON_NTFS = re.compile(r"(\.git|git~1)[ .]*(:.*)?", re.IGNORECASE | re.DOTALL)
_HINT = "take it out of the commit's history, or commit the files under another name"


def folded(name: str) -> str:
    """Equal for names that are one on a disk that ignores case or the form of Unicode."""
    if name.isascii():
        return name.lower()
    visible = "".join(character for character in name if character not in _IGNORED_BY_HFS)
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", visible).casefold())


def require_possible_name(folder: str, name: str) -> None:
    """Raises Refused (guard `unsafe-name`) for what isn't one name in one folder, or is Git's own."""
    is_gits = folded(name) == ".git" or _GIT_ON_NTFS.fullmatch(name) is not None
    if name in ("", ".", "..") or "/" in name or is_gits:
        raise Refused("unsafe-name", f"`{folder or '.'}` has an entry with the name {name!r}", hint=_HINT)


def require_different_names(folder: str, names: Iterable[str]) -> None:
    """Raises Refused (guard `unsafe-name`) for two that are one name on some disks."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(folded(name), name)
        if other != name:
            raise Refused(
                "unsafe-name",
                f"`{folder}` has {other!r} and {name!r}: on some disks they are one name",
                hint="rename one of the two",
            )
