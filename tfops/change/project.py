"""The project that a command stands in: its repository, its folders, its locks."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from tfops.change.remote_answers import in_a_line, refusal
from tfops.change.ui import Ui
from tfops.config.constraint import Constraint
from tfops.config.environment import load_rules
from tfops.config.inputs import InputCheck
from tfops.config.modules.flow import Needs
from tfops.config.modules.interface import Interfaces
from tfops.config.modules.module import Interface
from tfops.config.project import EngineChoice, ProjectConfig, load_project
from tfops.config.source import LocalSource, RemoteSource
from tfops.dataclass import dataclass
from tfops.engine.locate import find_engine
from tfops.errors import ConfigError, Locked, ProjectError, Refused
from tfops.ledger.lock import EnvironmentLock, MachineLock
from tfops.ledger.versions import list_versions, read_card, versions_of
from tfops.records.lock import Holder
from tfops.records.names import CommitSha, EnvName, StackName
from tfops.resolve.previews import with_previews
from tfops.system import clock, environ, process
from tfops.system.export import export_modules
from tfops.system.ref_snapshot import look_here
from tfops.system.remote import Refs, RemoteUnreachable
from tfops.system.repository import Repository
from tfops.system.trees import GitTree
from tfops.system.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Project:
    """A clone of a project. Opening it reads nothing but where it is.

    `engine` is what `--engine` says: it decides which of a module's files count.
    """

    repository: Repository
    workspace: Workspace
    lock: EnvironmentLock
    engine: str = ""

    @classmethod
    def open(cls, start: Path, engine: str = "") -> "Project":
        """Raises ProjectError when `start` is not in a repository."""
        repository = Repository(start)
        workspace = Workspace(repository.common_dir)
        return cls(repository, workspace, MachineLock(workspace.locks), engine)

    def tree(self, *, worktree: bool) -> GitTree:
        """The checked-out commit; with `worktree`, the files as they lie here."""
        repository = self.repository
        return GitTree.of_work_tree(repository) if worktree else GitTree.of_commit(repository, repository.head)

    def config_at(self, commit: CommitSha) -> ProjectConfig:
        """The rules as they were in a commit, with the preview environments that there are now."""
        return self.rules_in(GitTree.of_commit(self.repository, commit))

    def rules_in(self, tree: GitTree) -> ProjectConfig:
        """The rules in a tree, with the preview environments that there are now."""
        return self.with_previews(load_rules(tree))

    def with_previews(self, rules: ProjectConfig) -> ProjectConfig:
        """An environment for each branch that fits a template; one whose branch is gone is known by its versions."""
        if not rules.previews:
            return rules
        latest = (listing.latest for listing in list_versions(self.repository).values())
        return with_previews(rules, [*look_here(self.repository).heads, *(one.branch for one in latest if one)])

    def interfaces(
        self,
        tree: GitTree,
        overrides: Mapping[str, str] | None = None,
        *,
        env: EnvName | None = None,
        is_tofu: bool | None = None,
    ) -> Interfaces:
        """What the modules of a commit take and give. Exports them, because links count as the engine sees them.

        `is_tofu` where the engine is known; else it is asked for, as of `env`, when there are files of OpenTofu's own.
        """
        exported = export_modules(tree, self.workspace.sources, overrides or {})
        return Interfaces(
            exported, self.workspace.interfaces, lambda: self.is_tofu(tree, env) if is_tofu is None else is_tofu
        )

    def is_tofu(self, tree: GitTree, env: EnvName | None = None) -> bool:
        """Whether OpenTofu is the engine that `--engine`, TFOPS_ENGINE, tfops.yaml, and PATH lead to; not where there
        is none. Where nobody chose, what `env` ran with last comes first.

        A tree may be a stranger's: a program that only its tfops.yaml names by a path isn't run to be asked.
        """
        try:
            choice = replace(load_project(tree).engine, version=Constraint())
        except (ConfigError, ProjectError):
            choice = EngineChoice()
        requested = self.engine or environ.variable("TFOPS_ENGINE")
        if not requested and "/" in choice.use:
            return "tofu" in Path(choice.use).name
        try:
            prefer = self._product_of(env) if env else ""
            return find_engine(choice, requested, self.workspace.engine_cache, prefer=prefer).is_tofu
        except ProjectError:
            return False

    def _product_of(self, env: EnvName) -> str:
        """The engine's product that the running version was applied with; empty where there is none."""
        try:
            latest = versions_of(self.repository, env).latest
            return read_card(self.repository, latest).engine.name if latest else ""
        except Refused:
            return ""

    def input_check(self, tree: GitTree, env: EnvName | None = None) -> InputCheck:
        """Holds inputs against the variables of a commit's modules, and of those that `init` put into the roots."""
        interfaces, roots = self.interfaces(tree, env=env), self.workspace.top / "roots"

        def find(env: EnvName, stack: StackName, name: str, source: LocalSource | RemoteSource) -> Interface | None:
            return interfaces.of(name, source, roots / env / stack)

        def needs(env: EnvName, stack: StackName, name: str, source: LocalSource | RemoteSource) -> Needs:
            return interfaces.needs(name, source, roots / env / stack)

        return InputCheck(find, needs)

    @contextlib.contextmanager
    def changing(self, env: EnvName, what: str, *, wait_s: float) -> Iterator[None]:
        """Hold everything that a change of an environment needs to hold. Raises Locked after `wait_s`."""
        user, host = environ.user_and_host()
        holder = Holder(who=user, host=host, pid=os.getpid(), what=what, since=clock.now())
        patience = clock.Patience(wait_s)
        with self.lock.held(env, holder, wait_s=wait_s):
            self.repository.git.look_again()
            # The engine of a run that was killed goes on by itself: it is waited for, never doubled.
            written = process.wait_for_writers(self.workspace.outputs(env), wait_s=patience.left_s)
            if written is not None:
                raise _engine_lives(env, written)
            yield

    def refs(self, rules: ProjectConfig, *, offline: bool = False) -> Refs:
        """The refs that this project's clones share."""
        return Refs(self.repository, rules.ledger_ref.replace("{env}", "*"), is_offline=offline)

    def fetch_for_change(self, rules: ProjectConfig, *, offline: bool = False) -> None:
        """Bring versions and branches here. Raises Refused when the remote doesn't answer, or says no."""
        self.fetch(self.refs(rules, offline=offline))

    def fetch(self, refs: Refs) -> None:
        """The same through refs that are known."""
        if self.repository.is_shallow:
            raise Refused(
                "shallow-clone",
                "this clone is shallow: versions and their commits may be missing",
                hint="git fetch --unshallow   (in CI: fetch the whole history, depth 0)",
            )
        try:
            refs.fetch()
        except RemoteUnreachable as error:
            raise refusal(error, self.repository.remote, "versions could not be read") from error

    def fetch_for_reading(self, rules: ProjectConfig, ui: Ui) -> bool:
        """The same for looking: without an answer, what this clone knows has to do. False then."""
        try:
            self.refs(rules).fetch()
        except RemoteUnreachable as error:
            ui.warn(f"{in_a_line(error)}: this is what this clone knows")
            return False
        except Refused as error:  # a moved tag or a rewritten ledger stops changes, not looking
            ui.warn(f"{error.what} ({error.guard}): this is what this clone knows")
            return False
        return True


def _engine_lives(env: EnvName, output: Path) -> Locked:
    pid = process.writer_of(output)
    which = f"process {pid}" if pid else f"the one that writes {output}"
    return Locked(
        f"{env} is being changed by an engine that outlived its tfops ({which})",
        why="it finishes by itself, and saves its state: don't kill it",
        hint=f"wait for it: tfops recover {env} --wait 10m",
    )
