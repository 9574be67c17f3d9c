"""Whether a commit changes an environment: by what it renders to and the modules that it uses, not by file names."""

from collections.abc import Mapping
from typing import Any

from tfops.change.home import Home
from tfops.change.modules import interfaces_of
from tfops.change.project import Project
from tfops.change.reading import load_checked
from tfops.change.stack import Content
from tfops.commands.rendering import rendered
from tfops.config.modules.interface import Interfaces, reached_modules
from tfops.config.names import PROJECT_FILE
from tfops.config.project import ProjectConfig
from tfops.config.source import LocalSource
from tfops.config.validation_cache import ValidationCache
from tfops.dataclass import dataclass
from tfops.ledger.chain import LedgerState
from tfops.records.names import CommitSha
from tfops.render.earlier import in_todays_form
from tfops.render.root import digest_of
from tfops.system.git import require_sha
from tfops.system.module_digest import ModuleDigests
from tfops.system.trees import GitTree

_ROOT = "root/"


@dataclass(frozen=True, slots=True)
class CommitRules:
    """What is read once of a commit, however many environments ask for it."""

    rules: ProjectConfig
    tree: GitTree
    interfaces: Interfaces
    modules: ModuleDigests
    memory: ValidationCache

    @classmethod
    def of_preview(cls, project: Project, commit: CommitSha, home: Home) -> "CommitRules":
        """What a preview's commit comes to under the rules of the home branch."""
        tree = GitTree.of_commit(project.repository, commit).with_file_of(home.tree(project), PROJECT_FILE)
        return cls._of(project, tree, home.rules)

    @classmethod
    def of_commit(cls, project: Project, commit: CommitSha) -> "CommitRules":
        """Raises ConfigError or Refused when the commit has no rules that can be read."""
        tree = GitTree.of_commit(project.repository, commit)
        return cls._of(project, tree, project.config_at(commit))

    @classmethod
    def _of(cls, project: Project, tree: GitTree, rules: ProjectConfig) -> "CommitRules":
        memory = ValidationCache(project.workspace.verdicts)
        return cls(rules, tree, interfaces_of(project, tree), ModuleDigests(tree), memory)


def changes_environment(project: Project, head: CommitRules, present: LedgerState, card: Mapping[str, Any]) -> bool:
    """Whether the head's rendered root, or a module that it uses, isn't what runs.

    What runs is what the ledger keeps beside the card; where it keeps anything else (a run that changed nothing
    leaves the root that it meant), the commit counts as a change. What no engine reads in a module is no change.
    Raises ConfigError or Refused when the head can't be rendered.
    """
    rules, tree, interfaces = head.rules, head.tree, head.interfaces
    environment = load_checked(project, tree, rules, present.env, head.memory)
    content = Content.of(tree, rules, environment)
    _, files = rendered(content, interfaces)
    kept = _kept(present)
    if digest_of(kept) != card.get("rendered_digest") or dict(files) != in_todays_form(kept):
        return True
    before = GitTree.of_commit(project.repository, require_sha(str(card["commit"])))
    sources = (source for source in environment.sources if isinstance(source, LocalSource))
    used = reached_modules(interfaces, (source.path for source in sources))
    was = ModuleDigests(before)
    return any(head.modules.of(name) != was.of(name) for name in used)


def _kept(present: LedgerState) -> dict[str, str]:
    files = {name.removeprefix(_ROOT): body for name, body in present.files.items() if name.startswith(_ROOT)}
    return {name: body.decode("utf-8", "surrogateescape") for name, body in files.items()}
