"""A change on one screen, step by step; a plan is the same story, ended after the sixth."""

from collections.abc import Callable

from tfops.change.agree import agree
from tfops.change.attempts import Attempts, settled
from tfops.change.begin import begun
from tfops.change.execute import execute
from tfops.change.finish import is_settled, left_as_it_runs, record, record_unchanged
from tfops.change.hooks import hooked
from tfops.change.planning import Planned, plan_stacks
from tfops.change.prepare import open_stacks
from tfops.change.recordable import trying_to_record
from tfops.change.reviewed import as_reviewed
from tfops.change.run import Run, running
from tfops.change.stack import OpenStack
from tfops.change.stacks import StackSpec
from tfops.change.state_guards import require_lasting_state, require_same_places
from tfops.change.target import Target, say_target
from tfops.change.task import Task
from tfops.system import failpoint
from tfops.views.change import ChangeResult


def change(task: Task) -> ChangeResult:
    """Make the environment what the task aims at, and record it as a version.

    What was true before the lock was held may be someone else's past: whoever loses a race begins again at 2. After
    the engine may have changed something only StoppedPartWay, NotRecorded or Interrupted is raised.
    """
    attempts = Attempts(task)
    with task.alone():  # 1 this machine's lock; a living engine is waited for
        failpoint.reach("locked-here")
        while True:
            facts = task.read()  # 2 fetch; who, head, versions, ledger, card: once
            facts = settled(task, facts, attempts.patience)  # 3 finish what died; wait until nobody holds it
            with attempts.attempt(facts) as attempt:
                target = aim(task, attempt)  # 4 commit, rules, guards, verdict
                if _runs_already(task, attempt, target):
                    return left_as_it_runs(attempt, target)
                around = hooked(attempt, target)
                stacks = open_stacks(around, target.specs())  # 5 render, secrets, engine
                with trying_to_record(target, around.facts, at_once=not is_settled(target)) as require_recordable:
                    planned = _planned(around, stacks)  # 6 init, states, plans
                task.accept(target, planned.shown, planned.bare)
                run = as_reviewed(around, planned)
                if planned.plan.is_empty:
                    task.ready(target)
                    return record_unchanged(run, target, planned)
                agreement = agree(run, target, planned, require_recordable)  # 7 checks, then the question
                task.ready(target)
                with begun(run, target, planned, agreement) as held:  # 8 lock and intent, one push
                    outcome = execute(held)  # 9 apply, read back, verify
                    return record(held, outcome)  # 10 tag and ledger, one push


def plan(task: Task, look: Callable[[Run, Target, Planned], None] = lambda *_: None) -> tuple[Target, Planned]:
    """What a change would do: 1, 2, 4, 5 and 6. Takes no lock but this machine's, recovers and records nothing.

    `look` may have a look at the plans while they are there.
    """
    with task.alone(), running(task.look(), task.request, task.ui) as run:
        target = task.aim(run.facts)
        require_same_places(run.facts, target.specs())
        around = hooked(run, target, "plan")
        planned = plan_stacks(around, open_stacks(around, target.specs()))
        look(around, target, planned)
        return target, planned


def _planned(run: Run, stacks: list[tuple[StackSpec, OpenStack]]) -> Planned:
    """Made now, or before, and kept in a file."""
    if run.request.saved is None:
        return plan_stacks(run, stacks)
    from tfops.change.taken_plan import taken_plans  # noqa: PLC0415 - most changes make their plan

    return taken_plans(run, stacks, run.request.saved)


def aim(task: Task, run: Run) -> Target:
    """What the change comes to, said before anything is rendered. Raises Refused when it may not be."""
    target = task.aim(run.facts)
    failpoint.reach("targeted")
    say_target(target, run.ui)
    require_lasting_state(target)
    require_same_places(run.facts, target.specs())
    return target


def _runs_already(task: Task, run: Run, target: Target) -> bool:
    """Whether nothing is to be done, where the request wants to know that without an engine."""
    flags = task.request.flags
    if not task.request.only_if_changed or flags.replace or flags.refresh_only or flags.targets:
        return False
    from tfops.change.commit_effect import renders_what_runs  # noqa: PLC0415 - most changes don't ask

    return renders_what_runs(run.facts, target.stacks.content)
