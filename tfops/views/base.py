"""What all text reports share: the choice by type, the view, tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import singledispatch
from typing import Any

from tfops import exact
from tfops.dataclass import dataclass
from tfops.records.finding import Finding
from tfops.views import draw
from tfops.views.words import plain


@dataclass(frozen=True, slots=True)
class View:
    """How to look: times relative to `now`, long lists cut unless `full`."""

    now: datetime
    full: bool = False


@singledispatch
def text_report(result: object, view: View) -> draw.RenderableType:
    """The result as people read it."""
    raise TypeError(f"no report for {type(result).__name__}")


def add_row(table: draw.Table, *cells: draw.Text | str) -> None:
    """Cells as they are: a commit's subject may hold brackets that rich would take for markup."""
    table.add_row(*(cell if isinstance(cell, draw.Text) else draw.Text(plain(cell)) for cell in cells))


def new_table(*columns: str) -> draw.Table:
    table = draw.Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def many_rows(table: draw.Table) -> draw.RenderableType:
    """The same rows, a line each, for a table of thousands: rich measures and folds every cell, 0.8 ms a row."""
    columns = [[draw.Text(str(column.header), style="dim"), *_texts(column)] for column in table.columns]
    widths = [max(cell.cell_len for cell in cells) + 2 for cells in columns]
    lines = []
    for row in zip(*columns, strict=True):
        line = draw.Text(overflow="fold")
        for cell, width in zip(row, widths, strict=True):
            line.append_text(cell)
            line.append(" " * (width - cell.cell_len))
        line.rstrip()
        lines.append(line)
    return draw.Group(*lines)


def _texts(column: draw.Column) -> list[draw.Text]:
    return [cell if isinstance(cell, draw.Text) else draw.Text(str(cell)) for cell in column.cells]


def flat_outputs(outputs: Any) -> Iterator[tuple[str, str]]:
    for module, values in outputs.items():
        for name, value in values.items():
            yield f"{module}.{name}", plain(exact.dumps(value, ensure_ascii=False))


def finding_lines(findings: Sequence[Finding]) -> Iterator[draw.Text]:
    """A line per finding, its hint below."""
    width = max(len(finding.topic) for finding in findings)
    for finding in findings:
        mark = ("✗", "bold red") if finding.is_problem else ("✓", "green")
        yield draw.Text.assemble(mark, " ", (f"{finding.topic:<{width}}", "dim"), "  ", finding.text)
        if finding.hint:
            yield draw.Text(f"  {'':<{width}}  {finding.hint}", style="dim")
