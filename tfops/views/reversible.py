"""`check --reversible`: the one-way doors of a commit."""

from __future__ import annotations

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.commit import Commit
from tfops.records.names import EnvName
from tfops.records.verdict import Reason
from tfops.records.version import Version
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain


@dataclass(frozen=True, slots=True)
class ReversibleResult:
    """The end of `check --reversible`: the one-way doors of a commit. Without `against`, nothing runs yet."""

    env: EnvName
    commit: Commit
    against: Version | None
    doors: tuple[Reason, ...]

    @property
    def exit_code(self) -> Exit:
        return Exit.NOT_PASSED if self.doors else Exit.DONE


@text_report.register(ReversibleResult)
def _reversible(result: ReversibleResult, view: View) -> draw.Renderable:
    what = f"{result.commit.short} on {result.env}"
    if result.against is None:
        return draw.Text(f"✓ {what}: nothing runs yet, nothing to go back to", style="green")
    if not result.doors:
        return draw.Text(f"✓ {what} can be taken back to {result.against}", style="green")
    lines: list[draw.Renderable] = [
        draw.Text(f"{what} is a one-way door: going back to {result.against} would be hard")
    ]
    for door in result.doors:
        lines.append(draw.Text.assemble(("✗ ", "bold red"), plain(door.text)))
        lines += [draw.Text(f"  {plain(door.cure)}", style="dim")] if door.cure else []
    return draw.Group(*lines)
