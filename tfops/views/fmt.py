"""`fmt`: which files are, or would be, laid out otherwise."""

from __future__ import annotations

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain, plural


@dataclass(frozen=True, slots=True)
class FmtResult:
    """The end of `fmt`: `changed` of so many files are not as they should be, or were not (`is_written`). `diff` are
    the lines of a unified diff, where that was asked for."""

    files: int
    changed: tuple[str, ...]
    is_written: bool
    diff: tuple[str, ...] = ()

    @property
    def exit_code(self) -> Exit:
        return Exit.CHANGES if self.changed and not self.is_written else Exit.DONE


@text_report.register(FmtResult)
def _fmt(result: FmtResult, view: View) -> draw.Renderable:
    if not result.changed:
        return draw.Text.assemble(("✓ ", "green"), f"{plural(result.files, 'file')}, formatted as they should be")
    lines = [draw.Text(plain(line), style=_STYLES.get(line[:1], "")) for line in result.diff]
    lines += [] if result.diff else [draw.Text(plain(path)) for path in result.changed]
    of = f"{len(result.changed)} of {plural(result.files, 'file')}"
    if result.is_written:
        return draw.Group(*lines, draw.Text.assemble(("✓ ", "green"), f"{of} formatted"))
    return draw.Group(*lines, draw.Text.assemble(("✗ ", "bold red"), f"{of} would change: tfops fmt"))


_STYLES = {"+": "green", "-": "red", "@": "cyan"}
