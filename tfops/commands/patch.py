"""`patch`: one module's change in all environments that use it, wave by wave in promotion order."""

from __future__ import annotations

import time

from tfops.change.own_reach import tell_uncommitted
from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.commands.many import agreed_to
from tfops.commands.patch_report import patch_report
from tfops.commands.patch_target import PatchRequest, find_patch
from tfops.commands.patch_waves import apply_patch, not_begun, plan_patch
from tfops.commands.side_by_side import Ended, ManyOptions, refused
from tfops.errors import NotApproved
from tfops.records.names import EnvName
from tfops.views.many import EnvironmentAnswer
from tfops.views.patch import PatchResult


def patch(project: Project, asked: PatchRequest, how: ManyOptions, ui: Ui) -> PatchResult:
    """Plan all, ask once, apply wave by wave; what isn't as it was shown, and what fails, stops it.

    Raises Refused (guards `nothing-uses-it`, `patch-stopped`), NotApproved, ConfigError.
    """
    began = time.monotonic()
    found = find_patch(project, asked, ui)
    tell_uncommitted(project, found.selected.rules, found.users, ui)
    planned = plan_patch(found, how)
    answers = planned.answers
    if asked.only_plans or not found.waves:
        return patch_report(found, planned, began)
    if planned.is_interrupted or any(not one.ok for one in answers.values()):
        stopped = {env: not_begun(one) for env, one in answers.items()}
        return patch_report(found, Ended(stopped, planned.is_interrupted), began)
    agreed = agreed_to(answers, found.selected, ui, yes=asked.yes)
    answers = {env: one if env in agreed else _declined(env) for env, one in answers.items()}
    return patch_report(found, apply_patch(found, agreed, answers, how, ui), began)


def _declined(env: EnvName) -> EnvironmentAnswer:
    return refused(env, NotApproved(f"the patch of {env} was not approved"))
