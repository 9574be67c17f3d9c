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
from tfops.resolve.shard import Shard
from tfops.system.children import wait_for_any
from tfops.views.reconcile import Act, ReconcileResult

_POLL_S = 60.0


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
    waiting, running = list(decisions), list[act.Running]()
    has_begun = False
    try:
        while waiting or running:
            while waiting and len(running) < parallel:
                decision = waiting.pop(0)
                ui.note(f"{decision.env}: {decision.text}")
                try:
                    running.append(act.start(project, decision, engine=engine))
                    has_begun = True
                except TfopsError as error:
                    yield act.not_started(decision, error)
            wait_for_any([one.child for one in running], timeout_s=_POLL_S)
            for one in [one for one in running if one.is_over]:
                running.remove(one)
                yield _said(act.finished(project, one), ui)
    except KeyboardInterrupt as error:
        hand_over(running, ui)
        state = "What was being applied has stopped in an orderly way." if has_begun else NOTHING_CHANGED
        raise Interrupted("interrupted", state=state) from error


def _said(ended: Act, ui: Ui) -> Act:
    if ended.code == 0:
        ui.note(f"{ended.env}: {ended.text}")
    else:
        ui.warn(f"{ended.env}: {ended.text} ({ended.detail})")
    return ended


def hand_over(running: Sequence[act.Running], ui: Ui) -> None:
    """Pass one interrupt on, and wait: each engine saves its state, each run tells the ledger how far it got."""
    if running:
        ui.warn(f"interrupt passed on; waiting for {', '.join(one.decision.env for one in running)}")
    for one in running:
        one.child.stop()
    for one in running:
        one.child.process.wait()
