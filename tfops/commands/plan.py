"""`plan` and `rollback --plan`: what a change would do, without making it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfops.change import story
from tfops.change.agree import agree
from tfops.change.checks import check_context
from tfops.change.environment import find_place
from tfops.change.own_reach import tell_uncommitted
from tfops.change.planning import Planned
from tfops.change.project import Project
from tfops.change.recordable import require_recordable
from tfops.change.request import Request
from tfops.change.required_checks import check_plans
from tfops.change.reviewed import as_reviewed
from tfops.change.rollback import downgrades_of, require_possible, rollback_target
from tfops.change.run import Run
from tfops.change.snapshot import Snapshot
from tfops.change.target import Target, apply_target, planned_target, say_switched_off, say_target
from tfops.change.targets import as_required
from tfops.change.task import Task
from tfops.change.ui import Ui
from tfops.config.names import shown
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.check import CheckOutcome
from tfops.records.names import MAIN_STACK, CommitSha, StackName
from tfops.records.verdict import Verdict
from tfops.resolve.bridge import Bridge
from tfops.resolve.verdict import as_planned, conclude
from tfops.views.plan import PlanResult, RollbackPlanResult

if TYPE_CHECKING:
    from tfops.records.review import ReviewedPlan


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """Of HEAD, or of the commit that `against` names, or with `worktree` of the files as they lie here. With `checks`
    it is held against the required checks; with `keeps` the result has what is to be kept for who reviews it; `out` is
    the file that it is written to."""

    against: str | None = None
    worktree: bool = False
    checks: bool = False
    keeps: bool = False
    out: Path | None = None


_PLAIN = PlanOptions()


def plan(project: Project, request: Request, ui: Ui, options: PlanOptions = _PLAIN) -> PlanResult:
    """What applying it would do.

    Takes no state lock and records nothing; the machine's lock is held, because the folder is shared.
    """
    worktree = options.worktree
    asked = _commit(project, options.against) if options.against is not None else None
    place = find_place(project, request.env, commit=asked)
    found: list[CheckOutcome] = []
    kept: list[ReviewedPlan] = []

    if options.out is not None:
        from tfops.commands.plan_file import require_writable  # noqa: PLC0415 - most plans are only looked at

        require_writable(options.out)

    def look(run: Run, target: Target, planned: Planned) -> None:
        if options.out is not None:
            _write(options.out, run, target, planned)
        if options.keeps:
            from tfops.change.review_content import reviewed_plan  # noqa: PLC0415 - most plans are only looked at

            kept.append(reviewed_plan(run, planned))
        required = target.rule.required_checks if options.checks else ()
        context = check_context(run, target)
        found.extend(check_plans(required, planned.stacks, replace(context, commit="") if worktree else context))

    def aim(facts: Snapshot) -> Target:
        facts = replace(facts, head=asked or facts.head)
        _say_what(facts, ui, worktree=worktree)
        target = planned_target(facts, request, worktree=worktree)
        say_switched_off(target, ui)
        return target

    target, planned = story.plan(Task(project, place, "plan", aim, request, ui), look)
    latest = target.facts.latest
    commit = None if worktree else target.commit
    reviewed = kept[0] if kept else None
    return PlanResult(
        place.env, commit, latest.version if latest else None, planned.shown, checks=tuple(found), off=target.off,
        reviewed=reviewed, out=str(options.out or ""), is_encrypted=bool(target.rules.plan_recipients),
        tries=planned.tries, hooks=planned.hooks,
    )  # fmt: skip


def _write(path: Path, run: Run, target: Target, planned: Planned) -> None:
    # As above.
    from tfops.change.taken_plan import plan_file_of  # noqa: PLC0415
    from tfops.commands.plan_file import write_plan_file  # noqa: PLC0415

    write_plan_file(path, plan_file_of(run, target, planned), target.rules.plan_recipients)


def plan_apply(project: Project, request: Request, ui: Ui) -> PlanResult:
    """What `apply` would do, held against all that it would refuse: guards, required checks, what must be named.

    Raises as `apply` does before its question, which counts as answered.
    """
    place = find_place(project, request.env)
    request = as_required(place, request)

    def look(run: Run, target: Target, planned: Planned) -> None:
        run = as_reviewed(run, planned)
        if not planned.plan.is_empty:
            agree(run, target, planned, partial(require_recordable, target, run.facts))

    task = Task(project, place, "plan", lambda facts: apply_target(facts, request), request, ui)
    target, planned = story.plan(task, look)
    latest = target.facts.latest
    return PlanResult(place.env, target.commit, latest.version if latest else None, planned.shown, tries=planned.tries)


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
        tries=planned.tries,
        hooks=planned.hooks,
    )


def _commit(project: Project, name: str) -> CommitSha:
    """Raises Refused (guard `unknown-base`)."""
    found = project.repository.named_commit(name)
    if found is None:
        hint = "name a branch or a commit of this clone (git fetch)"
        raise Refused("unknown-base", f"there is no commit {shown(name)} in this clone", hint=hint)
    return found


def _bridge_blocks(bridges: Mapping[StackName, Bridge]) -> dict[str, Any]:
    """As one stack's blocks; of several, by stack."""
    if MAIN_STACK in bridges:
        return bridges[MAIN_STACK].blocks()
    return {name: bridge.blocks() for name, bridge in bridges.items()}


def _say_what(facts: Snapshot, ui: Ui, *, worktree: bool) -> None:
    reason = facts.place.reason
    if worktree:
        ui.note(f"{reason} · the files as they lie here, uncommitted ones too (this plan can't be applied)")
        return
    commit = facts.project.repository.commit(facts.head)
    ui.note(f"{reason} · commit {commit.short} {commit.subject}")
    if facts.head == facts.project.repository.head:
        tell_uncommitted(facts.project, facts.place.rules, [facts.env], ui)
