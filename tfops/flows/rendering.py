"""`render --diff`: what a commit renders to, against what a version's commit does."""

import difflib
from collections.abc import Iterator, Mapping

from tfops.config.environment import load_environment, lock_file_path
from tfops.flows.looks import render
from tfops.flows.project import Project
from tfops.flows.rendered import rendered
from tfops.flows.stack import Content
from tfops.flows.ui import Ui
from tfops.ledger.versions import read_card, versions_of
from tfops.resolve.versions import pick_version
from tfops.results.files import RenderDiffResult
from tfops.system.trees import GitTree


def render_diff(project: Project, env: str | None, version: str, *, worktree: bool, ui: Ui) -> RenderDiffResult:
    """A unified diff from the version to the commit (or the files as they lie here).

    The version is rendered again from its commit; where that isn't what its card says, the user is told.
    """
    now = render(project, env, worktree=worktree)
    record = pick_version(version, now.env, versions_of(project.repository, now.env).versions)
    rules, tree = project.config_at(record.commit), GitTree.of_commit(project.repository, record.commit)
    content = Content(rules, load_environment(tree, rules, now.env), tree, tree.read(lock_file_path(now.env)))
    digest, files = rendered(content, project.interfaces(tree))
    if digest != read_card(project.repository, record).rendered_digest:
        ui.warn(f"{record.version} was rendered otherwise: by another tfops, or under the rules of another commit")
    here = now.commit.short if now.commit else "worktree"
    return RenderDiffResult(
        now.env, record.version, now.commit, tuple(_diff(files, now.files, str(record.version), here))
    )


def _diff(before: Mapping[str, str], after: Mapping[str, str], old: str, new: str) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        was, will = before.get(name, "").splitlines(), after.get(name, "").splitlines()
        yield from difflib.unified_diff(was, will, f"{old}/{name}", f"{new}/{name}", lineterm="")
