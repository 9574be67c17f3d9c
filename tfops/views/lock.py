"""`lock`, `unlock`, `hold`, and a `resume` that lifts a hold."""

from __future__ import annotations

from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.records.version import Version
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain


@dataclass(frozen=True, slots=True)
class LockResult:
    """The end of `lock` and `unlock`."""

    env: EnvName
    is_locked: bool
    text: str


@dataclass(frozen=True, slots=True)
class HoldResult:
    """The end of `hold`, and of a `resume` that lets a held environment go on."""

    env: EnvName
    version: Version
    reason: str
    is_held: bool


@text_report.register(LockResult)
def _lock(result: LockResult, view: View) -> draw.Renderable:
    return draw.Text(f"✓ {plain(result.text)}", style="green")


@text_report.register(HoldResult)
def _hold(result: HoldResult, view: View) -> draw.Renderable:
    if result.is_held:
        return draw.Text(
            f"{result.env} is held at {result.version}: {result.reason}; to let it go on: tfops resume {result.env}"
        )
    return draw.Text(f"{result.env} is not held any more; the next apply goes on from {result.version}")
