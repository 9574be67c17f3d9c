"""What environments are called that are made of folders: after their paths, without what all of them have in common."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

_LONGEST = 57  # room for the rehearsal's own name
_NO_WORD = re.compile(r"[^a-z0-9]+")


def environment_names(
    roots: Iterable[tuple[str, str]], *, known: Collection[str], taken: Collection[str], top: str
) -> Mapping[tuple[str, str], str]:
    """(Path, workspace) to name, each of them once. `known` are paths that environments have already, `taken` their
    names; `top` is what the repository's own folder is called."""
    wanted = list(roots)
    common = _common([_parts(path) for path in sorted({*known, *(path for path, _ in wanted)})])
    found: dict[tuple[str, str], str] = {}
    used = set(taken)
    for path, workspace in wanted:
        words = [*(_parts(path)[common:] or [top]), *([workspace] if workspace else [])]
        name = _free(_word("-".join(words)) or "root", used)
        used.add(name)
        found[path, workspace] = name
    return found


def _parts(path: str) -> Sequence[str]:
    return [] if path == "." else path.split("/")


def _common(paths: Sequence[Sequence[str]]) -> int:
    """How many first folders all have in common; the last one of each is always its own."""
    shortest = min((len(parts) - 1 for parts in paths), default=0)
    count = 0
    while count < shortest and len({parts[count] for parts in paths}) == 1:
        count += 1
    return max(count, 0)


def _word(text: str) -> str:
    return _NO_WORD.sub("-", text.lower())[:_LONGEST].strip("-")


def _free(name: str, used: Collection[str]) -> str:
    if name not in used:
        return name
    number = 2
    while f"{name}-{number}" in used:
        number += 1
    return f"{name}-{number}"
