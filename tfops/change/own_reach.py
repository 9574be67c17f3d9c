"""Where root modules that somebody wrote by hand stand, and what they can reach of a commit, found once for each."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from tfops.config.names import PROJECT_FILE
from tfops.dataclass import dataclass
from tfops.system.module_files import MODULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tfops.change.project import Project
    from tfops.change.ui import Ui
    from tfops.config.environment import EnvironmentConfig, StackConfig
    from tfops.config.own_roots import RootConfig
    from tfops.config.project import ProjectConfig
    from tfops.records.names import CommitSha, EnvName, StackName
    from tfops.system.trees import GitTree
    from tfops.system.workspace import Workspace


def tree_for(tree: GitTree, environment: EnvironmentConfig) -> GitTree:
    """The commit as an environment's modules are read from it: of roots of its own, the repository."""
    return reaching(tree, environment.own_roots)


def reaching(tree: GitTree, roots: tuple[RootConfig, ...]) -> GitTree:
    """The same for the roots themselves; the tree itself where there are none."""
    if not roots:
        return tree
    from tfops.system.root_tree import RootTree  # noqa: PLC0415 - as above

    if isinstance(tree, RootTree):
        return tree
    return RootTree(tree, _reach(_Key(tree), tuple(map(_RootSpec.of, roots))))


@dataclass(frozen=True, slots=True)
class _Key:
    """A tree by its content: what it can reach is found once."""

    tree: GitTree

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.tree.tree_id == other.tree.tree_id

    def __hash__(self) -> int:
        return hash(self.tree.tree_id)


@dataclass(frozen=True, slots=True)
class _RootSpec:
    """What of a root says where it leads, besides the tree."""

    root: str
    tfvars: tuple[str, ...]
    values: tuple[str, ...]

    @classmethod
    def of(cls, root: RootConfig) -> _RootSpec:
        text = json.dumps(root.inputs, default=str)
        return cls(root.path, root.tfvars, (text,) if ".." in text else ())


@lru_cache(maxsize=512)
def _reach(key: _Key, roots: tuple[_RootSpec, ...]) -> frozenset[str]:
    from tfops.config.modules.reach import reached  # noqa: PLC0415 - as above

    return frozenset(path for one in roots for path in reached(key.tree, one.root, one.tfvars, one.values))


def project_paths(project: Project, rules: ProjectConfig, env: EnvName, commit: CommitSha) -> Sequence[str]:
    """The paths of a commit by which an environment can be another one: of roots of its own, all that they reach."""
    from tfops.system.trees import GitTree  # noqa: PLC0415 - as above

    if not rules.roots_of(env):
        return GitTree.of_commit(project.repository, commit).folders.paths
    from tfops.config.own_roots import roots_of  # noqa: PLC0415 - most projects have no such root
    from tfops.config.project_file import project_document  # noqa: PLC0415

    tree = GitTree.of_commit(project.repository, commit)
    roots = roots_of(project_document(tree).data, rules.files_of(env)).values()
    reach = _reach(_Key(tree), tuple(map(_RootSpec.of, roots)))
    return (PROJECT_FILE, *(path or "." for path in sorted(reach)))


def tell_uncommitted(project: Project, rules: ProjectConfig, envs: Iterable[EnvName], ui: Ui) -> None:
    """Warn where a plan of the commit that is checked out lacks what lies here of these environments."""
    head = project.repository.head
    paths = dict.fromkeys(path for env in envs for path in project_paths(project, rules, env, head))
    found = project.repository.uncommitted(tuple(paths)) if paths else ()
    if found:
        listed = ", ".join(found[:3]) + (" …" if len(found) > 3 else "")
        ui.warn(f"not part of this plan, because not committed: {listed}   (plan --worktree has them)")


def engine_folder(workspace: Workspace, env: EnvName, stack: StackName, config: StackConfig) -> Path:
    """Where the engine of a stack is started: in its root."""
    top = workspace.root(env, stack)
    return top / MODULES / config.root.path if config.root else top


def engine_folders(workspace: Workspace, rules: ProjectConfig, env: EnvName) -> list[Path]:
    """Where engines of an environment have worked here, whatever its stacks are by now."""
    top = workspace.top / "roots" / env
    return [*top.glob("*"), *(top / stack / MODULES / path for stack, path in rules.roots_of(env).items())]
