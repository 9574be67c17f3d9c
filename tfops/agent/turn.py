"""One turn: decide about every environment, act where that is the answer, say what came of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tfops.agent import act
from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.commands.note_blocked import note_waiting
from tfops.commands.reconcile_facts import decide_all
from tfops.dataclass import dataclass
from tfops.errors import NOTHING_CHANGED, Interrupted, TfopsError
from tfops.records.decision import Decision
from tfops.records.names import EnvName
from tfops.resolve.shard import Shard
from tfops.system.children import Child
from tfops.system.pool import Pool
from tfops.views.reconcile import Act, ReconcileResult


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is, with which engine, how many at once; and whether only to decide (`notes`: what is left alone is
    noted in the ledger even then)."""

    shard: Shard
    parallel: int = 1
    engine: str = ""
    dry_run: bool = False
    notes: bool = True


def reconcile(project: Project, envs: Sequence[str], turn: Turn, ui: Ui) -> ReconcileResult:
    """Make every environment (or those named) what its branch says.

    An interrupt is handed on to what runs, and waits until it has ended.
    """
    rules, decisions = decide_all(project, envs, ui, shard=turn.shard)
    result = ReconcileResult(
        rules.project,
        tuple(decisions),
        is_dry_run=turn.dry_run,
        drift_every_s=rules.agent.drift_every_s,
        tell=rules.agent.tell,
    )
    if turn.notes:
        note_waiting(project, rules, decisions, ui)
    if turn.dry_run:
        return result
    waiting = [found for found in decisions if found.acts]
    return replace(result, acts=tuple(carry_out(project, waiting, parallel=turn.parallel, engine=turn.engine, ui=ui)))


def carry_out(project: Project, decisions: Sequence[Decision], *, parallel: int, engine: str, ui: Ui) -> Iterator[Act]:
    """How each of them ended, in the order in which they ended."""
    pool, running = Pool(parallel), dict[EnvName, act.Running]()

    def start(decision: Decision) -> Child:
        ui.note(f"{decision.env}: {decision.text}")
        running[decision.env] = act.start(project, decision, engine=engine)
        return running[decision.env].child

    try:
        for decision, ended in pool.each(decisions, start, name=lambda decision: decision.env):
            if isinstance(ended, TfopsError):
                yield act.not_started(decision, ended)
            else:
                yield _said(act.finished(project, running.pop(decision.env)), ui)
    except KeyboardInterrupt as error:
        if pool.running:
            ui.warn(f"interrupt passed on; waiting for {', '.join(pool.running)}")
        pool.hand_over()
        state = "What was being applied has stopped in an orderly way." if pool.has_begun else NOTHING_CHANGED
        raise Interrupted("interrupted", state=state) from error


def _said(ended: Act, ui: Ui) -> Act:
    if ended.code == 0:
        ui.note(f"{ended.env}: {ended.text}")
    else:
        ui.warn(f"{ended.env}: {ended.text} ({ended.detail})")
    return ended
