"""Version constraints as Terraform writes them: `>= 1.6, < 2`, `~> 1.9`."""

import operator
import re
from collections.abc import Callable

from tfops.dataclass import dataclass

_TERM = re.compile(r"(?P<operator>~>|>=|<=|!=|>|<|=)?\s*v?(?P<version>\d+(\.\d+){0,2})")

Numbers = tuple[int, int, int]

_COMPARE: dict[str, Callable[[Numbers, Numbers], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def parse_version(text: str) -> Numbers:
    """`1.11.4`, `v1.6`, `1.12.0-rc1` as three numbers. Raises ValueError for anything else."""
    match = re.match(r"v?(\d+(\.\d+){0,2})([-+].*)?$", text.strip())
    if match is None:
        raise ValueError(f"not a version: {text!r}")
    return _numbers(match[1])


def _numbers(text: str) -> Numbers:
    first, second, third = [*(int(part) for part in text.split(".")), 0, 0][:3]
    return first, second, third


@dataclass(frozen=True, slots=True)
class Constraint:
    """A comma-separated list of conditions, all of which must hold. Empty allows everything."""

    text: str = ""

    def __post_init__(self) -> None:
        for term in self._terms():
            if not _TERM.fullmatch(term):
                raise ValueError(f"`{term}` is not a version constraint (like `>= 1.6, < 2`)")

    def _terms(self) -> list[str]:
        return [term.strip() for term in self.text.split(",")] if self.text.strip() else []

    def allows(self, version: str) -> bool:
        return all(_holds(term, parse_version(version)) for term in self._terms())


def _holds(term: str, version: Numbers) -> bool:
    match = _TERM.fullmatch(term)
    assert match is not None
    wanted = _numbers(match["version"])
    sign = match["operator"] or "="
    if sign == "~>":
        return version >= wanted and _same_but_last(match["version"], version)
    return _COMPARE[sign](version, wanted)


def _same_but_last(text: str, version: Numbers) -> bool:
    """`~> 1.9` allows 1.x from 1.9 on, `~> 1.9.2` allows 1.9.x from 1.9.2 on, `~> 1` everything from 1 on."""
    fixed = len(text.split(".")) - 1
    return version[:fixed] == _numbers(text)[:fixed]
