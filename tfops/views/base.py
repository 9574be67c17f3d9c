"""What all text reports share: the choice by type, the view, tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from tfops.dataclass import dataclass
from tfops.views import draw
from tfops.views.words import plain

if TYPE_CHECKING:
    from tfops.records.finding import Finding


@dataclass(frozen=True, slots=True)
class View:
    """How to look: times relative to `now`, long lists cut unless `full`. `group` gives what stands before and behind a
    part with a title in a log that can fold it."""

    now: datetime
    full: bool = False
    group: Callable[[str], tuple[str, str] | None] = lambda _: None

    def grouped(self, title: str, *shapes: draw.Renderable) -> Iterator[draw.Renderable]:
        """The shapes, as a part of a log where it has such."""
        found = self.group(title)
        yield from shapes if found is None else (draw.ExactText(found[0]), *shapes, draw.ExactText(found[1]))


@singledispatch
def text_report(result: object, view: View) -> draw.Renderable:
    """The result as people read it."""
    raise TypeError(f"no report for {type(result).__name__}")


def add_row(table: draw.Table, *cells: draw.Text | str) -> None:
    """Cells as they are: a commit's subject may hold brackets that rich would take for markup."""
    table.rows.append([cell if isinstance(cell, draw.Text) else draw.Text(plain(cell)) for cell in cells])


def flat_outputs(outputs: Any) -> Iterator[tuple[str, str]]:
    from tfops import exact  # noqa: PLC0415 - few reports show values

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
