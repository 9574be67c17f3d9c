"""What the dialects share: a line that can't be read, kinds of names, patterns of paths as regular expressions."""

import re
from collections.abc import Callable, Iterable

from tfops.dataclass import dataclass

Owned = Callable[[str], Iterable[str]]
"""The owners of a path, in the words of the file without the first `@`: `ann`, `ops/team`, `@maintainer` for a role,
`ann@example.com`."""


class Unreadable(ValueError):
    """A line, from 1, that isn't read, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True, slots=True)
class Rule:
    """A line: a pattern as a regular expression for whole paths, and who owns what fits it."""

    pattern: re.Pattern[str]
    owners: tuple[str, ...]


def is_address(owner: str) -> bool:
    """Whether it is somebody's address, and no account."""
    return "@" in owner[1:]


def part_of_path(text: str) -> str:
    """The pattern of one folder's or file's name: `*` any characters, `?` one."""
    words = {"*": "[^/]*", "?": "[^/]"}
    return "".join(words.get(part, re.escape(part)) for part in re.split(r"(\*+|\?)", text.replace("**", "*")))
