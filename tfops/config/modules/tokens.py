"""The tokens of HCL's native syntax: where names, texts, comments and brackets begin and end.

python-hcl2 reads most expressions, but not every layout that Terraform takes: a byte order mark, comments and line
ends in the middle of an expression, names that aren't ASCII, `${~`. So files are cut up here, and what it gets is
`plain`: the same expression, of the same length, in the layout that it knows.
https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#lexical-elements
"""

import re
from collections.abc import Iterator
from typing import Literal

from tfops.dataclass import dataclass

Kind = Literal[
    "name", "sign", "newline", "comment", "open", "close", "template", "end", "quote", "text", "heredoc", "marker"
]


@dataclass(frozen=True, slots=True)
class Token:
    """`template` is `${` or `%{`, `end` the bracket that closes one, `text` what stands in quotes or in a heredoc."""

    kind: Kind
    start: int
    end: int


BYTE_ORDER_MARK = "\ufeff"

_NAME = r"[^\W\d](?:[\w-]|[^\x00-\x7f])*"

_EXPRESSION = re.compile(
    r"(?P<space>[ \t\r]+)"
    r"|(?P<newline>\n)"
    r"|(?P<comment>(?:\#|//)[^\n]*|/\*.*?\*/)"
    rf"|(?P<heredoc><<-?(?P<marker>{_NAME})\r?\n)"
    rf"|(?P<name>{_NAME})"
    r"|(?P<open>[(\[{])"
    r"|(?P<close>[)\]}])"
    r"|(?P<quote>\")"
    r"|(?P<sign>\d[\w.]*(?:(?<=[eE])[+-]\d+)?|[=!<>]=|=>|&&|\|\||\.\.\.|::|[^\s])",
    re.DOTALL,
)
_PIECE = r"\$\$\{|%%\{|\$(?!\{)|%(?!\{)"
_QUOTED = re.compile(rf"(?P<text>(?:{_PIECE}|\\.|[^\"\\$%\n])+)|(?P<template>[$%]\{{)|(?P<quote>\")", re.DOTALL)
_LINE = re.compile(rf"(?P<text>(?:{_PIECE}|[^$%\n])*(?:\n|\Z)|(?:{_PIECE}|[^$%\n])+)|(?P<template>[$%]\{{)")

_PAIRS = {"(": ")", "[": "]", "{": "}"}


class SyntaxMistake(ValueError):
    """A text that is no HCL, or no JSON; `position` is the character where that shows."""

    def __init__(self, position: int) -> None:
        super().__init__(f"not valid HCL: from character {position} on")
        self.position = position


def tokens(text: str) -> list[Token]:
    """All tokens but spaces, in their order. Raises SyntaxMistake where the text is no HCL."""
    return list(_Reader(text).read())


class _Reader:
    """`_inside` is what the position lies in: brackets that are still open, `"`, `${`, or a heredoc's marker."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._inside: list[str] = []
        self._position = 1 if text.startswith(BYTE_ORDER_MARK) else 0
        self._is_line_start = False

    def read(self) -> Iterator[Token]:
        while self._position < len(self._text):
            token = self._next()
            if token is not None:
                yield token
        if self._inside:
            raise self._error()

    def _error(self, position: int | None = None) -> SyntaxMistake:
        return SyntaxMistake(self._position if position is None else position)

    def _next(self) -> Token | None:
        top = self._inside[-1] if self._inside else ""
        if top.startswith("<"):
            return self._in_heredoc(top[1:])
        return self._take(_QUOTED if top == '"' else _EXPRESSION, top)

    def _take(self, pattern: re.Pattern[str], top: str) -> Token | None:
        found = pattern.match(self._text, self._position)
        if found is None or found.lastgroup is None:
            raise self._error()
        kind, start, self._position = found.lastgroup, self._position, found.end()
        kind = "heredoc" if kind == "marker" else kind
        if kind == "quote" and top == '"':
            self._inside.pop()
        elif kind == "heredoc":
            self._inside.append("<" + found["marker"])
            self._is_line_start = True
        elif kind in ("quote", "template", "open"):
            self._inside.append("${" if kind == "template" else found[0])
        elif kind == "close":
            if _PAIRS.get(top) != found[0] and not (top == "${" and found[0] == "}"):
                raise self._error(start)
            kind = "end" if self._inside.pop() == "${" else "close"
            self._is_line_start = False
        return None if kind == "space" else _token(kind, start, found.end())

    def _in_heredoc(self, marker: str) -> Token:
        """A line of a heredoc, or what stands of it before `${`; the line with its marker ends it."""
        found = _LINE.match(self._text, self._position)
        assert found is not None
        start, self._position = self._position, found.end()
        if found.lastgroup == "template":
            self._inside.append("${")
            return Token("template", start, found.end())
        is_line, self._is_line_start = self._is_line_start, found[0].endswith("\n")
        if is_line and found[0].strip() == marker:
            self._inside.pop()
            self._position = found.end() - len(found[0]) + len(found[0].rstrip())
            return Token("marker", start, self._position)
        if start == found.end():
            raise self._error()
        return Token("text", start, found.end())


def _token(kind: str, start: int, end: int) -> Token:
    return Token(kind, start, end)  # type: ignore[arg-type]


def plain(text: str) -> str:
    """A text of the same length and meaning for python-hcl2. What names and texts are must be read from the original.

    Raises ValueError where it is no HCL.
    """
    made = list(text)
    if text.startswith(BYTE_ORDER_MARK):
        made[0] = " "
    found = tokens(text)
    heredocs, opened = 0, [""]
    for index, token in enumerate(found):
        heredocs += (token.kind == "heredoc") - (token.kind == "marker")
        if token.kind in ("open", "template"):
            opened.append(_opening(text, found, index))
        elif token.kind in ("close", "end"):
            opened.pop()
        if heredocs and token.kind != "heredoc":
            made[token.start : token.end] = re.sub(r"[^\n]", ".", text[token.start : token.end])
        elif token.kind == "newline" and found[index - 1].kind == "marker":
            continue  # a heredoc ends with its line
        elif sign := _stand_in(token, text[token.start : token.end], inside=opened[-1]):
            made[token.start : token.end] = sign * (token.end - token.start)
    return "".join(made)


def _stand_in(token: Token, word: str, *, inside: str) -> str:
    """What python-hcl2 gets in the place of each character; empty where it reads the token as it is."""
    if token.kind == "text" or (token.kind == "name" and not word.isascii()):
        return "x"
    is_meaningless = token.kind == "comment" or word == "~" or (token.kind == "newline" and inside not in ("", "{"))
    return " " if is_meaningless else ""


def _opening(text: str, found: list[Token], index: int) -> str:
    """The bracket; `(` also for braces in which line ends mean nothing: `{ for …`."""
    opened = text[found[index].start : found[index].end]
    following = next((token for token in found[index + 1 :] if token.kind not in ("newline", "comment")), None)
    is_loop = following is not None and text[following.start : following.end] == "for"
    return "(" if opened == "{" and is_loop else opened
