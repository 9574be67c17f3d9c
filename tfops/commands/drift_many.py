"""`drift` of many environments at once: one that can't be looked at stops no other."""

from collections.abc import Mapping, Sequence
from typing import Any

from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.commands.drift import running_environments
from tfops.commands.selecting import select
from tfops.commands.side_by_side import ManyOptions, run_side_by_side
from tfops.errors import NOTHING_CHANGED, Interrupted, one_line
from tfops.exits import Exit
from tfops.ledger.codec import from_plain
from tfops.records.names import EnvName
from tfops.resolve.branches import require_environment
from tfops.resolve.selection import Selection
from tfops.views.drift import DriftResult, EnvironmentDrift
from tfops.views.many import EnvironmentAnswer

_LONGEST = 600


def named(project: Project, envs: Sequence[str]) -> tuple[EnvName, ...]:
    """Environments by name. Raises Refused (guard `unknown-environment`)."""
    rules = project.config_at(project.repository.head)
    return tuple(dict.fromkeys(require_environment(env, rules) for env in envs))


def selected(project: Project, selection: Selection, ui: Ui) -> tuple[EnvName, ...]:
    """Those that run, of what was selected, and those that it names in full. Raises as `select`."""
    rules = project.config_at(project.repository.head)
    project.fetch_for_reading(rules, ui)
    running = running_environments(project, rules)
    candidates = [env for env in rules.environments if env in running or selection.names(env)]
    if not candidates and selection.everything:
        return ()
    return select(project, selection, ui, candidates=candidates).environments


def drift_many(project: Project, envs: Sequence[EnvName], options: Sequence[str], how: ManyOptions) -> DriftResult:
    """What differs in each; `options` are those of `drift`, for all. Raises Interrupted."""
    jobs = {env: ("drift", env, *options) for env in envs}
    ended = run_side_by_side(project, jobs, _read, how)
    if ended.is_interrupted:
        raise Interrupted("interrupted", state=NOTHING_CHANGED)
    return DriftResult(tuple(map(_drift, ended.of(envs))))


def _read(env: EnvName, result: Mapping[str, Any]) -> EnvironmentAnswer:
    [found] = from_plain(DriftResult, result).environments
    count = len(found.changes)
    text = f"{count} differ from {found.version}" if count else f"is what {found.version} says"
    return EnvironmentAnswer(env, True, Exit.DONE, text, result=result)


def _drift(one: EnvironmentAnswer) -> EnvironmentDrift:
    if one.result is not None:
        return from_plain(DriftResult, one.result).environments[0]
    error = one.error or {"what": one.text}
    what, why, hint = (str(error.get(part) or "") for part in ("what", "why", "hint"))
    return EnvironmentDrift(one.env, None, error=one_line(what, why, hint, longest=_LONGEST))
