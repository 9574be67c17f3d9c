"""What the engine printed in a run is kept in Git, for those who weren't there. It never stands in a change's way."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from tfops.change.remote_answers import in_a_line as answer_in_a_line
from tfops.change.run import Run
from tfops.change.snapshot import Snapshot
from tfops.change.stack_plan import StackResult
from tfops.change.ui import Ui
from tfops.config.project import LogPolicy
from tfops.engine.transcript import shortened, transcript
from tfops.errors import Refused, in_a_line
from tfops.ledger.logs import Bounds, keep_log
from tfops.records.names import StackName
from tfops.records.run import Intent
from tfops.records.run_log import RunLog
from tfops.system.remote import RemoteUnreachable
from tfops.system.workspace import part_of_run, run_began

_MIB = 1024 * 1024


def is_kept(facts: Snapshot, *, is_stopped: bool) -> bool:
    """Whether tfops.yaml wants the log of such a run."""
    policy = facts.place.rules.logs.keep
    return policy is LogPolicy.ALL or (is_stopped and policy is LogPolicy.FAILED)


def log_of_run(run: Run, intent: Intent, ends: Sequence[StackResult]) -> RunLog:
    """What its engines said so far. What in their words is secret isn't known where a state can't be read back."""
    is_known = all(end.applied is None or end.after is not None for end in ends)
    return log_of(run.facts, intent, run.folder, (end.planned.spec.name for end in ends), run.shown, is_known=is_known)


def log_of(
    facts: Snapshot,
    intent: Intent,
    folder: Path,
    stacks: Iterable[StackName],
    mask: Callable[[str], str],
    *,
    is_known: bool = True,
) -> RunLog:
    """The log of a run that left its output in a folder."""
    said = [line for name in stacks for line in transcript(part_of_run(folder, name), name, mask, is_known=is_known)]
    lines, left_out = shortened(said)
    return RunLog(
        env=facts.env,
        run_id=intent.run_id,
        kind=intent.kind,
        commit=intent.commit,
        at=run_began(intent.run_id),
        by=facts.person,
        lines=lines,
        left_out=left_out,
    )


def keep(run: Run, log: RunLog, *, version: int | None = None, why: str = "") -> None:
    """Beside the ledger, on the remote. Where that doesn't work it is said, and all goes on."""
    if run.request.offline:
        run.ui.note("what the engine said isn't kept: nothing is asked of the remote")
        return
    _keep(run.facts, replace(log, version=version, why=run.shown(why)), run.ui)


def _keep(facts: Snapshot, log: RunLog, ui: Ui) -> None:
    rules = facts.place.rules.logs
    bounds = Bounds(rules.runs, rules.days, rules.mib * _MIB)
    try:
        keep_log(facts.project.repository, facts.refs, log, bounds)
    except RemoteUnreachable as error:
        ui.warn(f"what the engine said isn't kept: {answer_in_a_line(error)}")
    except Refused as error:
        ui.warn(f"what the engine said isn't kept: {in_a_line(error)}")
    else:
        if log.version is None:
            ui.note(f"what the engine said is kept: tfops logs {log.env}")
