"""Which environment a command is about, and how that was found out."""

from dataclasses import replace

from tfops.change.home import content_tree, rules_for
from tfops.change.project import Project
from tfops.change.shared_states import require_own_places
from tfops.config.project import ProjectConfig
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.forge.ci import branch_named_by_ci
from tfops.records.names import CommitSha, EnvName
from tfops.resolve.branches import environment_of, matches, require_environment
from tfops.system.repository import Repository
from tfops.system.trees import GitTree


@dataclass(frozen=True, slots=True)
class Place:
    """The environment that a command is about, and how that was found out.

    In a drill it `rehearses` another environment: its content comes from the other's files.
    """

    env: EnvName
    branch: str
    reason: str
    rules: ProjectConfig
    rehearses: EnvName | None = None

    @property
    def is_preview(self) -> bool:
        return self.rules.environments[self.env].preview is not None

    def rules_in(self, project: Project, tree: GitTree) -> ProjectConfig:
        """The tree's rules; a preview's are those of the home branch, whatever the tree says."""
        return self.rules if self.is_preview else project.rules_in(tree)

    def tree(self, project: Project, *, worktree: bool) -> GitTree:
        """What is looked at, with the tfops.yaml that counts."""
        return content_tree(project, project.tree(worktree=worktree), self.rules, self.env)

    def rehearsing(self, env: str) -> "Place":
        """The same place with the content of another environment, as a card or an intent names it."""
        return replace(self, rehearses=EnvName(env)) if env else self


def find_place(project: Project, asked: str | None, *, commit: CommitSha | None = None) -> Place:
    """The environment by name, or from the branch that HEAD is on, by the rules of HEAD, or of a `commit`.

    Raises Refused for an unknown name, for a branch that maps to none or to two, and for a detached
    HEAD that nothing names the branch of.
    """
    repository = project.repository
    named = repository.branch or branch_named_by_ci()
    tree = GitTree.of_commit(repository, commit or repository.head)
    rules = rules_for(project, tree, asked, named)
    if asked is not None:
        env = require_environment(asked, rules)
        require_own_places(rules, content_tree(project, tree, rules, env))
        return Place(env, _branch_for(repository, rules.environments[env].branch), f"environment {env}", rules)
    branch = named
    if not branch:
        raise Refused(
            "detached-head",
            "HEAD is detached: no branch says which environment is meant",
            hint="name the environment, or set TFOPS_BRANCH to the branch that this commit is for",
        )
    env = environment_of(branch, rules.environments)
    require_own_places(rules, content_tree(project, tree, rules, env))
    return Place(env, branch, f"environment {env}, from branch {branch}", rules)


def _branch_for(repository: Repository, pattern: str) -> str:
    """The branch that HEAD stands for, when an environment was asked for by name.

    The checked-out one (or what CI says) when it matches; else a matching branch that contains the
    commit: what counts is where the commit is, not what someone called their working branch.
    """
    branch = repository.branch or branch_named_by_ci()
    if branch and matches(pattern, branch):
        return branch
    found = [name for name in repository.branches_containing(repository.head) if matches(pattern, name)]
    return found[0] if len(found) == 1 else branch
