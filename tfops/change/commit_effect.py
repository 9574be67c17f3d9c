"""Whether a commit changes an environment: by what it renders to and the modules that it uses, not by file names."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from tfops import __version__
from tfops.change.commit_files import Between, CommitFiles
from tfops.change.home import Home
from tfops.change.project import Project
from tfops.config.environment import lock_file_path
from tfops.config.names import PROJECT_FILE
from tfops.config.project import ProjectConfig
from tfops.config.source import LocalSource
from tfops.config.validation_cache import ValidationCache
from tfops.dataclass import dataclass
from tfops.errors import TfopsError
from tfops.ledger.chain import LedgerState
from tfops.records.names import CommitSha
from tfops.records.version import Kind, Verified
from tfops.render.earlier import in_todays_form
from tfops.render.root import digest_of
from tfops.render.run_values import without_run_values
from tfops.system.git import require_sha
from tfops.system.trees import GitTree

if TYPE_CHECKING:
    from tfops.change.content import Content
    from tfops.change.snapshot import Snapshot

_ROOT = "root/"


@dataclass(frozen=True, slots=True)
class CommitRules:
    """What is read once of a commit, however many environments ask for it."""

    project: Project
    rules: ProjectConfig
    files: CommitFiles
    memory: ValidationCache
    _since: dict[str, Between] = field(default_factory=dict)

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
        return cls(project, rules, CommitFiles(project, tree), ValidationCache(project.workspace.verdicts))

    def since(self, commit: str) -> Between:
        """Another commit beside this one."""
        if commit not in self._since:
            tree = GitTree.of_commit(self.project.repository, require_sha(commit))
            self._since[commit] = Between(CommitFiles(self.project, tree), self.files)
        return self._since[commit]


def changes_environment(project: Project, head: CommitRules, present: LedgerState, card: Mapping[str, Any]) -> bool:
    """Whether a branch's head is another thing than what runs, or what runs isn't all of its own commit.

    Raises ConfigError or Refused: it can't be rendered.
    """
    if any(part.get("targets") for part in (card.get("stacks") or {}).values()):
        return True
    with contextlib.suppress(TfopsError):  # the commit that runs may be gone, or be one that can't be read
        known = _known_effect(head, present, card)
        if known is not None:
            return known
    # What reads and renders, for a head of which the ids don't say enough.
    from tfops.change.content import Content  # noqa: PLC0415
    from tfops.change.reading import load_checked  # noqa: PLC0415

    tree = head.files.tree
    content = Content.of(tree, head.rules, load_checked(project, tree, head.rules, present.env, head.memory))
    files = CommitFiles(project, content.tree) if content.environment.own_roots else head.files
    return _differs(content, files, lambda: head.since(str(card["commit"])).before, present, card)


def renders_what_runs(facts: "Snapshot", content: "Content") -> bool:
    """Whether what is wanted is what the latest version is, whole and well, as far as Git knows.

    Not looked at: the real world, secrets' values, and what a module from elsewhere has become.
    """
    latest, card, present = facts.latest, facts.current_card, facts.present
    if latest is None or card is None or latest.verified is Verified.FAILED:
        return False
    if latest.kind in (Kind.DESTROY, Kind.SURGERY):  # what surgery did to the state, no file says
        return False
    if present.trouble or present.intent or present.drifted_from(latest):
        return False
    return renders_the_same(facts, content)


def renders_the_same(facts: "Snapshot", content: "Content") -> bool:
    """Whether a content is that of the latest version, as its card and the ledger have it, whatever became of that."""
    card, present = facts.current_card, facts.present
    if card is None or content.overrides or card.keeps_providers or card.targets:
        return False
    if any(part.commit for part in card.stacks.values()):
        return False
    project, commit = facts.project, require_sha(card.commit)
    files = CommitFiles(project, content.tree)
    before = CommitFiles(project, GitTree.of_commit(project.repository, commit))
    return not _differs(content, files, lambda: before, present, present.card)


def _differs(
    content: "Content",
    files: CommitFiles,
    files_before: Callable[[], CommitFiles],
    present: LedgerState,
    card: Mapping[str, Any],
) -> bool:
    """Whether the rendered root of a content, or a module that it uses, isn't what runs.

    What runs is what the ledger keeps beside the card; where it keeps anything else (a run that changed nothing
    leaves the root that it meant), the commit counts as a change. What no engine reads in a module is no change.
    """
    from tfops.change.content import rendered  # noqa: PLC0415
    from tfops.change.own_reach import reaching  # noqa: PLC0415 - as above

    _, now = rendered(content, files.interfaces)
    kept = _kept(present)
    is_kept = digest_of(kept) == card.get("rendered_digest")
    if not is_kept or without_run_values(now) != without_run_values(in_todays_form(kept)):
        return True
    environment, before = content.environment, files_before()
    current = files.digests_of(source for source in environment.sources if isinstance(source, LocalSource))
    if environment.own_roots:
        return CommitFiles(files.project, reaching(before.tree, environment.own_roots)).digests_of(()) != current
    return any(digest != before.digests.of(name) for name, digest in current.items())


def _known_effect(head: CommitRules, present: LedgerState, card: Mapping[str, Any]) -> bool | None:
    """The same without reading a file of the environment's; None where that doesn't tell.

    It does where its files are those that run and were found right: here, or at the commit that runs with modules that
    take and give the same. What runs was rendered by this tfops: another one may render the same files otherwise.
    """
    if card.get("tfops") != __version__ or not card.get("commit"):
        return None
    between = head.since(str(card["commit"]))
    known = head.memory.files(head.files.tree, present.env)
    is_right = known is not None
    known = known or head.memory.files(between.before.tree, present.env)
    if known is None:
        return None
    touched = between.touched_modules(known, lock_file_path(head.files.tree, head.rules.files_of(present.env)))
    if touched is None or not (is_right or all(map(between.have_same_interface, touched))):
        return None
    return bool(touched) or digest_of(_kept(present)) != card.get("rendered_digest")


def _kept(present: LedgerState) -> dict[str, str]:
    files = {name.removeprefix(_ROOT): body for name, body in present.files.items() if name.startswith(_ROOT)}
    return {name: body.decode("utf-8", "surrogateescape") for name, body in files.items()}
