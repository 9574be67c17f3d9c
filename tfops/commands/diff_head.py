"""`diff ENV`: what runs, and what the head of its branch wishes for. No engine starts: what comes of it a plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfops.change.content import Content, rendered
from tfops.change.environment import find_place
from tfops.change.home import content_tree
from tfops.change.modules import interfaces_of
from tfops.commands.diff_contents import SHORT, contents_of
from tfops.commands.diff_history import with_history
from tfops.config.compared_rules import rules_about
from tfops.config.environment import load_environment
from tfops.config.source import LocalSource
from tfops.engine.lockfile import locked_versions
from tfops.records.addresses import providers_by_name, qualified
from tfops.records.difference import Group
from tfops.resolve.branches import matches
from tfops.resolve.compared import Contents, between_versions, not_compared
from tfops.resolve.root_inputs import flat, root_inputs
from tfops.system.trees import GitTree
from tfops.views.diff import DiffKind, DiffResult, DiffSide

if TYPE_CHECKING:
    from tfops.change.environment import Place
    from tfops.change.project import Project
    from tfops.commands.diff_contents import VersionRead
    from tfops.records.names import CommitSha

_GROUPS = (Group.MODULES, Group.INPUTS, Group.PROVIDERS, Group.RULES)


def diff_with_head(project: Project, running: VersionRead) -> DiffResult:
    """Raises ConfigError where the head's files have mistakes."""
    place = find_place(project, running.record.env)
    commit = _head(project, running, place)
    before, after = contents_of(project, running), _contents_at(project, place, commit)
    found = DiffResult(
        DiffKind.HEAD,
        running.side(project),
        DiffSide(place.env, None, commit, project.repository.commit(commit)),
        between_versions(before, after, {}),
        not_compared(before, after, _GROUPS),
    )
    return with_history(project, found, running.record.commit, commit)


def _head(project: Project, running: VersionRead, place: Place) -> CommitSha:
    """That of the branch which the environment was applied from, where it still fits; else the checked-out commit."""
    pattern, applied = place.rules.environments[place.env].branch, running.record.branch
    branch = applied if applied and matches(pattern, applied) else place.branch
    return (project.repository.branch_head(branch) if branch else None) or project.repository.head


def _contents_at(project: Project, place: Place, commit: CommitSha) -> Contents:
    tree = content_tree(project, GitTree.of_commit(project.repository, commit), place.rules, place.env)
    rules = place.rules_in(project, tree)
    content = Content.of(tree, rules, load_environment(tree, rules, place.env))
    _, files = rendered(content, interfaces_of(project, content.tree, env=place.env))
    inputs = root_inputs(files, content.environment.stacks)
    return Contents(
        modules=_modules(content),
        inputs=None if inputs is None else flat(inputs),
        providers=_providers(content),
        rules=rules_about(rules, place.env),
    )


def _providers(content: Content) -> dict[str, str] | None:
    """What the committed locks say; None where one is missing."""
    locks = [content.lock_of(stack) for stack in content.environment.stacks]
    if None in locks:
        return None
    found = {name: version for lock in locks for name, version in locked_versions(lock or "").items()}
    return providers_by_name(found)


def _modules(content: Content) -> dict[str, str]:
    """In the words of a card."""
    found: dict[str, str] = {}
    for stack, config in content.environment.stacks.items():
        for name, module in config.modules.items():
            path = module.source.path if isinstance(module.source, LocalSource) else ""
            modules = content.tree.folders.modules
            folder = modules if config.root else f"{modules}/{path}"
            digest = content.tree.digest(folder)[:SHORT] if path else ""
            found[qualified(stack, name)] = f"{module.source.text} {digest}".strip()
    return found
