"""`render`: the rendered root of a commit, alone or against a version's."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tfops.change.content import Content, rendered
from tfops.change.environment import find_place
from tfops.change.home import content_tree
from tfops.change.modules import interfaces_of
from tfops.change.project import Project
from tfops.change.run_values import known_values, recorded_values
from tfops.change.ui import Ui
from tfops.config.environment import load_environment
from tfops.ledger.versions import read_card, versions_of
from tfops.render.earlier import in_earlier_form
from tfops.render.root import digest_of
from tfops.resolve.versions import pick_version
from tfops.system.export import export_id
from tfops.system.trees import GitTree
from tfops.views.render import RenderDiffResult, RenderResult


def render(project: Project, env: str | None, *, worktree: bool) -> RenderResult:
    """The rendered root, without writing it anywhere."""
    place = find_place(project, env)
    repository = project.repository
    tree = place.tree(project, worktree=worktree)
    rules = place.rules_in(project, tree)
    environment = load_environment(tree, rules, place.env)
    known = known_values(rules, place.env, repository.head, place.branch)
    content = replace(Content.of(tree, rules, environment), known=known)
    commit = None if worktree else repository.commit(repository.head)
    return RenderResult(place.env, commit, *rendered(content, interfaces_of(project, content.tree, env=place.env)))


def render_diff(project: Project, env: str | None, version: str, *, worktree: bool, ui: Ui) -> RenderDiffResult:
    """A unified diff from the version to the commit (or the files as they lie here).

    The version is rendered again from its commit; where that isn't what its card says, the user is told.
    """
    now = render(project, env, worktree=worktree)
    record = pick_version(version, now.env, versions_of(project.repository, now.env).versions)
    place, tree = find_place(project, env), GitTree.of_commit(project.repository, record.commit)
    rules = place.rules_in(project, tree)
    tree = content_tree(project, tree, rules, now.env)
    card = read_card(project.repository, record)
    content = Content.of(tree, rules, load_environment(tree, rules, now.env))
    content = replace(content, recorded=recorded_values(card, now.env))
    digest, files = rendered(content, interfaces_of(project, content.tree, env=place.env))
    earlier = in_earlier_form(files, export_id(tree, {}))
    if card.rendered_digest not in (digest, digest_of(earlier)):
        ui.warn(f"{record.version} was rendered otherwise: by another tfops, or under the rules of another commit")
    here = now.commit.short if now.commit else "worktree"
    return RenderDiffResult(
        now.env, record.version, now.commit, tuple(_diff(files, now.files, str(record.version), here))
    )


def _diff(before: Mapping[str, str], after: Mapping[str, str], old: str, new: str) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        was, will = before.get(name, "").splitlines(), after.get(name, "").splitlines()
        yield from difflib.unified_diff(was, will, f"{old}/{name}", f"{new}/{name}", lineterm="")
