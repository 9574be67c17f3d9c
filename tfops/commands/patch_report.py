"""The report of a patch: who got it, who didn't, who needn't."""

from __future__ import annotations

import time
from collections.abc import Collection

from tfops.commands.patch_target import Patch, running
from tfops.commands.patch_users import ModuleUser
from tfops.commands.side_by_side import Ended
from tfops.ledger.versions import list_latest
from tfops.records.addresses import natural
from tfops.records.version import VersionRecord
from tfops.views.many import EnvironmentAnswer
from tfops.views.patch import PatchedEnvironment, PatchResult, PatchState


def patch_report(patch: Patch, ended: Ended, began: float) -> PatchResult:
    patch.project.repository.git.look_again()  # others made versions: the processes that applied them
    latest, answers = running(list_latest(patch.project.repository)), ended.answers
    rows = [
        _row(patch, number, answers[env], latest.get(env))
        for number, wave in enumerate(patch.waves, start=1)
        for env in wave
    ]
    others = [user for env, user in patch.users.items() if env not in answers]
    newest = _newest(patch)
    rows += [_untouched(patch, user, newest) for user in others]
    return PatchResult(
        patch.asked.module,
        patch.asked.again,
        patch.commit,
        tuple(rows),
        patch.selected.left_out,
        is_plan=patch.asked.only_plans,
        is_interrupted=ended.is_interrupted,
        seconds=round(time.monotonic() - began, 1),
    )


def _row(patch: Patch, wave: int, answer: EnvironmentAnswer, latest: VersionRecord | None) -> PatchedEnvironment:
    user = patch.users.get(answer.env)
    runs, gets = (user.runs, user.gets) if user else ("-", "-")
    version = latest.version if latest else None
    return PatchedEnvironment(answer.env, wave, _state(patch, answer), runs, gets, version, answer)


def _state(patch: Patch, answer: EnvironmentAnswer) -> PatchState:
    if answer.is_failed:
        return PatchState.WAITING if _waits(answer) else PatchState.FAILED
    if patch.asked.only_plans:
        return PatchState.PLANNED
    return PatchState.PATCHED if answer.ok else PatchState.WAITING


def _waits(answer: EnvironmentAnswer) -> bool:
    """For the time that its source must have run, or for a merge: nothing is wrong, and it goes on later."""
    error, result = answer.error or {}, answer.result or {}
    return error.get("guard") == "not-soaked" or result.get("merge_request") is not None


def _untouched(patch: Patch, user: ModuleUser, newest: Collection[str]) -> PatchedEnvironment:
    """It is held; or it has it since an earlier version; or its file keeps a version, where the commit gives others
    another one."""
    why, state = patch.held.get(user.env, ""), PatchState.DONE
    if why:
        state = PatchState.HELD
    elif user.is_remote and user.gets not in newest:
        state = PatchState.KEPT
    return PatchedEnvironment(user.env, 0, state, user.runs, user.gets, user.latest.version, None, why)


def _newest(patch: Patch) -> frozenset[str]:
    """Which module from elsewhere the patch is about: what it brings, else the highest version that anybody has."""
    remote = [user for user in patch.users.values() if user.is_remote]
    brought = frozenset(user.gets for user in remote if user.needs)
    return brought or frozenset({max((user.gets for user in remote), key=natural, default="")})
