"""Whose rules count for an environment that comes and goes with a branch: those of the home branch.

Whoever may push such a branch wishes for modules and inputs. Where the state is, with what engine, providers,
secrets, checks and account it runs is in tfops.yaml, and that is not theirs to say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tfops.config.names import PROJECT_FILE, is_branch_name
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, ProjectError, Refused
from tfops.records.names import CommitSha, EnvName
from tfops.system import environ
from tfops.system.git import is_full_sha, require_sha
from tfops.system.trees import GitTree
from tfops.system.workspace import read_json, write_file

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.config.project import ProjectConfig


# The agent's clone may follow another branch than the remote's default one; its children are told which, or which
# commit.
HOME_VARIABLE = "TFOPS_BRANCH_HOME"

# How far back a tfops.yaml is looked for that can be read.
_MOST_BROKEN = 50


@dataclass(frozen=True, slots=True)
class Home:
    """The commit of the home branch whose tfops.yaml counts, and what it says."""

    commit: CommitSha
    rules: ProjectConfig

    def tree(self, project: Project) -> GitTree:
        return GitTree.of_commit(project.repository, self.commit)


def readable_home(project: Project, head: CommitSha) -> tuple[Home, ConfigError | None]:
    """The newest tfops.yaml up to `head` that can be read, and what is wrong with the newest of all.

    The mistake of one commit must not stop everything. Raises ConfigError where none can be read, ProjectError
    where there is none.
    """
    try:
        return Home(head, project.config_at(head)), None
    except ConfigError as error:
        for sha in project.repository.commits_touching(head, PROJECT_FILE, most=_MOST_BROKEN):
            try:
                return Home(sha, project.config_at(sha)), error
            except (ConfigError, ProjectError):
                continue
        raise


def home_commit(project: Project) -> CommitSha | None:
    """The head of the home branch: what TFOPS_BRANCH_HOME names, else the remote's default branch.

    None without a remote, or where nobody says which that is. Raises Refused (guard `home-branch`) for a name that
    the remote doesn't have.
    """
    named, repository = environ.variable(HOME_VARIABLE), project.repository
    if is_full_sha(named):
        return require_sha(named)
    branch = named or _default_branch(project)
    head = repository.branch_head(branch) if is_branch_name(branch) else None
    if named and head is None:
        hint = "git fetch, or correct the variable"
        raise Refused("home-branch", f"{HOME_VARIABLE} names a branch that isn't there: {named!r}", hint=hint)
    return head


def home_tree(project: Project) -> GitTree | None:
    """The files of the home branch; None and raises as `home_commit`."""
    head = home_commit(project)
    return GitTree.of_commit(project.repository, head) if head is not None else None


def _default_branch(project: Project) -> str:
    """Asked once per clone, where Git doesn't know it: `git clone` does, CI and `git remote add` don't."""
    repository, path = project.repository, project.workspace.home_branch
    if not repository.remote:
        return ""
    known = read_json(path)
    if isinstance(known, str) and repository.branch_head(known) is not None:
        return known
    found = repository.default_branch()
    if found:
        write_file(path, json.dumps(found))
    return found


def rules_for(project: Project, tree: GitTree, env: str | None, branch: str) -> ProjectConfig:
    """The rules of a tree; those of the home branch, where these make the environment (or the branch's) a preview.

    Raises Refused (guard `home-branch`) for what only the tree's own rules make a preview, though there is a remote.
    """
    head = home_commit(project)
    there = GitTree.of_commit(project.repository, head).digest(PROJECT_FILE) if head else ""
    if there and there == tree.digest(PROJECT_FILE):
        return project.rules_in(tree)
    home = _readable(project, head) if head and there else None
    if home is not None and _is_preview(home.rules, env, branch):
        return home.rules
    rules = project.rules_in(tree)
    if not project.repository.remote or not _is_preview(rules, env, branch):
        return rules
    earlier = _earlier_home(project, head, env, branch) if head and there else None
    if earlier is None:
        raise _homeless(project, head)
    return earlier.rules


def content_tree(project: Project, tree: GitTree, rules: ProjectConfig, env: EnvName) -> GitTree:
    """The tree that an environment's content is read from: a preview's has the home branch's tfops.yaml."""
    rule = rules.environments.get(env)
    head = home_commit(project) if rule is not None and rule.preview is not None else None
    if head is None:
        return tree
    home = readable_home(project, head)[0]
    if not _is_preview(home.rules, env, ""):
        home = _earlier_home(project, head, env, "") or home
    return tree.with_file_of(home.tree(project), PROJECT_FILE)


def _readable(project: Project, head: CommitSha) -> Home | None:
    """None where the home branch never had rules that could be read: then nothing was ever made by them."""
    try:
        return readable_home(project, head)[0]
    except ConfigError:
        return None


def _earlier_home(project: Project, head: CommitSha, env: str | None, branch: str) -> Home | None:
    """The newest tfops.yaml of the home branch that made it a preview: an expired preview is destroyed by it."""
    for sha in project.repository.commits_touching(head, PROJECT_FILE, most=_MOST_BROKEN):
        try:
            home = Home(sha, project.config_at(sha))
        except (ConfigError, ProjectError):
            continue
        if _is_preview(home.rules, env, branch):
            return home
    return None


def require_known_engine(project: Project, rules: ProjectConfig) -> None:
    """Raises Refused (guard `engine-path`) for a program that nobody but the commit at hand names as the engine.

    A path is taken from tfops.yaml where the home branch says the same; one below the repository only where the home
    branch has the same file, or no commit has one. Without a remote there is nobody else's commit.
    """
    use = rules.engine.use
    if "/" not in use or not project.repository.remote:
        return
    head = home_commit(project)
    home = _readable(project, head) if head else None
    is_theirs = home is not None and home.rules.engine.use == use
    if home is not None and is_theirs:
        is_theirs = _is_same_file(project, home.tree(project), use)
    if not is_theirs:
        raise Refused(
            "engine-path",
            f"only this commit says that `{use}` is the engine",
            why="a program that a commit names is started when the home branch names it too, or a person does",
            hint=f"if you trust it: --engine {use}   (or TFOPS_ENGINE); else merge the change of tfops.yaml first",
        )


def _is_same_file(project: Project, home: GitTree, use: str) -> bool:
    """Whether the program isn't a file of this commit alone; one outside of the repository is of no commit."""
    top = project.repository.root.resolve()
    program = (top / Path(use).expanduser()).resolve()
    if not program.is_relative_to(top):
        return True
    name = program.relative_to(top).as_posix()
    wanted, here = home.digest(name), GitTree.of_commit(project.repository, project.repository.head).digest(name)
    if not wanted:
        return not here
    from tfops.system.module_files import git_digest  # noqa: PLC0415 - for an engine that is a file of the project

    return program.is_file() and git_digest(program.read_bytes(), like=wanted) == wanted


def _is_preview(rules: ProjectConfig, env: str | None, branch: str) -> bool:
    if env is not None:
        rule = rules.environments.get(EnvName(env))
        return rule is not None and rule.preview is not None
    return any(rule.preview is not None and rule.branch == branch for rule in rules.environments.values())


def _homeless(project: Project, head: CommitSha | None) -> Refused:
    remote = project.repository.remote
    if head is not None:
        return Refused(
            "home-branch",
            "this commit's tfops.yaml makes it a preview environment, that of the home branch doesn't",
            why="where and with what a preview runs is said by the home branch, never by the preview's own",
            hint="merge the change of tfops.yaml first",
        )
    return Refused(
        "home-branch",
        f"nobody says which branch of `{remote}` is the home branch",
        why="where and with what a preview runs is said by that branch's tfops.yaml",
        hint=f"git remote set-head {remote} --auto   (or: export {HOME_VARIABLE}=main)",
    )
