"""`replicate`: a new environment from a version of another one, proven to be the same.

Nothing is written before all is known: the files are a Git tree first, which is checked and planned. Then they are a
commit on the branch that is checked out, which is pushed, applied as any other, and held against the original.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from tfops.change import story, targets
from tfops.change.content import Content
from tfops.change.environment import Place, find_place
from tfops.change.project import Project
from tfops.change.reading import load_checked
from tfops.change.shared_states import require_own_places
from tfops.change.stacks import Stacks
from tfops.change.target import Target
from tfops.change.task import Task
from tfops.commands.apply import telling
from tfops.commands.diff_contents import VersionRead
from tfops.commands.named import applied_versions
from tfops.commands.new import require_files
from tfops.commands.replica_files import Draft, Original, draft
from tfops.commands.replica_original import read_original, require_new, require_same_modules
from tfops.commands.replica_place import bring_to_branch, require_place
from tfops.commands.replica_proof import prove
from tfops.commands.replica_settings import all_settings
from tfops.config.names import ENVIRONMENT_RULE, PROJECT_FILE, is_environment_name, shown
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, NotApproved, Refused, TfopsError, UsageError
from tfops.ledger.versions import read_card
from tfops.records.names import EnvName
from tfops.records.version import Kind
from tfops.resolve.versions import pick_version
from tfops.system.objects import store_commit
from tfops.system.trees import GitTree
from tfops.views.replica import ReplicaResult

if TYPE_CHECKING:
    from tfops.change.request import Request
    from tfops.change.snapshot import Snapshot
    from tfops.change.ui import Ui
    from tfops.config.project import ProjectConfig
    from tfops.records.names import CommitSha
    from tfops.records.plan import Plan
    from tfops.views.change import ChangeResult


# How an approval reads when the question was answered there.
TERMINAL = "terminal"


class Extent(enum.Enum):
    """How far it goes: only shown, committed, or applied too."""

    SHOWN = enum.auto()
    COMMITTED = enum.auto()
    APPLIED = enum.auto()


@dataclass(frozen=True, slots=True)
class ReplicaRequest:
    """What was typed. `settings` are path to text, `same` are paths that stay as they are in the original."""

    of: str
    copy: str
    version: str | None = None
    branch: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    same: tuple[str, ...] = ()
    extent: Extent = Extent.APPLIED


def replicate(project: Project, asked: ReplicaRequest, request: Request, ui: Ui) -> ReplicaResult:
    """Raises Refused (guards `exists`, `own-root`, `must-differ`, `modules-moved-on`, `not-copied`, those of an apply)
    and ConfigError with everything as it was; after the commit as an apply does."""
    if asked.branch and "branch" in asked.settings:
        raise UsageError("--branch and --set branch: one of the two")
    if not is_environment_name(asked.copy):
        raise UsageError(f"{shown(asked.copy)} can't name an environment", why=ENVIRONMENT_RULE)
    place = find_place(project, asked.of)
    project.fetch_for_change(place.rules)
    read, copy = _version(project, place, asked.version), EnvName(asked.copy)
    require_new(project, place.rules, copy)
    require_files(place.rules, place.env, copy, asked.branch or "BRANCH")
    original = read_original(project, read)
    typed = dict(asked.settings)
    if asked.branch:
        typed["branch"] = asked.branch  # one thing, that can be said in two ways
    pattern = typed.get("branch") or str(original.line["branch"])
    branch = require_place(project, pattern, copy, applies=asked.extent is not Extent.COMMITTED)
    require_same_modules(project, read)
    settings = all_settings(original, copy, typed, asked.same, ui)
    files = draft(original, copy, settings, project.tree(worktree=False).read(PROJECT_FILE) or "")
    return _Replica(project, read, original, copy, branch, files, request, ui).made(asked.extent)


def _version(project: Project, place: Place, asked: str | None) -> VersionRead:
    """The running one, or the one that is named. Raises Refused (guard `destroyed-version`)."""
    env, listing, latest = applied_versions(project, place.env)
    record = pick_version(asked, env, listing.versions) if asked else latest
    if record.kind is Kind.DESTROY:
        what = f"{env} {record.version} was a destroy: there is nothing to copy"
        raise Refused("destroyed-version", what, hint=f"name another version: tfops history {env}")
    return VersionRead(record, read_card(project.repository, record), listing)


@dataclass(frozen=True, slots=True)
class _Replica:
    """A copy whose files are known, on the branch that they will be committed to."""

    project: Project
    read: VersionRead
    original: Original
    copy: EnvName
    branch: str
    files: Draft
    request: Request
    ui: Ui

    def made(self, extent: Extent) -> ReplicaResult:
        tree = GitTree(self.project.repository, self.project.repository.tree_with(self.files.files))
        rules = self._checked(tree)
        plan = None if extent is Extent.COMMITTED else self._planned(tree, rules)
        result = ReplicaResult(self.copy, self.read.record, self.files.files, self.files.settings, self.branch, plan)
        if extent is Extent.SHOWN:
            return result
        if plan is not None:
            self._ask(plan)
        commit = self._committed(tree, pushes=extent is Extent.APPLIED)
        result = replace(result, commit=commit)
        if plan is None:
            return result
        project = Project.open(self.project.repository.root, self.project.engine)  # HEAD is another one now
        with self._explained(commit):
            applied = self._applied(project, plan)
        return replace(result, version=applied.version, proof=prove(project, self.read, self.copy, self.files))

    def _checked(self, tree: GitTree) -> ProjectConfig:
        """Raises ConfigError, whose places are those of the files that would be written."""
        try:
            rules = self.project.rules_in(tree)
            require_own_places(rules, tree)
            load_checked(self.project, tree, rules, self.copy)
        except ConfigError as error:
            error.what = f"the files of {self.copy} would be wrong: {error.what}"
            error.state = "Nothing was written: these are the files that it would have."
            error.hint = f"say it otherwise: --set PATH=VALUE; or first correct {self.original.env}: tfops validate"
            raise
        return rules

    def _planned(self, tree: GitTree, rules: ProjectConfig) -> Plan:
        """Raises as `plan`: guard `state-exists` where its state would be is one already."""
        why = f"{self.copy}, a copy of {self.original.env} {self.read.record.version}"
        place = Place(self.copy, self.branch, why, rules)

        def aim(facts: Snapshot) -> Target:
            content = Content.of(tree, rules, load_checked(self.project, tree, rules, self.copy))
            commit = self.project.repository.commit(facts.head)
            return Target(facts, Kind.APPLY, commit, self.branch, why, Stacks(content))

        self.ui.note(why)
        task = Task(self.project, place, f"replicate {self.original.env}", aim, self.request, self.ui)
        return story.plan(task)[1].shown

    def _ask(self, plan: Plan) -> None:
        """Raises NotApproved."""
        self.ui.show_plan(plan)
        if self.request.consent.yes:
            return
        pushed = ", push it" if self.project.repository.remote else ""
        question = f"Commit {self.copy} to {self.branch}{pushed}, and apply it?"
        if not (self.ui.is_interactive and self.ui.confirm(question)):
            hint = "look at the plan above, then run it again with --yes"
            raise NotApproved(f"{self.copy} was not made", why="that needs a yes", hint=hint)

    def _committed(self, tree: GitTree, *, pushes: bool) -> CommitSha:
        repository, of = self.project.repository, f"{self.original.env} {self.read.record.version}"
        message = f"Add {self.copy}, a copy of {of}\n"
        commit = store_commit(repository, tree.tree_id, parent=repository.head, message=message)
        bring_to_branch(self.project, commit, self.branch, pushes=pushes)
        return commit

    def _applied(self, project: Project, plan: Plan) -> ChangeResult:
        """Exactly what was shown, as any other apply."""
        given = self.request.consent
        consent = given if given.yes else replace(given, yes=True, standing=TERMINAL)
        request = replace(self.request, env=self.copy, plan_digest=plan.digest, consent=consent)
        with telling(project, request, self.ui) as tell:
            return tell(targets.apply(project, request, self.ui))

    @contextlib.contextmanager
    def _explained(self, commit: CommitSha) -> Iterator[None]:
        """What goes wrong from here on leaves a commit behind."""
        try:
            yield
        except TfopsError as error:
            error.state = f"{self.copy} is committed on {self.branch} ({commit[:8]}). {error.state}".strip()
            then = f"then: tfops apply {self.copy}, and tfops diff {self.original.env} {self.copy}"
            error.hint = f"{error.hint}; {then}" if error.hint else then
            raise
