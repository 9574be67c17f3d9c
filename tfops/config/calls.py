"""Calls of the engine's functions in a value: `${format("%s-%s", env.name, local.short)}`.

The set of functions is closed: each gives the same for the same, whatever the machine, the time and the files. tfops
takes a call apart to find what it refers to, and works nothing out: the engine does, in the rendered root.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from tfops import exact
from tfops.config.names import did_you_mean
from tfops.dataclass import dataclass

FUNCTIONS = frozenset(
    """
    abs ceil floor max min parseint pow signum sum
    chomp endswith format formatlist indent join lower regex regexall replace split startswith strrev substr title trim
    trimprefix trimspace trimsuffix upper
    alltrue anytrue chunklist coalesce coalescelist compact concat contains distinct element flatten index keys length
    lookup matchkeys merge one range reverse setintersection setproduct setsubtract setunion slice sort transpose values
    zipmap
    base64decode base64encode csvdecode jsondecode jsonencode urlencode yamldecode yamlencode
    base64sha256 base64sha512 md5 sha1 sha256 sha512
    cidrhost cidrnetmask cidrsubnet cidrsubnets
    formatdate timeadd
    tobool tolist tomap tonumber toset tostring
    """.split()  # noqa: SIM905 - one name a line would be three screens
)

_BEGINS = re.compile(r"\$\{\s*[A-Za-z_][A-Za-z0-9_:]*\s*\(")
_PART = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}]')

_STEP = r'(?:\.[A-Za-z_][A-Za-z0-9_-]*|\[[0-9]+\]|\[\*\]|\["[^"\\$%{}]*"\])'
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<call>[A-Za-z_][A-Za-z0-9_:]*)\s*\("
    rf"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*{_STEP}*)"
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r'|(?P<text>"(?:[^"\\\n]|\\["\\nrt])*")'
    r"|(?P<sign>\.\.\.|[)\]},=:\[{])"
)
_WORDS = {"true": True, "false": False, "null": None}
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function of the engine's with what it is given: literals, references, other calls, lists and mappings of them.
    `expands`: the last one is a list whose items are given each by itself (`...`)."""

    name: str
    given: tuple[Any, ...]
    expands: bool = False


class CallError(ValueError):
    """A call that is none, with what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def call_in(text: str) -> str | None:
    """What looks like a call, without the brackets around it; None for any other text, also for one with more in it
    than one template."""
    if _BEGINS.match(text) is None or not text.endswith("}"):
        return None
    depth = 0
    for part in _PART.finditer(text):
        depth += {"{": 1, "}": -1}.get(part[0], 0)
        if depth == 0 and part.end() < len(text) and part[0] == "}":
            return None
    return text[2:-1].strip()


def parse_call(text: str, reference: Callable[[str], Any]) -> FunctionCall:
    """The call, whose references `reference` reads: it gives None for a name that is none. Raises CallError."""
    reader = _Reader(text, reference)
    found = reader.value(0)
    if reader.kind != "end" or not isinstance(found, FunctionCall):
        raise CallError(f"not understood from `{text[reader.start :][:20]}` on", _FORM)
    return found


_FORM = 'a function of literals, references and other functions: ${format("%s-web", env.name)}'


class _Reader:
    """One token ahead of what was read."""

    def __init__(self, text: str, reference: Callable[[str], Any]) -> None:
        self._text, self._reference = text, reference
        self._position = self.start = 0
        self.kind = self._word = ""
        self._next()

    def _next(self) -> None:
        self.start = self._position
        if self._position == len(self._text):
            self.kind, self._word = "end", ""
            return
        match = _TOKEN.match(self._text, self._position)
        if match is None:
            raise CallError(f"not understood from `{self._text[self._position :][:20]}` on", _FORM)
        self._position = match.end()
        self.kind, self._word = str(match.lastgroup), match[str(match.lastgroup)]
        if self.kind == "space":
            self._next()

    def _take(self, *signs: str) -> str:
        """The sign that stands there, which must be one of these."""
        if self.kind != "sign" or self._word not in signs:
            found = f"`{self._text[self.start :][:20]}`" if self.kind != "end" else "the end"
            raise CallError(f"`{signs[0]}` is missing before {found}", _FORM)
        sign = self._word
        self._next()
        return sign

    def _is(self, sign: str) -> bool:
        return self.kind == "sign" and self._word == sign

    def value(self, depth: int) -> Any:
        kind, word = self.kind, self._word
        if depth > _DEEPEST or kind == "end" or (kind == "sign" and word not in "[{"):
            raise CallError(f"not understood from `{self._text[self.start :][:20]}` on", _FORM)
        self._next()
        match kind:
            case "call":
                return self._call(word, depth)
            case "number":
                return exact.loads(word)
            case "text":
                return _literal_text(word)
            case "sign":
                return self._list(depth) if word == "[" else self._mapping(depth)
        if word in _WORDS:
            return _WORDS[word]
        found = self._reference(word)
        if found is None:
            raise CallError(f"`{word}` is no reference", "module.NAME.OUTPUT, local.NAME, env.name; text in quotes")
        return found

    def _call(self, name: str, depth: int) -> FunctionCall:
        if name not in FUNCTIONS:
            raise CallError(f"there is no function `{name}` here", did_you_mean(name, FUNCTIONS))
        given: list[Any] = []
        while not self._is(")"):
            given.append(self.value(depth + 1))
            if self._is("..."):
                self._next()
                self._take(")")
                return FunctionCall(name, tuple(given), expands=True)
            if not self._is(")"):
                self._take(",", ")")
        self._next()
        return FunctionCall(name, tuple(given))

    def _list(self, depth: int) -> list[Any]:
        found: list[Any] = []
        while not self._is("]"):
            found.append(self.value(depth + 1))
            if not self._is("]"):
                self._take(",", "]")
        self._next()
        return found

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self._is("}"):
            if self.kind not in ("name", "text"):
                raise CallError(f"a key is missing before `{self._text[self.start :][:20]}`", _FORM)
            key = self._word if self.kind == "name" else _literal_text(self._word)
            self._next()
            self._take("=", ":")
            found[key] = self.value(depth + 1)
            if not self._is("}"):
                self._take(",", "}")
        self._next()
        return found


def _literal_text(word: str) -> str:
    if "${" in word or "%{" in word:
        raise CallError(f"a text has no template in it: {word}", 'join texts by a function: format("%s-web", env.name)')
    text: str = json.loads(word)
    return text
