"""`plan` and `rollback --plan`: what a change would do, without making it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tfops.change import story
from tfops.change.checks import check_context
from tfops.change.environment import find_place
from tfops.change.planning import Planned
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.required_checks import check_plans
from tfops.change.rollback import downgrades_of, require_possible, rollback_target
from tfops.change.run import Run
from tfops.change.snapshot import Snapshot
from tfops.change.target import Target, planned_target, say_target
from tfops.change.task import Task
from tfops.change.ui import Ui
from tfops.records.check import CheckOutcome
from tfops.records.names import MAIN_STACK, StackName
from tfops.records.verdict import Verdict
from tfops.resolve.bridge import Bridge
from tfops.resolve.verdict import as_planned, conclude
from tfops.views.plan import PlanResult, RollbackPlanResult


def plan(project: Project, request: Request, ui: Ui, *, worktree: bool = False, checks: bool = False) -> PlanResult:
    """What applying HEAD would do; with `worktree`, what the files as they lie here would do; with `checks`, whether
    it would pass the required checks.

    Takes no state lock and records nothing; the machine's lock is held, because the folder is shared.
    """
    place = find_place(project, request.env)
    found: list[CheckOutcome] = []

    def look(run: Run, target: Target, planned: Planned) -> None:
        required = target.rule.required_checks if checks else ()
        context = check_context(run, target)
        found.extend(check_plans(required, planned.stacks, replace(context, commit="") if worktree else context))

    def aim(facts: Snapshot) -> Target:
        _say_what(facts, ui, worktree=worktree)
        return planned_target(facts, request, worktree=worktree)

    target, planned = story.plan(Task(project, place, "plan", aim, request, ui), look)
    latest = target.facts.latest
    commit = None if worktree else target.commit
    return PlanResult(place.env, commit, latest.version if latest else None, planned.shown, tuple(found))


def plan_rollback(
    project: Project, to: str | None, request: Request, ui: Ui, *, show_bridge: bool
) -> RollbackPlanResult:
    """What a rollback would do, lose and not bring back. Changes nothing."""
    place = find_place(project, request.env)

    def aim(facts: Snapshot) -> Target:
        target = rollback_target(facts, request, to=to)
        say_target(target, ui)
        require_possible(target, ignoring=target.way.judgement.verdict is Verdict.BLOCKED)
        return target

    target, planned = story.plan(Task(project, place, "plan", aim, request, ui))
    way, latest = target.way, target.facts.latest
    assert way.restores is not None
    return RollbackPlanResult(
        env=place.env,
        commit=target.commit,
        current=latest.version if latest else None,
        restores=way.restores.version,
        judgement=as_planned(conclude((*way.judgement.reasons, *downgrades_of(target, planned.plan))), planned.plan),
        undoes=way.undoes,
        plan=planned.shown,
        bridge=_bridge_blocks(planned.bridges),
        shows_bridge=show_bridge,
    )


def _bridge_blocks(bridges: Mapping[StackName, Bridge]) -> dict[str, Any]:
    """As one stack's blocks; of several, by stack."""
    if MAIN_STACK in bridges:
        return bridges[MAIN_STACK].blocks()
    return {name: bridge.blocks() for name, bridge in bridges.items()}


def _say_what(facts: Snapshot, ui: Ui, *, worktree: bool) -> None:
    reason, repository = facts.place.reason, facts.project.repository
    if worktree:
        ui.note(f"{reason} · the files as they lie here, uncommitted ones too (this plan can't be applied)")
        return
    commit = repository.commit(facts.head)
    ui.note(f"{reason} · commit {commit.short} {commit.subject}")
    uncommitted = repository.uncommitted()
    if uncommitted:
        listed = ", ".join(uncommitted[:3]) + (" …" if len(uncommitted) > 3 else "")
        ui.warn(f"not part of this plan, because not committed: {listed}   (--worktree plans them)")
