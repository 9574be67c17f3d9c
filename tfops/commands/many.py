"""`plan`, `apply` and `rollback --plan` of many environments at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tfops.change.own_reach import tell_uncommitted
from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.commands.selecting import Selected
from tfops.commands.side_by_side import Ended, ManyOptions, Read, refused, run_side_by_side
from tfops.errors import NotApproved
from tfops.exits import Exit
from tfops.ledger.codec import from_plain
from tfops.records.names import EnvName
from tfops.records.plan import Plan, totals
from tfops.views.change import ChangeResult
from tfops.views.many import EnvironmentAnswer, ManyResult
from tfops.views.plan import PlanResult, RollbackPlanResult


def plan_many(project: Project, selected: Selected, options: Sequence[str], how: ManyOptions, ui: Ui) -> ManyResult:
    """What applying the commit would do to each. `options` are those of `plan`, for all."""
    if "--worktree" not in options:
        tell_uncommitted(project, selected.rules, selected.environments, ui)
    return _looked_at(project, "plan", selected, options, how, read_plan)


def plan_rollback_many(project: Project, selected: Selected, options: Sequence[str], how: ManyOptions) -> ManyResult:
    """What a rollback of each to the version before would do; `options` are those of `rollback`, for all."""
    return _looked_at(project, "rollback", selected, ("--plan", *options), how, read_rollback_plan)


def _looked_at(
    project: Project, command: str, selected: Selected, options: Sequence[str], how: ManyOptions, read: Read
) -> ManyResult:
    if not selected.environments:
        return _nothing(command, selected)
    jobs = {env: (command, env, *options) for env in selected.environments}
    ended = run_side_by_side(project, jobs, read, how)
    return ManyResult(command, ended.of(jobs), selected.left_out, ended.is_interrupted)


def _nothing(command: str, selected: Selected) -> ManyResult:
    return ManyResult(command, (), selected.left_out, nothing=f"nothing to {command}: {selected.text}")


def read_plan(env: EnvName, result: Mapping[str, Any]) -> EnvironmentAnswer:
    """Of what `plan` printed."""
    found = from_plain(PlanResult, result)
    text = "a required check failed" if found.is_refused else _would(found.plan)
    return EnvironmentAnswer(env, not found.is_refused, Exit.DONE, text, result=result, plan=found.plan)


def read_rollback_plan(env: EnvName, result: Mapping[str, Any]) -> EnvironmentAnswer:
    """Of what `rollback --plan` printed."""
    found = from_plain(RollbackPlanResult, result)
    text = f"to {found.restores}: {found.judgement.verdict}"
    return EnvironmentAnswer(env, True, Exit.DONE, text, result=result, plan=found.plan)


def read_change(env: EnvName, result: Mapping[str, Any]) -> EnvironmentAnswer:
    """Of what `apply` printed."""
    found = from_plain(ChangeResult, result)
    text = f"is now {found.version}" if found.version else f"nothing to do: {found.previous or 'never applied'}"
    return EnvironmentAnswer(env, True, Exit.DONE, text, result=result, plan=found.plan)


def _would(plan: Plan) -> str:
    return "no changes" if plan.is_empty else "changes"


def apply_many(
    project: Project, selected: Selected, options: Sequence[str], how: ManyOptions, ui: Ui, *, yes: bool
) -> ManyResult:
    """Plan all, ask once, then apply in each exactly what was shown.

    What isn't as it was shown any more ends with 13 (`not-as-reviewed`) there, and stops no other. Where one can't be
    planned, the others are asked for; with `fail_fast` nothing is applied. Raises NotApproved for a no. With `yes`
    there is nobody to show it to: each is planned and applied in one go, at the commit that was there at the start.
    """
    if not selected.environments:
        return _nothing("apply", selected)
    if yes and not how.fail_fast:
        return _applied_in_one_go(project, selected, options, how, ui)
    found = _planned(project, selected, options, how, yes=yes)
    answers = {one.env: one for one in found.of(selected.environments)}
    ready = {env: one for env, one in answers.items() if one.ok}
    if ready and not found.is_interrupted and not (how.fail_fast and len(ready) < len(answers)):
        agreed = agreed_to(answers, selected, ui, yes=yes)
        found = _applied(project, agreed, options, how)
        answers |= {one.env: one for one in found.of(agreed)}
        answers |= {env: _declined(env) for env in ready.keys() - agreed.keys()}
    else:
        answers |= {env: replace(one, ok=False, text="planned, not applied", result=None) for env, one in ready.items()}
    return ManyResult("apply", tuple(answers.values()), selected.left_out, found.is_interrupted)


def _applied_in_one_go(
    project: Project, selected: Selected, options: Sequence[str], how: ManyOptions, ui: Ui
) -> ManyResult:
    unnamed = refused_unnamed(selected, selected.environments, yes=True)
    options = (*options, "--yes", "--only-commit", project.repository.head)
    jobs = {env: ("apply", env, *options) for env in selected.environments if env not in unnamed}
    found = run_side_by_side(project, jobs, read_change, how)
    found.answers |= unnamed
    answers = found.of(selected.environments)
    for one in answers:
        if one.plan is not None and not one.plan.is_empty:
            ui.note(f"{one.env}:")
            ui.show_plan(one.plan)
    return ManyResult("apply", answers, selected.left_out, found.is_interrupted)


def _planned(project: Project, selected: Selected, options: Sequence[str], how: ManyOptions, *, yes: bool) -> Ended:
    """The plans, held against all that would refuse them: guards, required checks, what must be named."""
    unnamed = refused_unnamed(selected, selected.environments, yes=yes)
    options = (*options, "--yes", "--until-asked")
    jobs = {env: ("apply", env, *options) for env in selected.environments if env not in unnamed}
    found = run_side_by_side(project, jobs, read_plan, how)
    found.answers |= unnamed
    return found


def refused_unnamed(selected: Selected, envs: Sequence[EnvName], *, yes: bool) -> dict[EnvName, EnvironmentAnswer]:
    """Those that `--yes` doesn't cover: protected, and only met by a pattern."""
    others = "" if selected.selection.globs else "--env '*' "
    return {
        env: refused(
            env,
            NotApproved(f"{env} is protected, and wasn't named", hint=f"{others}--env {env}, or without --yes"),
        )
        for env in envs
        if yes and selected.rules.environments[env].protected and not selected.selection.names(env)
    }


def agreed_to(
    answers: Mapping[EnvName, EnvironmentAnswer], selected: Selected, ui: Ui, *, yes: bool
) -> dict[EnvName, Plan]:
    """What may be applied, after all of it was shown: one yes, and the name of each that is protected.

    Raises NotApproved for a no, and where nobody can be asked.
    """
    plans = {env: one.plan for env, one in answers.items() if one.ok and one.plan is not None}
    changing = {env: plan for env, plan in plans.items() if not plan.is_empty}
    for env, plan in changing.items():
        ui.note(f"{env}:")
        ui.show_plan(plan)
    stopped = [f"{env} ({one.text})" for env, one in answers.items() if env not in plans]
    if stopped:
        ui.warn(f"{len(stopped)} of {len(answers)} can't be applied: {', '.join(stopped)}")
    if yes or not changing:
        return plans
    which = f"{len(changing)} environments" if len(changing) > 1 else next(iter(changing))
    whole = f"{which}: {totals(changing.values())}"
    if not ui.is_interactive:
        why = f"the plans for {whole}: that needs a yes"
        raise NotApproved("there is no terminal to ask on", why=why, hint="look at them, then run it again with --yes")
    if not ui.confirm(f"Apply to {whole}?"):
        raise NotApproved(f"the apply to {which} was not approved")
    protected = [env for env in changing if selected.rules.environments[env].protected]
    declined = {env for env in protected if not ui.ask_for(f"{env} is protected: type its name to apply there", env)}
    return {env: plan for env, plan in plans.items() if env not in declined}


def _declined(env: EnvName) -> EnvironmentAnswer:
    return refused(env, NotApproved(f"the apply to {env} was not approved"))


def _applied(project: Project, agreed: Mapping[EnvName, Plan], options: Sequence[str], how: ManyOptions) -> Ended:
    """What was agreed to, and nothing else: another plan than the one that was shown isn't applied."""
    options = (*options, "--yes")
    jobs = {env: ("apply", env, *options, "--plan-digest", plan.digest) for env, plan in agreed.items()}
    return run_side_by_side(project, jobs, read_change, how)
