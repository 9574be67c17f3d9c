"""`drill`: how the way back went when it was rehearsed."""

from __future__ import annotations

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.drill import Drill
from tfops.records.names import EnvName
from tfops.records.version import Version
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import drill_words, duration, plain


@dataclass(frozen=True, slots=True)
class DrillResult:
    """The end of `drill`."""

    env: EnvName
    version: Version
    drill: Drill
    is_kept: bool

    @property
    def exit_code(self) -> Exit:
        return Exit.DONE if self.drill.is_ok else Exit.NOT_PASSED


@text_report.register(DrillResult)
def _drill(result: DrillResult, view: View) -> draw.Renderable:
    drill = result.drill
    sign = ("✓ ", "bold green") if drill.is_ok else ("✗ ", "bold red")
    lines: list[draw.Renderable] = [
        draw.Text.assemble(
            sign, (f"{result.env} {result.version} in {drill.place}: {plain(drill_words(drill))}", "bold")
        )
    ]
    lines += [draw.Text(f"  {plain(drill.why)}")] if drill.why else []
    lines += [draw.Text(f"  {step:<8}  {duration(seconds)}", style="dim") for step, seconds in drill.seconds.items()]
    if result.is_kept:
        lines.append(draw.Text(f"  {drill.place} is kept as it is: tfops destroy {drill.place}", style="yellow"))
    return draw.Group(*lines)
