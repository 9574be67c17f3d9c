"""`drift`: the real world beside the version."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.names import EnvName
from tfops.records.plan import ResourceChange
from tfops.records.version import Version
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.plan_lines import drifted_lines
from tfops.views.words import age, plain, plural


@dataclass(frozen=True, slots=True)
class EnvironmentDrift:
    """How the real world differs from an environment's version; no changes when it doesn't.

    `since` is when that was first seen, `right_at` when it was last seen right. `heal` is what an apply would do
    about it, in numbers, where the environment heals. `error` says why nobody could look.
    """

    env: EnvName
    version: Version | None
    changes: tuple[ResourceChange, ...] = ()
    since: datetime | None = None
    right_at: datetime | None = None
    heal: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class DriftResult:
    """The end of `drift`."""

    environments: tuple[EnvironmentDrift, ...]

    @property
    def has_drift(self) -> bool:
        return any(found.changes for found in self.environments)

    def exit_code(self, *, detailed: bool) -> Exit:
        """With `detailed`, drift has a code of its own."""
        if any(found.error for found in self.environments):
            return Exit.ENGINE_FAILED
        return Exit.CHANGES if detailed and self.has_drift else Exit.DONE


@text_report.register(DriftResult)
def _drift(result: DriftResult, view: View) -> draw.Renderable:
    return draw.Group(*(line for found in result.environments for line in _drift_lines(found, view)))


def _drift_lines(found: EnvironmentDrift, view: View) -> Iterator[draw.Renderable]:
    if found.error:
        yield draw.Text(f"{found.env}: could not be compared: {plain(found.error)}", style="bold red")
        return
    if not found.changes:
        yield draw.Text(f"{found.env} is what {found.version} says", style="green")
        return
    seen = f"last seen right {age(found.right_at, view.now)}" if found.right_at else ""
    yield draw.Text(
        f"{found.env} differs from {found.version} in {plural(len(found.changes), 'resource')}; {seen}", "yellow"
    )
    yield from drifted_lines(found.changes, full=view.full)
    if found.heal:
        yield draw.Text(f"  an apply would heal it: {found.heal}", style="dim")
