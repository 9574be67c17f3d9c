"""The blocks and attributes of a `*.tf` file, by where they stand. What an expression means is not looked at."""

from collections.abc import Iterator
from dataclasses import field

from tfops.config.modules.tokens import SyntaxMistake, Token, tokens
from tfops.dataclass import dataclass

_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Span:
    """From the first character to the one after the last."""

    start: int
    end: int


NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Part:
    """`kind "label" { … }`, by where it stands. The body of a file is a part without kind."""

    kind: str = ""
    labels: tuple[str, ...] = ()
    span: Span = NOWHERE
    attributes: dict[str, Span] = field(default_factory=dict)
    parts: list["Part"] = field(default_factory=list)


def read_structure(text: str) -> Part:
    """The body of a file. Raises SyntaxMistake where Terraform wouldn't read it either."""
    found = [token for token in tokens(text) if token.kind != "comment"]
    return _Structure(text, found).body()


class _Structure:
    def __init__(self, text: str, found: list[Token]) -> None:
        self._text = text
        self._tokens = found
        self._index = 0

    def _word(self, token: Token) -> str:
        return self._text[token.start : token.end]

    def _error(self) -> SyntaxMistake:
        is_inside = self._index < len(self._tokens)
        return SyntaxMistake(self._tokens[self._index].start if is_inside else len(self._text))

    def _peek(self) -> Token | None:
        return self._tokens[self._index] if self._index < len(self._tokens) else None

    def _take(self, *kinds: str) -> Token:
        token = self._peek()
        if token is None or token.kind not in kinds:
            raise self._error()
        self._index += 1
        return token

    def body(self, depth: int = 0) -> Part:
        """What stands up to the closing brace, or up to the end of the file."""
        if depth > _DEEPEST:
            raise self._error()
        attributes: dict[str, Span] = {}
        parts: list[Part] = []
        while (token := self._peek()) is not None and token.kind != "close":
            if token.kind == "newline":
                self._index += 1
                continue
            name = self._take("name")
            following = self._peek()
            if following is not None and self._word(following) == "=":
                self._index += 1
                attributes[self._word(name)] = self._expression()
            else:
                parts.append(self._block(name, depth))
        if (token is None) != (depth == 0):
            raise self._error()
        return Part(attributes=attributes, parts=parts)

    def _block(self, name: Token, depth: int) -> Part:
        labels = tuple(self._labels())
        if self._word(self._take("open")) != "{":
            self._index -= 1
            raise self._error()
        inside = self.body(depth + 1)
        closing = self._take("close")
        span = Span(name.start, closing.end)
        return Part(self._word(name), labels, span, inside.attributes, inside.parts)

    def _labels(self) -> Iterator[str]:
        while (token := self._peek()) is not None and token.kind in ("name", "quote"):
            self._index += 1
            if token.kind == "name":
                yield self._word(token)
                continue
            written = ""
            while self._take("text", "quote").kind == "text":
                written += self._word(self._tokens[self._index - 1])
            yield written

    def _expression(self) -> Span:
        """Up to the end of the line, or of the block; brackets may hold more lines."""
        first = last = self._peek()
        depth = 0
        while (token := self._peek()) is not None:
            if depth == 0 and token.kind in ("newline", "close"):
                break
            depth += (token.kind in ("open", "template")) - (token.kind in ("close", "end"))
            last = token
            self._index += 1
        if first is None or last is None or first.kind in ("newline", "close"):
            raise self._error()
        return Span(first.start, last.end)
