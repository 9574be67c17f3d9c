"""What takes many environments over: their lines checked and committed, then each by a `tfops adopt` of its own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tfops.change.project import Project
from tfops.change.reading import read_all
from tfops.change.shared_states import place_complaints
from tfops.commands.replica_place import bring_to_branch
from tfops.commands.side_by_side import ManyOptions, run_side_by_side
from tfops.config.project_file import project_document
from tfops.errors import UsageError
from tfops.exits import Exit
from tfops.ledger.codec import from_plain
from tfops.records.complaint import Complaint
from tfops.records.names import CommitSha, EnvName
from tfops.records.plan import Plan, totals
from tfops.system.objects import store_commit
from tfops.system.trees import GitTree
from tfops.views.adopt import AdoptResult
from tfops.views.many import EnvironmentAnswer

_NO_NAME = re.compile(r"[^a-z0-9]+")


def project_name(project: Project) -> str:
    """What a project is called that has no tfops.yaml yet: as its folder."""
    return _NO_NAME.sub("-", project.repository.root.name.lower()).strip("-")[:63] or "infrastructure"


def mistakes(project: Project, tree: GitTree, envs: Sequence[EnvName]) -> dict[EnvName, Complaint]:
    """What `validate` would say first of each."""
    rules = project.rules_in(tree)
    document = project_document(tree)
    lines = {document.mark(("environments", env)).line: env for env in envs}
    found: dict[EnvName, Complaint] = {}
    for complaint in place_complaints(rules, tree):
        if (env := lines.get(complaint.mark.line)) is not None:
            found.setdefault(env, complaint)
    for read in read_all(project, tree, envs):
        if read.complaints:
            found.setdefault(read.env, read.complaints[0])
    return found


def committed(project: Project, tree: GitTree, branch: str, message: str) -> CommitSha:
    """A commit of the tree, on the branch that is checked out, and pushed. Raises as `bring_to_branch`."""
    commit = store_commit(project.repository, tree.tree_id, parent=project.repository.head, message=message)
    bring_to_branch(project, commit, branch, pushes=True)
    return commit


def taken_over(
    project: Project, envs: Sequence[EnvName], options: Sequence[str], how: ManyOptions
) -> tuple[tuple[EnvironmentAnswer, ...], bool]:
    """How each ended, and whether that was interrupted. One whose first plan isn't empty has that plan."""
    jobs = {env: ("adopt", env, "--yes", *options) for env in envs}
    ended = run_side_by_side(Project.open(project.repository.root, project.engine), jobs, _read, how)
    return tuple(map(_with_plan, ended.of(envs))), ended.is_interrupted


def _read(env: EnvName, result: Mapping[str, Any]) -> EnvironmentAnswer:
    """Of what `adopt` printed."""
    found = from_plain(AdoptResult, result)
    return EnvironmentAnswer(env, True, Exit.DONE, f"is now {found.version}", result=result)


def _with_plan(answer: EnvironmentAnswer) -> EnvironmentAnswer:
    """With what would be done, where the first plan isn't empty."""
    written = (answer.error or {}).get("plan")
    if written is None:
        return answer
    plan = from_plain(Plan, written)
    text = totals([plan]) or "outputs would change"
    return replace(answer, plan=plan, text=f"not empty: {text}")


def folder_below(project: Project, folder: Path) -> str:
    """A folder that was typed, from the repository's top. Raises UsageError."""
    top, wanted = project.repository.root.resolve(), folder.resolve()
    if not wanted.is_dir() or not wanted.is_relative_to(top):
        raise UsageError(f"`{folder}` is not a folder of this repository")
    return wanted.relative_to(top).as_posix()
