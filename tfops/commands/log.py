"""`log`: every event of an environment's ledger."""

from tfops.change.project import Project
from tfops.change.trouble import trouble_fact
from tfops.change.ui import Ui
from tfops.commands.named import environment_with_versions
from tfops.ledger.chain import read_events, read_present
from tfops.model import EnvName
from tfops.results.environments import (
    LogResult,
)
from tfops.results.facts import LogEvent


def log(project: Project, env: str | None, *, limit: int | None = None, fetch: bool, ui: Ui) -> LogResult:
    """Every event of an environment's ledger: who did what, and when, versions or not."""
    if fetch:
        project.fetch_here(ui)
    name = environment_with_versions(project, env)
    trouble = trouble_fact(read_present(project.repository, name).trouble)
    return LogResult(name, log_events(project, name)[:limit], trouble)


def log_events(project: Project, env: EnvName) -> tuple[LogEvent, ...]:
    events = read_events(project.repository, env)
    return tuple(LogEvent(found.sha, found.kind, found.text, found.by, found.at, found.run_id) for found in events)
