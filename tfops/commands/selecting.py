"""From what was asked for to environments: patterns, labels, and what the checked-out commit touches."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from tfops.commands.labels import Labels
from tfops.dataclass import dataclass
from tfops.errors import Refused, TfopsError
from tfops.forge.ci import branch_named_by_ci
from tfops.records.names import EnvName
from tfops.resolve.branches import matches
from tfops.resolve.selection import Selection, choose

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.change.ui import Ui
    from tfops.config.project import EnvironmentRule, ProjectConfig
    from tfops.views.affected import AffectedResult


@dataclass(frozen=True, slots=True)
class Selected:
    """The environments that a command is about; none only where the commit touches none. `left_out` says why others
    aren't among them, and `text` how it was found out."""

    selection: Selection
    environments: tuple[EnvName, ...]
    rules: ProjectConfig
    left_out: Mapping[EnvName, str] = field(default_factory=dict)
    text: str = ""


def select(
    project: Project,
    selection: Selection,
    ui: Ui,
    *,
    candidates: Collection[EnvName] | None = None,
    worktree: bool = False,
) -> Selected:
    """Environments of the checked-out commit's tfops.yaml (of the one that lies here), or those of `candidates`.

    Raises Refused (guards `nothing-selected`, `unknown-base`), ConfigError where labels can't be read.
    """
    rules = project.rules_in(project.tree(worktree=worktree))
    labels = Labels.here(project, rules, worktree=worktree)
    known = [env for env in rules.environments if candidates is None or env in candidates]
    found = choose(selection, known, labels.of)
    labels.save()
    if not (selection.affected or selection.changed_since):
        return Selected(selection, found, rules)
    touched = _touched(project, selection, ui)
    named = {one.env for one in touched.environments if not one.is_removed}
    text = f"{touched.commit[:8]} touches none of {_counted(found)}"
    return Selected(selection, tuple(env for env in found if env in named), rules, text=text)


def for_commit(
    project: Project, selection: Selection, ui: Ui, *, only_of_branch: bool = False, worktree: bool = False
) -> Selected:
    """Those that a commit of a branch is for: no place for drills and no preview, unless it is named in full.

    With `only_of_branch` what is bound to another branch than the checked-out one is left out, too.
    """
    rules = project.rules_in(project.tree(worktree=worktree))
    candidates = [env for env, rule in rules.environments.items() if selection.names(env) or _is_lasting(rule)]
    selected = select(project, selection, ui, candidates=candidates, worktree=worktree)
    branch = _branch_of(project) if only_of_branch else ""
    if not branch:
        return selected
    left_out = bound_elsewhere(project, selected)
    left_out |= _waiting(project, rules, [env for env in selected.environments if env not in left_out], selection)
    kept = tuple(env for env in selected.environments if env not in left_out)
    if left_out and not kept:
        listed = "; ".join(f"{env}: {why}" for env, why in list(left_out.items())[:3])
        raise Refused("nothing-selected", f"nothing that was selected is for this commit of {branch}", why=listed)
    return Selected(selection, kept, rules, left_out, selected.text)


def bound_elsewhere(project: Project, selected: Selected) -> dict[EnvName, str]:
    """Those that were met by a pattern and are bound to another branch than the checked-out one, and to which."""
    branch, rules = _branch_of(project), selected.rules.environments
    return {
        env: f"bound to {rules[env].branch}, this is {branch}"
        for env in selected.environments
        if branch and not (selected.selection.names(env) or matches(rules[env].branch, branch))
    }


def _branch_of(project: Project) -> str:
    return project.repository.branch or branch_named_by_ci()


def _waiting(
    project: Project, rules: ProjectConfig, envs: Sequence[EnvName], selection: Selection
) -> dict[EnvName, str]:
    """Those to which the commit brings what only a promotion may bring; one that is named in full is refused by its
    guard."""
    return {
        env: f"waits for: tfops promote {rule.source} {env}"
        for env in envs
        if (rule := rules.environments[env].promote) and not selection.names(env) and _brings_modules(project, env)
    }


def _brings_modules(project: Project, env: EnvName) -> bool:
    # Few environments are promoted to.
    from tfops.change.module_contents import unpromoted  # noqa: PLC0415
    from tfops.ledger.versions import read_card, versions_of  # noqa: PLC0415

    try:
        latest = versions_of(project.repository, env).latest
        card = read_card(project.repository, latest) if latest else None
        return bool(unpromoted(project, env, project.repository.head, card))
    except TfopsError:  # it says so itself, and stops no other
        return False


def _is_lasting(rule: EnvironmentRule) -> bool:
    return rule.preview is None and rule.rehearses is None


def _touched(project: Project, selection: Selection, ui: Ui) -> AffectedResult:
    from tfops.commands.affected import affected  # noqa: PLC0415 - what renders: for who asks

    base: str | None = None
    if selection.changed_since:
        base = project.repository.named_commit(selection.changed_since)
        if base is None:
            raise Refused(
                "unknown-base",
                f"there is no commit `{selection.changed_since}` in this clone",
                hint="name a commit, a tag or a branch of this clone (git fetch)",
            )
    result = affected(project, base)
    for one in result.environments:
        if one.is_removed:
            ui.note(f"{one.env} is no longer in tfops.yaml: left as it is (tfops prune {one.env})")
    for env, why in result.not_compared.items():
        ui.warn(f"not compared: {env}: {why}")
    return result


def _counted(found: Collection[EnvName]) -> str:
    return "1 environment" if len(found) == 1 else f"{len(found)} environments"
