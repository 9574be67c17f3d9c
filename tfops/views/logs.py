"""`logs`: what the engine printed in a run, and which runs are kept."""

from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.records.run_log import LogLine, RunLog
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.words import age, plain, plural


@dataclass(frozen=True, slots=True)
class RunLogResult:
    """One run's log, whole."""

    log: RunLog


@dataclass(frozen=True, slots=True)
class LogsResult:
    """The runs of an environment whose logs are kept, the newest first."""

    environment: EnvName
    logs: tuple[RunLog, ...]


@text_report.register(RunLogResult)
def _run_log(result: RunLogResult, view: View) -> draw.Renderable:
    """A line of a log is never wrapped: it is searched and copied."""
    log = result.log
    head = f"{log.env} · {log.kind} of {log.commit[:8]} by {log.by.name} · {log.at:%Y-%m-%d %H:%M} UTC · {log.outcome}"
    has_stacks = len({line.stack for line in log.lines}) > 1
    lines = [head, *([log.why] if log.why else []), "", *(_line(line, has_stack=has_stacks) for line in log.lines)]
    if log.left_out:
        lines.append(f"{plural(log.left_out, 'line')} between the first and the last are left out")
    return draw.ExactText("\n".join(map(plain, lines)))


def _line(line: LogLine, *, has_stack: bool) -> str:
    at = f"{line.at:%H:%M:%S}" if line.at else " " * 8
    stack = f"{line.stack}: " if has_stack else ""
    return f"{at} {line.command:5} {stack}{line.text}"


@text_report.register(LogsResult)
def _logs(result: LogsResult, view: View) -> draw.Renderable:
    if not result.logs:
        return draw.Text(f"no logs of {result.environment} are kept")
    table = draw.Table("RUN", "WHAT", "COMMIT", "BY", "WHEN", "BECAME")
    for log in result.logs:
        cells = (log.kind, log.commit[:8], log.by.name, age(log.at, view.now), log.outcome)
        add_row(table, log.run_id, *map(plain, cells))
    return table
