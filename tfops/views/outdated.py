"""`outdated`: what is behind, and what can't be told."""

from __future__ import annotations

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.names import EnvName
from tfops.records.outdated import Standing, UsedSource
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.words import plain, plural


@dataclass(frozen=True, slots=True)
class OutdatedResult:
    """The end of `outdated`."""

    environments: tuple[EnvName, ...]
    sources: tuple[UsedSource, ...]

    @property
    def exit_code(self) -> Exit:
        """What nobody could be asked about doesn't count as current."""
        standings = {one.standing for one in self.sources}
        if Standing.BEHIND in standings:
            return Exit.CHANGES
        return Exit.NOT_PASSED if Standing.NOT_ASKED in standings else Exit.DONE


_STYLES = {
    Standing.BEHIND: "yellow",
    Standing.CURRENT: "green",
    Standing.MOVING: "yellow",
    Standing.UNKNOWN: "dim",
    Standing.NOT_ASKED: "bold red",
}
_ORDER = (Standing.BEHIND, Standing.NOT_ASKED, Standing.MOVING, Standing.UNKNOWN, Standing.CURRENT)


@text_report.register(OutdatedResult)
def _outdated(result: OutdatedResult, view: View) -> draw.Renderable:
    if not result.sources:
        return draw.Text("nothing from elsewhere: no module of a registry or a repository, no locked provider")
    rows = [one for one in result.sources if view.full or one.standing is not Standing.CURRENT]
    table = draw.Table("", "SOURCE", "TAKES", "NEWEST", "USED BY")
    for one in sorted(rows, key=lambda row: _ORDER.index(row.standing)):
        standing = draw.Text(one.standing, style=_STYLES[one.standing])
        add_row(table, standing, one.source, one.takes or one.version or "-", one.newest or "-", _places(one))
    whys = dict.fromkeys((f"{one.source}: {one.why}", _STYLES[one.standing]) for one in rows if one.why)
    current = sum(one.standing is Standing.CURRENT for one in result.sources)
    last = draw.Text(f"{current} of {plural(len(result.sources), 'source')} current", style="dim")
    lines = [draw.Text(plain(text), style=style) for text, style in whys]
    return draw.Group(*([table] if rows else []), *lines, last)


_MOST = 3


def _places(used: UsedSource) -> str:
    more = len(used.places) - _MOST
    return plain(", ".join(used.places[:_MOST]) + (f" and {more} more" if more > 0 else ""))
