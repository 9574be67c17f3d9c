"""`adopt --all`: every root module of the repository becomes an environment, as it is and where it is.

Lines in tfops.yaml, one commit, then each is taken over by a `tfops` of its own, which proves that its first plan is
empty. What is taken over already is left alone: a run that was cut off goes on when it is started again.
"""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.commands.adopt_found import Found, Where, find_adoptable
from tfops.commands.adopt_many import committed, mistakes, project_name, taken_over
from tfops.commands.replica_place import require_place
from tfops.commands.side_by_side import ManyOptions
from tfops.config.edit import environment_lines, with_environments
from tfops.config.names import PROJECT_FILE
from tfops.config.project import ProjectConfig
from tfops.dataclass import dataclass
from tfops.errors import NotApproved, Refused
from tfops.forge.ci import branch_named_by_ci
from tfops.ledger.versions import list_latest
from tfops.records.names import EnvName
from tfops.resolve.branches import matches
from tfops.system.trees import GitTree
from tfops.views.adopt_all import AdoptAllResult, FoundRoot, root_lines
from tfops.views.many import EnvironmentAnswer
from tfops.views.words import plural

_VALUES = re.compile(r"terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?")


@dataclass(frozen=True, slots=True)
class AdoptAllRequest:
    """What was typed: below which folder to look, which not to take, whether only to show; `options` are those of each
    `adopt`."""

    below: str = "."
    skip: tuple[str, ...] = ()
    yes: bool = False
    is_dry: bool = False
    options: tuple[str, ...] = ()

    @property
    def again(self) -> str:
        """The command that goes on."""
        below = [] if self.below == "." else [self.below]
        skips = (word for pattern in self.skip for word in ("--skip", pattern))
        return shlex.join(("tfops", "adopt", "--all", *below, *skips))


def adopt_all(project: Project, asked: AdoptAllRequest, ui: Ui, how: ManyOptions) -> AdoptAllResult:
    """Raises Refused (guards `dirty`, `behind`, `detached-head`, `unusual-form`) and NotApproved with everything as it
    was; what stands in the way of one root is in its answer, and stops no other."""
    repository = project.repository
    tree = project.tree(worktree=False)
    rules = project.rules_in(tree) if tree.read(PROJECT_FILE) is not None else None
    if rules:
        project.fetch_for_change(rules)
    branch = repository.branch or branch_named_by_ci()
    where = Where(asked.below, asked.skip, branch)
    require_place(project, branch or "HEAD", EnvName("what is found"), applies=not asked.is_dry)
    found = find_adoptable(project, tree, rules, where)
    for path, settings in found.unsaid.items():
        ui.warn(f"{path}: {', '.join(settings)} may be secret and isn't written down: set it in the environment")
    changed = _changed(project, tree, found)
    waiting, adopted = _of_before(project, rules, where, found)
    roots = (*waiting, *found.roots)
    text = "\n".join(environment_lines({one.env: one.line for one in found.roots}))
    result = AdoptAllResult(roots, found.left_out, adopted, branch, text, is_dry=asked.is_dry, again=asked.again)
    if asked.is_dry or not roots:
        return result
    _ask(project, result, found, ui, yes=asked.yes)
    commit = committed(project, changed, branch, _message(found.roots)) if changed is not None else ""
    answers, is_interrupted = taken_over(project, [one.env for one in roots], asked.options, how)
    if rules and rules.names_backend:
        _warn_of_states_elsewhere(answers, ui)
    return replace(result, commit=commit, environments=answers, is_interrupted=is_interrupted)


def _changed(project: Project, tree: GitTree, found: Found) -> GitTree | None:
    """The commit with the new lines in its tfops.yaml, None where there are none. What would be a mistake there is left
    out, and said."""
    while found.roots:
        changed = GitTree(project.repository, project.repository.tree_with({PROJECT_FILE: _text(project, tree, found)}))
        wrong = mistakes(project, changed, [one.env for one in found.roots])
        if not wrong:
            return changed
        for env, complaint in wrong.items():
            [root] = [one for one in found.roots if one.env == env]
            found.left_out[root.path] = " ".join(filter(None, (complaint.message, _ignored_values(project, root))))
            found.roots.remove(root)
    return None


def _text(project: Project, tree: GitTree, found: Found) -> str:
    """Raises Refused (guard `unusual-form`)."""
    blocks: Mapping[str, Mapping[str, Any]] = {one.env: one.line for one in found.roots}
    before = tree.read(PROJECT_FILE)
    if before is None:
        lines = "".join(f"  {line}\n" for line in environment_lines(blocks))
        return f"version: 1\nproject: {project_name(project)}\nenvironments:\n{lines}"
    try:
        return with_environments(before, blocks)
    except ValueError as error:
        what = f"`{PROJECT_FILE}` can't be changed without risk: {error}"
        raise Refused("unusual-form", what, hint="the lines to add: tfops adopt --all --dry-run") from error


def _ignored_values(project: Project, root: FoundRoot) -> str:
    """Files that Terraform reads there by itself, and that no commit has."""
    folder = project.repository.root / root.path
    here = sorted(path.name for path in folder.glob("*.tfvars*") if _VALUES.fullmatch(path.name))
    tracked = set(project.tree(worktree=False).names("" if root.path == "." else root.path))
    missing = [name for name in here if name not in tracked]
    return f"({', '.join(missing)} isn't in the commit)" if missing else ""


def _of_before(
    project: Project, rules: ProjectConfig | None, where: Where, found: Found
) -> tuple[list[FoundRoot], tuple[EnvName, ...]]:
    """Environments that have roots already: those that are still to be taken over, and those that are."""
    latest = list_latest(project.repository)
    waiting: list[FoundRoot] = []
    adopted: list[EnvName] = []
    for env, rule in rules.environments.items() if rules else ():
        if not rule.roots or rule.rehearses or not any(map(where.has, rule.roots.values())):
            continue
        path = ", ".join(rule.roots.values())
        if env in latest and latest[env].latest:
            adopted.append(env)
        elif matches(rule.branch, where.branch):
            waiting.append(FoundRoot(env, path, "in tfops.yaml already", {}, is_new=False))
        else:
            found.left_out[path] = f"{env} is bound to {rule.branch}, this is {where.branch}"
    return waiting, tuple(adopted)


def _ask(project: Project, result: AdoptAllResult, found: Found, ui: Ui, *, yes: bool) -> None:
    """Raises NotApproved."""
    for line in root_lines(result.roots):
        ui.note(line)
    for path, why in found.left_out.items():
        ui.note(f"left out: {path}: {why}")
    if yes:
        return
    pushed = ", pushed" if project.repository.remote else ""
    lines = f" ({plural(len(found.roots), 'line')} of {PROJECT_FILE}, committed{pushed})" if found.roots else ""
    question = f"Take {plural(len(result.roots), 'root')} over{lines}?"
    if not (ui.is_interactive and ui.confirm(question)):
        hint = "look at the list above, then run it again with --yes; or leave some out: --skip 'examples/*'"
        raise NotApproved("nothing was taken over", why="that needs a yes", hint=hint)


def _message(roots: Sequence[FoundRoot]) -> str:
    named = "\n".join(f"- {one.env}: {one.path}" for one in roots)
    return f"Name {plural(len(roots), 'root')} in {PROJECT_FILE}\n\n{named}\n"


def _warn_of_states_elsewhere(answers: Iterable[EnvironmentAnswer], ui: Ui) -> None:
    """Of environments whose states aren't where tfops.yaml says yet."""
    for one in answers:
        if not one.ok:
            ui.warn(f"{one.env}: don't apply it before it is taken over: all would be made a second time")
