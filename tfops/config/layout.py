"""One layout for YAML files: two spaces for each level, list items one level in, no blanks at the ends of lines.

Only what stands before a line's text, and the blanks behind it, is changed: comments, quotes, order and everything
else within a line stay as they were written. Where a line belongs is said by ruamel.yaml's tokens.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import pairwise
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.tokens import (
    BlockEndToken,
    BlockEntryToken,
    BlockMappingStartToken,
    BlockSequenceStartToken,
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
    KeyToken,
    ScalarToken,
    StreamEndToken,
    StreamStartToken,
    Token,
    ValueToken,
)

from tfops.dataclass import dataclass

_STEP = 2
_NO_LINE_ENDS = re.compile("[\r\x85\u2028\u2029]")  # some programs begin a line there, and others don't
_OPEN = re.compile(r"(:|(^|\s)-)\s*(\s#.*)?$")  # a key or a dash, and nothing behind it
_FLOW_STARTS = (FlowMappingStartToken, FlowSequenceStartToken)
_FLOW_ENDS = (FlowMappingEndToken, FlowSequenceEndToken)


def laid_out(text: str) -> str:
    """A file that can be read, in the one layout; it means what it meant. Laid out again it stays as it is.

    Raises ValueError where that can't be done without risk.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if _NO_LINE_ENDS.search(text):
        raise ValueError("it has line ends of another kind than LF and CRLF")
    found = _Layout(text.split("\n")).text(text)
    if _meaning(found) != _meaning(text) or found.split() != text.split():
        raise ValueError("its form is unusual: it would mean something else")
    return found


def _meaning(text: str) -> list[tuple[Any, ...]]:
    """All that a reader may make of it, in order: values with their tags, quotes and anchors."""
    names = ("anchor", "tag", "implicit", "value", "style", "flow_style", "explicit")
    return [(type(one), *(getattr(one, name, None) for name in names)) for one in _reader().parse(text)]


def _reader() -> YAML:
    return YAML(typ="safe", pure=True)


@dataclass(slots=True)
class _Block:
    """A mapping or a list that spans lines: in which column it begins, and in which it is to begin. An `indentless`
    list begins where the key above it does."""

    old: int
    new: int
    is_list: bool
    indentless: bool = False


@dataclass(slots=True)
class _Layout:
    """What becomes of each line, by its number.

    `starts` are old and new columns of what begins on it; `inside` is how far a line moves that goes on with what
    began above, and the least column that it may have; `ends` are lines whose last blanks may be part of a text.
    `around` are the columns, old to new, of all that is open behind a line; `comments` are the new ones of comments.
    """

    lines: list[str]
    starts: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    inside: dict[int, tuple[int, int]] = field(default_factory=dict)
    ends: set[int] = field(default_factory=set)
    around: dict[int, dict[int, int]] = field(default_factory=dict)
    comments: dict[int, int] = field(default_factory=dict)
    blocks: list[_Block] = field(default_factory=list)

    def text(self, text: str) -> str:
        self._read(text)
        lines = [self._line(number) for number in range(len(self.lines))]
        if len(lines) - 1 in self.ends:  # a text that the file ends with, without a line end: one would belong to it
            return "\n".join(lines)
        while lines and not lines[-1] and len(lines) - 1 not in self.ends:
            lines.pop()
        return "".join(f"{line}\n" for line in lines)

    # Where everything begins

    def _read(self, text: str) -> None:
        depth = 0
        opened = before = StreamStartToken(None, None)
        for token in _reader().scan(text):
            if isinstance(token, StreamStartToken | StreamEndToken):
                continue
            depth -= isinstance(token, _FLOW_ENDS)
            if depth == 0 and isinstance(token, _FLOW_ENDS):
                self._goes_on(opened, token.end_mark.line, least=self._column(0))
            elif depth == 0:
                self._place(token, is_behind_dash=isinstance(before, BlockEntryToken))
                opened = token
            if isinstance(token, ScalarToken):
                self._text_goes_on(token, in_flow=depth > 0)
            depth += isinstance(token, _FLOW_STARTS)
            before = token
            if not isinstance(token, BlockEndToken):  # it stands where the next one begins
                self.around[_last_line(token)] = {block.old: block.new for block in self.blocks}

    def _place(self, token: Token, *, is_behind_dash: bool) -> None:
        line, column = token.start_mark.line, token.start_mark.column
        match token:
            case BlockMappingStartToken() | BlockSequenceStartToken():
                is_list = isinstance(token, BlockSequenceStartToken)
                self.blocks.append(_Block(column, self._column(_STEP), is_list))
            case BlockEntryToken():
                if not self.blocks[-1].is_list:
                    self.blocks.append(_Block(column, self._column(_STEP), is_list=True, indentless=True))
                self._starts(line, column, self._column(0))
            case KeyToken() | ValueToken():
                self._end_indentless()
                if isinstance(token, KeyToken) or self._is_first(line, column):
                    self._starts(line, column, self._column(0))
            case BlockEndToken():
                self._end_indentless()
                self.blocks.pop()
            case _ if self._is_first(line, column) or (is_behind_dash and line in self.starts):
                self._starts(line, column, self._column(_STEP))

    def _column(self, deeper: int) -> int:
        """That of the innermost block, so much deeper; 0 outside of all."""
        return self.blocks[-1].new + deeper if self.blocks else 0

    def _end_indentless(self) -> None:
        if self.blocks[-1].indentless:
            self.blocks.pop()

    def _is_first(self, line: int, column: int) -> bool:
        return line not in self.starts and not self.lines[line][:column].strip()

    def _starts(self, line: int, old: int, new: int) -> None:
        self.starts.setdefault(line, []).append((old, new))

    def _text_goes_on(self, token: ScalarToken, *, in_flow: bool) -> None:
        """The lines of a text after its first. Blank ones behind it belong to it only where it says so (`|+`)."""
        first, last = token.start_mark.line, _last_line(token)
        if token.style in ("|", ">"):
            header = self.lines[first][token.start_mark.column :].partition("#")[0]
            most = self._indent_of_text(header, first, last)
            while last > first and "+" not in header and not self.lines[last].strip() and len(self.lines[last]) <= most:
                last -= 1
            self.ends |= set(range(first + 1, last + 1))
            self._goes_on(token, last, least=0, moves_with_block=True)
        else:
            self.ends |= set(range(first, last))
            if not in_flow:
                self._goes_on(token, last, least=self._column(_STEP))

    def _indent_of_text(self, header: str, first: int, last: int) -> int:
        """More blanks than that are part of a block of text."""
        if said := re.search("[1-9]", header):
            return (self.blocks[-1].old if self.blocks else 0) + int(said[0])
        texts = (line for line in self.lines[first + 1 : last + 1] if line.strip())
        return next((len(line) - len(line.lstrip(" ")) for line in texts), 0)

    def _goes_on(self, token: Token, last: int, *, least: int, moves_with_block: bool = False) -> None:
        """Lines move as far as what is in front of them on the first one does."""
        first = token.start_mark.line
        old, new = self.starts.get(first, [(0, 0)])[-1]
        if moves_with_block or old != token.start_mark.column:
            old, new = (self.blocks[-1].old, self.blocks[-1].new) if self.blocks else (0, 0)
        for line in range(first + 1, last + 1):
            self.inside[line] = (new - old, least)

    # What the lines become

    def _line(self, number: int) -> str:
        line = self.lines[number]
        if number in self.inside:
            line = _moved(line, *self.inside[number])
        elif number in self.starts:
            line = _begun(line, self.starts[number])
        elif line.lstrip().startswith("#"):
            text = line.lstrip()
            self.comments[number] = self._column_of_comment(number, len(line) - len(text))
            line = " " * self.comments[number] + text
        return line if number in self.ends else line.rstrip(" \t")

    def _column_of_comment(self, number: int, column: int) -> int:
        """As what it stands above, else with the end of a line that it goes on with, else as what is open there."""
        below = next((self.starts[line][0] for line in range(number, len(self.lines)) if line in self.starts), None)
        if below and below[0] == column:
            return below[1]
        goes_on = self._column_as_above(number, column)
        return self._column_as_around(number, column, below) if goes_on is None else goes_on

    def _column_as_above(self, number: int, column: int) -> int | None:
        """Of a comment that begins right below one which stands behind something, or which goes on with such a one."""
        above = self.lines[number - 1] if number else ""
        if column == 0 or above[column - 1 : column + 1] not in (" #", "\t#"):
            return None
        if number - 1 in self.comments:
            return self.comments[number - 1]
        if number - 1 in self.starts:
            old, new = self.starts[number - 1][-1]
            return column + new - old
        return None

    def _column_as_around(self, number: int, column: int, below: tuple[int, int] | None) -> int:
        """That of the nearest in front of it; a step deeper where it stands in what has nothing in it but comments."""
        behind = next((line for line in range(number, -1, -1) if line in self.around), None)
        known = {**(self.around[behind] if behind is not None else {}), **dict([below] if below else [])}
        fitting = [old for old in known if old <= column]
        if behind is None or not fitting:
            return min(known.values(), default=0)
        nearest = max(fitting)
        is_list_below = below is not None and below[0] == nearest and below[1] != self.around[behind].get(nearest)
        is_in = nearest < column and _OPEN.search(self.lines[behind]) and not is_list_below
        return known[nearest] + (_STEP if is_in else 0)


def _last_line(token: Token) -> int:
    """A block of text ends where the line after it begins."""
    end = token.end_mark
    return int(end.line) - (end.column == 0 and end.line > token.start_mark.line)


def _moved(line: str, shift: int, least: int) -> str:
    text = line.lstrip(" ")
    if not text:
        return line if shift == 0 or not line else " " * max(len(line) + shift, 0)
    return " " * max(len(line) - len(text) + shift, least) + text


def _begun(line: str, starts: Sequence[tuple[int, int]]) -> str:
    """A line on which something begins: `- - key: value` is three of them."""
    return "".join((" " * starts[0][1], *_marks(line, starts), line[starts[-1][0] :]))


def _marks(line: str, starts: Sequence[tuple[int, int]]) -> Iterator[str]:
    for (old, new), (next_old, next_new) in pairwise(starts):
        yield line[old:next_old].rstrip().ljust(next_new - new)
