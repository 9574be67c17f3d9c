"""`apply`, `rollback`, `destroy`, `resume`, `recover`: what each aims at; the steps are in `story.py`."""

from dataclasses import replace

from tfops.change.after_failed_checks import require_verified, roll_back_or_explain
from tfops.change.consent import AUTOMATIC
from tfops.change.environment import Place, find_place
from tfops.change.holders import may_change_offline
from tfops.change.invoke import invoke, pending_actions
from tfops.change.lease import require_free
from tfops.change.project import Project
from tfops.change.recovery import recover_if_needed
from tfops.change.request import Consent, Request
from tfops.change.resuming import as_it_was_meant, resumed_target
from tfops.change.reviewed import require_whole
from tfops.change.rollback import as_it_runs, require_possible, rollback_target
from tfops.change.snapshot import Snapshot
from tfops.change.story import change
from tfops.change.target import Target, apply_target, destroy_target
from tfops.change.task import Task
from tfops.change.ui import Ui
from tfops.errors import NotAsReviewed, Refused
from tfops.records.version import Kind, Verified
from tfops.views.change import ChangeResult, RecoverResult

_MAY_BE_STALE = ("wrong-branch", "unpushed")


def as_required(place: Place, request: Request) -> Request:
    """Where the environment requires a review, only what was reviewed is wanted. Raises UsageError.

    What changes nothing real needs none.
    """
    if request.flags.refresh_only:
        return request
    is_required = place.rules.environments[place.env].review.required
    request = replace(request, reviewed=request.reviewed or is_required, obeys_review=True)
    if request.reviewed:
        require_whole(request)
    return request


def apply(project: Project, request: Request, ui: Ui) -> ChangeResult:
    """Make the commit that is checked out the running environment; where stacks are named, these of it."""
    place = find_place(project, request.env)
    if request.flags.refresh_only:
        return _refresh(project, place, request, ui)
    if request.saved is not None:
        from tfops.change.taken_plan import require_own  # noqa: PLC0415 - most applies make their plan

        require_own(place, request.saved)
    request = as_required(place, request)

    def aim(facts: Snapshot) -> Target:
        if request.only_commit not in ("", facts.head):
            what = f"the commit that is checked out isn't {request.only_commit[:8]} any more"
            raise NotAsReviewed(what, hint="look at what it is now, and run it again")
        try:
            return apply_target(facts, request)
        except Refused as refusal:
            if refusal.guard not in _MAY_BE_STALE or request.offline:
                raise
            # A slower fetch or push of the user's may have set the branch back for a moment: look again.
            facts = facts.fetched()
            return apply_target(replace(facts, place=find_place(project, request.env)), request)

    task = Task(project, place, f"apply of {project.repository.head[:8]}", aim, request, ui)
    return answered(task, change(task))


def _refresh(project: Project, place: Place, request: Request, ui: Ui) -> ChangeResult:
    """Let the states know what is real. Nothing else is changed, so nothing else is asked than who holds it."""
    from tfops.change.surgery_target import surgery_target  # noqa: PLC0415 - most applies apply

    def aim(facts: Snapshot) -> Target:
        if facts.present.trouble is not None:
            hint = f"tfops resume {facts.env}, or tfops rollback {facts.env}"
            raise Refused("unfinished", f"a change of {facts.env} stopped half-way", hint=hint)
        return surgery_target(facts, request.stacks)

    task = Task(project, place, "refresh-only apply", aim, request, ui)
    return require_verified(project, place, change(task))


def resume(project: Project, request: Request, ui: Ui) -> ChangeResult:
    """Finish what stopped half-way: the same commit, the same kind, only what remains."""
    place = find_place(project, request.env)
    pending = pending_actions(project, place.env)
    if pending:
        ui.note(f"actions that were not run yet: {', '.join(pending)}")
        invoke(project, pending, request, ui)
    request = as_it_was_meant(project, place.env, request)
    task = Task(project, place, "resume", lambda facts: resumed_target(facts, request, ui), request, ui)
    return answered(task, change(task))


def answered(task: Task, result: ChangeResult) -> ChangeResult:
    """The result, unless its checks failed: what they said, and what was done about it, is in the error."""
    rolls_back = result.kind is Kind.APPLY and task.place.rules.environments[task.place.env].rolls_back
    if rolls_back and any(check.result is Verified.FAILED for check in result.checks):
        raise roll_back_or_explain(task.project, task.place, result, lambda: _roll_back(task, result))
    return require_verified(task.project, task.place, result)


def _roll_back(task: Task, failed: ChangeResult) -> ChangeResult:
    """`rollback: auto`: to the last verified version, unless that loses something."""
    env, consent = task.place.env, Consent(yes=True, standing=AUTOMATIC)
    request = replace(
        task.request, consent=consent, stacks=(), keeps_providers=False,
        # What was said of the plan that was applied isn't said of this one.
        flags=task.request.flags.plain(), saved=None, plan_digest="", reviewed=False, obeys_review=False,
    )  # fmt: skip

    def aim(facts: Snapshot) -> Target:
        target = rollback_target(facts, request, to=None)
        if facts.latest is None or facts.latest.version != failed.version:
            raise Refused("moved-on", f"someone else changed {env} meanwhile")
        require_possible(target, ignoring=False)
        goal = target.way.restores
        if goal is not None and goal.partial:
            raise Refused("partial-version", f"{goal.version} was a part of its commit, and all of that would come")
        return target

    task.ui.warn(f"{env} {failed.version} is not verified: rolling back (rollback: auto)")
    return change(replace(task, what=f"rollback after {failed.version}", aim=aim, request=request))


def rollback(project: Project, to: str | None, request: Request, ui: Ui) -> ChangeResult:
    """Make an earlier version's content the running environment, as a new version."""
    place = find_place(project, request.env)

    def aim(facts: Snapshot) -> Target:
        target = rollback_target(facts, request, to=to)
        require_possible(target, ignoring=request.ignores_verdict)
        return target

    task = Task(project, place, f"rollback to {to}" if to else "rollback", aim, request, ui)
    return require_verified(project, place, change(task))


def destroy(project: Project, request: Request, ui: Ui) -> ChangeResult:
    """Take down everything that the current version made, and record that too."""
    place = find_place(project, request.env)
    return change(Task(project, place, "destroy", lambda facts: as_it_runs(destroy_target(facts)), request, ui))


def recover(project: Project, request: Request, ui: Ui) -> RecoverResult:
    """Repair an environment after an interrupted run, or record a version that could not be written to Git."""
    place = find_place(project, request.env)
    task = Task(project, place, "recover", destroy_target, request, ui)
    with task.alone():
        facts = task.read()
        recovered = recover_if_needed(facts, request, ui)
        if recovered is None and not may_change_offline(project, facts.present.lock):
            require_free(project, facts.present)
    return RecoverResult(place.env, recovered.text if recovered else "", recovered.version if recovered else None)
