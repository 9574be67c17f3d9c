"""Gitea and Forgejo: each line is a regular expression of Go, and all that fit a path count.

https://docs.gitea.com/usage/code-owners, and `models/issues/pull.go` in Gitea's source.
"""

import re
from collections.abc import Iterator

from tfops.config.codeowners.owned import Owned, Rule, Unreadable
from tfops.dataclass import dataclass

# What Go and Python read otherwise, or only one of them; and groups that repeat, which Python may take forever for.
_RISKY = re.compile(r"\(\?(?!:)|\)[*+?]|[*+?]\+|\[\[|--|&&|~~|\|\||\\[A-Za-z0-9]|[{$]|(?<!\[)\^|[^\x20-\x7e]")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class _Line:
    rule: Rule
    is_negative: bool


def read(text: str) -> Owned:
    """Raises Unreadable."""
    lines = list(_lines(text))

    def owned(path: str) -> Iterator[str]:
        for line in lines:
            if (line.rule.pattern.search(path) is None) == line.is_negative:
                yield from line.rule.owners

    return owned


def _lines(text: str) -> Iterator[_Line]:
    """Lines of less than two words are none."""
    for number, line in enumerate(text.split("\n"), start=1):
        pattern, *owners = [*_words(line.strip()), ""]
        if not owners[:-1]:
            continue
        is_negative, pattern = pattern.startswith("!"), pattern.removeprefix("!")
        if len(pattern) > _LONGEST or _RISKY.search(pattern):
            raise Unreadable(
                number, "a regular expression that Go and Python may not read alike: a simpler one is read"
            )
        try:
            # As Gitea does it: `a|b` begins with a, or ends with b.
            compiled = re.compile(rf"\A{pattern}\Z", re.ASCII)
        except re.error as error:
            raise Unreadable(number, f"no regular expression: {error}") from error
        yield _Line(Rule(compiled, tuple(one.removeprefix("@") for one in owners[:-1])), is_negative)


def _words(line: str) -> Iterator[str]:
    """Parted by blanks and tabs that have no backslash before them; what follows a `#` is a comment."""
    for word in re.findall(r"#.*|(?:\\.|[^\\ \t#])+", line):
        if word.startswith("#"):
            return
        yield re.sub(r"\\(.)", r"\1", word)
