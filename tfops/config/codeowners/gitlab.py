"""GitLab: sections, each by itself: its last line that fits a path counts. What isn't said to be required isn't.

https://docs.gitlab.com/user/project/codeowners/reference/, and `ee/lib/gitlab/code_owners` in its source.
"""

import re
from collections.abc import Iterator

from tfops.config.codeowners.owned import Owned, Rule, Unreadable, part_of_path
from tfops.dataclass import dataclass

_HEAD = re.compile(r"(?P<optional>\^)?\[(?P<name>.*?)\](?:\[\d*?\])?(?P<owners>\s+[@\w.\-/\s+]*)?")
_ADDRESS = re.compile(r"[^@\s]{1,100}@[^@\s]{1,255}(?<!\W)")
_NAME = re.compile(r"(?<![\w@])@(\w(?:[\w.-]*[\w-])?(?:/\w(?:[\w.-]*[\w-])?)*)", re.ASCII)
_ROLE = re.compile(r"(?:^|(?<=\s))@(@(?:developer|maintainer|owner))s?(?=\s|$)", re.IGNORECASE)


@dataclass(slots=True)
class _Section:
    """`rules` by their patterns: a pattern that stands there twice keeps its place, and has the later owners. Those of
    None are exclusions. `is_optional`: all of its heads said so."""

    is_optional: bool
    rules: dict[str, Rule | None]


def read(text: str) -> Owned:
    """Raises Unreadable. Owners whose approval is optional are none."""
    sections = [section for section in _sections(text).values() if not section.is_optional]

    def owned(path: str) -> Iterator[str]:
        for section in sections:
            fitting = [rule for pattern, rule in section.rules.items() if _regex(pattern).fullmatch(f"/{path}")]
            if fitting and None not in fitting and fitting[-1] is not None:
                yield from fitting[-1].owners

    return owned


def _sections(text: str) -> dict[str, _Section]:
    found = {"codeowners": _Section(is_optional=False, rules={})}
    section, defaults = found["codeowners"], ""
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if not line or line.startswith("#"):
            continue
        if head := _HEAD.match(line):
            is_optional, defaults = head["optional"] is not None, head["owners"] or ""
            section = found.setdefault(head["name"].casefold(), _Section(is_optional, {}))
            section.is_optional = section.is_optional and is_optional
        else:
            _add(section, line, defaults, number)
    return found


def _add(section: _Section, line: str, defaults: str, number: int) -> None:
    pattern, owners, *_ = [*re.split(r"(?<!\\)\s+", line, maxsplit=1), ""]
    is_exclusion = pattern.startswith("!")
    pattern = re.sub(r"\\\s+", " ", re.sub(r"^\\#", "#", pattern.removeprefix("!")))
    if re.search(r"[\[\]\\]", pattern):
        raise Unreadable(number, "a pattern with `[ ]` or `\\`")
    whole = _whole(pattern)
    section.rules[whole] = None if is_exclusion else Rule(_regex(whole), tuple(_owners(owners or defaults)))


def _owners(text: str) -> Iterator[str]:
    """Also in what looks like a comment: GitLab reads those as well."""
    yield from _ADDRESS.findall(text)
    yield from _NAME.findall(text)
    yield from (role.lower() for role in _ROLE.findall(text))


def _whole(pattern: str) -> str:
    if pattern == "*":
        return "/**/*"
    below_root = pattern if pattern.startswith("/") else f"/**/{pattern}"
    return f"{below_root}**/*" if below_root.endswith("/") else below_root


def _regex(pattern: str) -> re.Pattern[str]:
    """As Ruby's File.fnmatch with FNM_PATHNAME and FNM_DOTMATCH."""
    *above, last = pattern.split("/")
    begin = "".join("(?:[^/]+/)*" if part == "**" else f"{part_of_path(part)}/" for part in above)
    return re.compile(begin + part_of_path(last), re.DOTALL)
