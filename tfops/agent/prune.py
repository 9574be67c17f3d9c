"""`prune`: previews that are over, and environments that tfops.yaml doesn't have any more; shown, or taken down."""

from collections.abc import Sequence

from tfops.agent.turn import carry_out
from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.commands.reconcile_facts import decide_all
from tfops.errors import Refused
from tfops.records.decision import Decision, SyncReason
from tfops.views.reconcile import PruneResult


def prune(project: Project, envs: Sequence[str], *, yes: bool, parallel: int, engine: str, ui: Ui) -> PruneResult:
    """Without `yes` only what there is. With it, previews that are over, and of orphans those that are named.

    Raises Refused (guard `not-over`) for a name that is neither.
    """
    _, decisions = decide_all(project, [], ui)
    found = [decision for decision in decisions if decision.destroys or decision.reason is SyncReason.ORPHAN]
    _require_known(envs, found)
    chosen = [decision for decision in found if decision.env in envs or (not envs and decision.destroys)]
    asked = tuple(decision for decision in found if not envs or decision.env in envs)
    if not yes:
        return PruneResult(asked)
    return PruneResult(asked, tuple(carry_out(project, chosen, parallel=parallel, engine=engine, ui=ui)))


def _require_known(envs: Sequence[str], found: Sequence[Decision]) -> None:
    unknown = sorted(set(envs) - {decision.env for decision in found})
    if unknown:
        raise Refused(
            "not-over",
            f"{', '.join(unknown)}: neither a preview that is over, nor gone from tfops.yaml",
            hint="what there is: tfops prune; anything else: tfops destroy ENV",
        )
