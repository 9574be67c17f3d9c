"""A patch is planned side by side, and applied wave by wave: each environment by a tfops of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tfops.change.ui import Ui
from tfops.commands.many import read_change, read_plan, refused_unnamed
from tfops.commands.patch_refused import patch_refused
from tfops.commands.patch_target import Patch
from tfops.commands.side_by_side import Ended, ManyOptions, refused, run_side_by_side
from tfops.ledger.codec import from_plain
from tfops.records.names import EnvName
from tfops.records.plan import Plan
from tfops.views.many import EnvironmentAnswer
from tfops.views.promotion import PromotionResult


def plan_patch(patch: Patch, how: ManyOptions) -> Ended:
    """An answer for each: what doesn't wait for another one is held against all that would refuse it."""
    asked = patch.asked
    no = {env: refused(env, why) for env, why in patch_refused(patch).items()}
    no |= {} if asked.only_plans else refused_unnamed(patch.selected, patch.wanted, yes=asked.yes)
    jobs = {env: _look(patch, env) for env in patch.wanted if env not in no}
    ended = run_side_by_side(patch.project, jobs, _read_plan, how) if jobs else Ended()
    return Ended({one.env: one for one in ended.of(jobs)} | no, ended.is_interrupted)


def _look(patch: Patch, env: EnvName) -> Sequence[str]:
    """What runs before it may be the checked-out commit, or one that has the module's change already."""
    asked, source = patch.asked, patch.source_of(env)
    if source in patch.wanted or (asked.only_plans and source is None):
        return ("plan", env, *asked.plan_options)
    if source is None:
        return ("apply", env, *asked.options, "--yes", "--until-asked")
    return ("promote", source, env, *asked.options, "--plan")


def _read_plan(env: EnvName, result: Mapping[str, Any]) -> EnvironmentAnswer:
    """Of what `plan`, `apply --until-asked` or `promote --plan` printed."""
    return replace(read_plan(env, result["plan"] if "step" in result else result), result=result)


def apply_patch(
    patch: Patch,
    agreed: Mapping[EnvName, Plan],
    answers: Mapping[EnvName, EnvironmentAnswer],
    how: ManyOptions,
    ui: Ui,
) -> Ended:
    """Wave by wave, and no further after one in which anything fails, waits or is interrupted."""
    done = Ended({env: not_begun(one) if env in agreed else one for env, one in answers.items()})
    for number, wave in enumerate(patch.waves, start=1):
        ui.note(f"wave {number} of {len(patch.waves)}: {', '.join(wave)}")
        jobs = {env: _job(patch, env, agreed[env]) for env in wave if env in agreed}
        if jobs:
            ended = run_side_by_side(patch.project, jobs, _read, replace(how, fail_fast=True))
            done.answers |= {one.env: one for one in ended.of(jobs)}
            done.is_interrupted = ended.is_interrupted
        if done.is_interrupted or any(not done.answers[env].ok for env in wave):
            break
    return done


def _job(patch: Patch, env: EnvName, plan: Plan) -> Sequence[str]:
    source = patch.source_of(env)
    command = ("promote", source, env) if source else ("apply", env)
    return (*command, *patch.asked.options, "--yes", "--plan-digest", plan.digest)


def _read(env: EnvName, result: Mapping[str, Any]) -> EnvironmentAnswer:
    """Of what `apply` or `promote` printed."""
    if "step" not in result:
        return read_change(env, result)
    found = from_plain(PromotionResult, result)
    if found.merge_request is not None:
        text = f"waits for merge request {found.merge_request.number}"
        return EnvironmentAnswer(env, False, found.exit_code, text, result=result)
    assert found.change is not None
    return replace(read_change(env, result["change"]), result=result)


def not_begun(one: EnvironmentAnswer) -> EnvironmentAnswer:
    """Planned, and nothing else: no result of its own is kept."""
    return replace(one, ok=False, text="not begun", result=None, duration_s=0.0) if one.ok else one
