"""`logs`: what the engine printed in a run, from any clone."""

from dataclasses import replace

from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.change.remote_answers import in_a_line
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.errors import UsageError
from tfops.ledger.logs import NAMESPACE, Logs, read_logs
from tfops.ledger.versions import read_plain_card, versions_of
from tfops.records.names import EnvName
from tfops.resolve.versions import pick_version
from tfops.system.remote import RemoteUnreachable
from tfops.views.logs import LogsResult, RunLogResult


@dataclass(frozen=True, slots=True)
class LogsRequest:
    """Which run: of a version, by its id, or the newest; or the list of all."""

    env: str | None
    version: str | None = None
    run: str = ""
    lists: bool = False


def logs(project: Project, wanted: LogsRequest, *, fetch: bool, ui: Ui) -> LogsResult | RunLogResult:
    """Raises Refused (guard `no-log`) where it isn't kept."""
    if sum((wanted.version is not None, bool(wanted.run), wanted.lists)) > 1:
        raise UsageError("a version, --run and --list are three questions", hint="ask one of them")
    place = find_place(project, wanted.env)
    if fetch:
        project.fetch_for_reading(place.rules, ui)
        try:
            project.refs(place.rules).fetch_beside(NAMESPACE.ref(place.env))
        except RemoteUnreachable as error:
            ui.warn(f"{in_a_line(error)}: this is what this clone knows")
    found = read_logs(project.repository, place.env)
    if wanted.lists:
        return LogsResult(place.env, tuple(replace(found.read(run), lines=()) for run in found.runs))
    return RunLogResult(found.read(_run_of(project, place.env, found, wanted)))


def _run_of(project: Project, env: EnvName, logs: Logs, wanted: LogsRequest) -> str:
    """The id of the run that is asked for."""
    if wanted.version is not None:
        record = pick_version(wanted.version, env, versions_of(project.repository, env).versions)
        run = str(read_plain_card(project.repository, record).get("run_id", ""))
        if run not in logs.runs:
            raise logs.unknown(f"no log of {record.version} of {env} is kept")
        return run
    fitting = [run for run in logs.runs if wanted.run in run]
    if not fitting or (wanted.run and len(fitting) > 1):
        what = f"several runs of {env} are called {wanted.run}" if fitting else f"no log of {env} is kept"
        raise logs.unknown(what if fitting or not wanted.run else f"no log of a run {wanted.run} of {env} is kept")
    return fitting[0]
