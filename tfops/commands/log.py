"""`log`: every event of an environment's ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfops.commands.named import environment_with_versions
from tfops.ledger.chain import read_events, read_present
from tfops.views.log import LogResult

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.change.ui import Ui


def log(project: Project, env: str | None, *, limit: int | None = None, fetch: bool, ui: Ui) -> LogResult:
    """Every event of an environment's ledger: who did what, and when, versions or not."""
    if fetch:
        project.fetch_here(ui)
    name = environment_with_versions(project, env)
    events, trouble = read_events(project.repository, name), read_present(project.repository, name).trouble
    return LogResult(name, tuple(events[:limit]), trouble)
