"""GitHub: patterns as in .gitignore, but for `!`, `[ ]` and most of `\\`; the last line that fits a path counts.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

import re
from collections.abc import Iterator

from tfops.config.codeowners.owned import Owned, Rule, Unreadable, part_of_path

_OWNER = re.compile(r"@[A-Za-z0-9][\w-]*(/[\w.-]+)?|[^@\s]+@[^@\s]+", re.ASCII)


def read(text: str) -> Owned:
    """Raises Unreadable."""
    rules = list(_rules(text))

    def owned(path: str) -> tuple[str, ...]:
        return next((rule.owners for rule in reversed(rules) if rule.pattern.fullmatch(path)), ())

    return owned


def _rules(text: str) -> Iterator[Rule]:
    for number, line in enumerate(text.splitlines(), start=1):
        words = re.split(r"(?<!\\)\s+", re.sub(r"(^|\s)#.*", "", line).strip())
        if not words[0]:
            continue
        pattern = words[0].replace("\\ ", " ")
        if pattern.startswith("!") or re.search(r"[\[\]\\]|\*\*\*", pattern):
            raise Unreadable(number, "a pattern with `!`, `[ ]`, `\\` or `***`, which GitHub doesn't know")
        if re.fullmatch(r"/|/?(\*\*/)+(\*\*)?", pattern):
            raise Unreadable(number, f"{pattern!r} names no file")
        strange = next((word for word in words[1:] if not _OWNER.fullmatch(word)), None)
        if strange is not None:
            raise Unreadable(number, f"{strange!r} is no account, team or address")
        yield Rule(_regex(pattern), tuple(word.removeprefix("@") for word in words[1:]))


def _regex(pattern: str) -> re.Pattern[str]:
    """What has no slash but at its end fits at any depth; a folder stands for all that is in it."""
    parts = pattern.split("/")
    if parts[0] and (len(parts) == 1 or parts[1:] == [""]):
        parts.insert(0, "**")
    *above, last = parts if parts[0] else parts[1:]
    begin = "".join("(?:.+/)?" if part == "**" else f"{_part(part)}/" for part in above)
    end = ".+" if last in ("", "**") else "[^/]+" if last == "*" else f"{part_of_path(last)}(?:/.*)?"
    return re.compile(begin + end, re.DOTALL)


def _part(part: str) -> str:
    return "[^/]+" if part == "*" else part_of_path(part)
