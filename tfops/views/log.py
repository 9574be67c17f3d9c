"""`log`: every event of an environment's ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfops.dataclass import dataclass
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.words import age

if TYPE_CHECKING:
    from tfops.records.event import LedgerEvent
    from tfops.records.names import EnvName
    from tfops.records.run import Trouble


@dataclass(frozen=True, slots=True)
class LogResult:
    """The end of `log`, newest first."""

    env: EnvName
    events: tuple[LedgerEvent, ...]
    trouble: Trouble | None = None


@text_report.register(LogResult)
def _log(result: LogResult, view: View) -> draw.Renderable:
    if not result.events:
        return draw.Text(f"the ledger of {result.env} is empty")
    table = draw.Table("EVENT", "WHEN", "BY", "WHAT", "COMMIT")
    for event in result.events:
        add_row(table, event.kind, age(event.at, view.now), event.by, event.text, draw.Text(event.sha[:8], style="dim"))
    if result.trouble is None:
        return table
    from tfops.views.trouble import trouble_lines  # noqa: PLC0415 - most logs end well

    return draw.Group(table, *trouble_lines(result.env, result.trouble, view))
