"""What a report is made of: styled texts, tables, indented blocks, one below the other.

rich draws them on a terminal, and is imported when it does. A log needs no colours and wraps nothing: `as_plain` writes
the same text without it. Where only rich knows (wide characters, a table that doesn't fit), it says so.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    Renderable = RenderableType
else:
    Renderable = object

Part = str | tuple[str, str]

_GAP = "  "
_HEADER = "dim"
# Characters of one column that reports use besides those that Latin and its like are written with.
_NARROW = frozenset("…·✓✗»→≥≤–—“”‘’•±─│├└")  # noqa: RUF001 - as people write them
_FIRST_MARK = "\u0300"  # from here on some characters take no column, or two


class Text:
    """A text with a style, and parts with styles of their own."""

    __slots__ = ("no_wrap", "overflow", "parts", "style")

    def __init__(
        self,
        text: str = "",
        style: str = "",
        *,
        no_wrap: bool | None = None,
        overflow: 'Literal["fold", "ellipsis"] | None' = None,
    ) -> None:
        self.parts: list[tuple[str, str]] = [(text, "")] if text else []
        self.style, self.no_wrap, self.overflow = style, no_wrap, overflow

    @classmethod
    def assemble(cls, *parts: Part) -> "Text":
        made = cls()
        for part in parts:
            made.append(*((part,) if isinstance(part, str) else part))
        return made

    @property
    def plain(self) -> str:
        return "".join(text for text, _ in self.parts)

    def append(self, text: str, style: str = "") -> "Text":
        self.parts.append((text, style))
        return self

    def append_text(self, other: "Text") -> "Text":
        self.parts += [(text, f"{other.style} {style}".strip()) for text, style in other.parts]
        return self

    def copy(self) -> "Text":
        made = Text(style=self.style, no_wrap=self.no_wrap, overflow=self.overflow)
        made.parts = list(self.parts)
        return made

    def __rich__(self) -> Any:
        from rich.text import Text as Drawn  # noqa: PLC0415 - only for a terminal

        drawn = Drawn(style=self.style, no_wrap=self.no_wrap, overflow=self.overflow)
        for text, style in self.parts:
            drawn.append(text, style or None)
        return drawn


class Table:
    """Rows below their headers, two spaces between the columns."""

    def __init__(self, *headers: str, has_header: bool = True) -> None:
        self.headers, self.has_header = headers, has_header
        self.rows: list[list[Text]] = []

    def __rich__(self) -> Any:
        from rich.table import Table as Drawn  # noqa: PLC0415 - only for a terminal

        drawn = Drawn(
            box=None,
            pad_edge=False,
            padding=(0, len(_GAP), 0, 0),
            header_style=_HEADER,
            show_edge=False,
            show_header=self.has_header,
        )
        for header in self.headers:
            drawn.add_column(header, overflow="fold")
        for row in self.rows:
            drawn.add_row(*row)
        return drawn


class Lines:
    """The rows of a table of thousands, a line each: rich measures and folds every cell of a table, 0.8 ms a row."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def __rich__(self) -> Any:
        from rich.cells import cell_len  # noqa: PLC0415 - only for a terminal

        rows = [[Text(header, style=_HEADER) for header in self.table.headers], *self.table.rows]
        widths = [max(cell_len(cell.plain) for cell in column) for column in zip(*rows, strict=True)]
        return Group(
            *(
                _line(row, [width - cell_len(cell.plain) for cell, width in zip(row, widths, strict=True)])
                for row in rows
            )
        ).__rich__()


def _line(row: list[Text], room: Iterable[int]) -> Text:
    line = Text(overflow="fold")
    for number, (cell, rest) in enumerate(zip(row, room, strict=True), 1):
        line.append_text(cell)
        if number < len(row):
            line.append(" " * rest + _GAP)
    return line


class Group:
    """One below the other."""

    def __init__(self, *shapes: Renderable) -> None:
        self.shapes = shapes

    def __rich__(self) -> Any:
        from rich.console import Group as Drawn  # noqa: PLC0415 - only for a terminal

        return Drawn(*self.shapes)


class Indented:
    """A text further to the right."""

    def __init__(self, text: Text, columns: int) -> None:
        self.text, self.columns = text, columns

    def __rich__(self) -> Any:
        from rich.padding import Padding  # noqa: PLC0415 - only for a terminal

        return Padding(self.text.__rich__(), (0, 0, 0, self.columns))


class ExactText:
    """A text for another program (Markdown, DOT, a value): a terminal gets it as a log does, to the letter."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich__(self) -> Any:
        from rich.text import Text as Drawn  # noqa: PLC0415 - only where somebody draws it all the same

        return Drawn(self.text, no_wrap=True, overflow="ignore")


class Remarked:
    """A line and a remark to it: beside it where there is room (always in a log), else below."""

    def __init__(self, line: Text, remark: str) -> None:
        self.line, self.remark = line, remark

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.cells import cell_len  # noqa: PLC0415 - only for a terminal

        fits = options.no_wrap or cell_len(self.line.plain) + len(self.remark) + 2 <= options.max_width
        yield self.beside() if fits else self.line.copy().append(f"\n            {self.remark}", style="dim")

    def beside(self) -> Text:
        """Both in one line."""
        return self.line.copy().append(f"  {self.remark}", style="dim")


def as_plain(shape: Renderable, width: int) -> str | None:
    """What rich would write into a log of `width` columns, without spaces at the ends of lines; None: only rich can."""
    found: list[str] = []
    for line in _lines(shape, width):
        if line is None:
            return None
        found.append(line.rstrip())
    return "\n".join(found)


def _lines(shape: Renderable, width: int) -> Iterator[str | None]:
    match shape:
        case ExactText():
            yield from shape.text.split("\n")
        case Text():
            yield from _text_lines(shape)
        case Remarked():
            yield from _text_lines(shape.beside())
        case Group():
            for inner in shape.shapes:
                yield from _lines(inner, width)
        case Table():
            yield from _table_lines(shape, width)
        case Lines():
            yield from _table_lines(shape.table, width)
        case Indented():
            for line in _text_lines(shape.text):
                fits = line is not None and len(line) + shape.columns <= width
                yield " " * shape.columns + line if line is not None and fits else None
        case _:
            yield None


def _text_lines(text: Text) -> Iterator[str | None]:
    yield from (line if _is_plain(line) else None for line in text.plain.split("\n"))


def _table_lines(table: Table, width: int) -> Iterator[str | None]:
    header = [list(table.headers)] if table.has_header else []
    rows = [*header, *([cell.plain for cell in row] for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        yield None
    for row in rows:
        line = _GAP.join(cell.ljust(room) for cell, room in zip(row, widths, strict=True))
        yield line if _is_plain(line) else None


def _is_plain(line: str) -> bool:
    """Whether every character is seen, and takes one column."""
    return (line.isascii() and line.isprintable()) or all(
        char.isprintable() and (char < _FIRST_MARK or char in _NARROW) for char in line
    )
