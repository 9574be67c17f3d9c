"""The project that a command stands in: its repository, its folders, its locks."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tfops.config.names import PROJECT_FILE
from tfops.config.rules import remembered_ledger_ref, remembered_rules
from tfops.dataclass import dataclass
from tfops.errors import Locked, Refused
from tfops.ledger.lock import EnvironmentLock, MachineLock
from tfops.ledger.versions import list_latest
from tfops.records.names import CommitSha, EnvName
from tfops.system import clock, environ, process
from tfops.system.remote import Refs, RemoteUnreachable
from tfops.system.repository import Repository
from tfops.system.trees import GitTree
from tfops.system.workspace import Workspace

if TYPE_CHECKING:
    from tfops.change.ui import Ui
    from tfops.config.project import ProjectConfig


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
    def open(cls, start: Path, engine: str = "") -> Project:
        """Raises ProjectError when `start` is not in a repository."""
        repository = Repository(start)
        workspace = Workspace(repository.common_dir)
        return cls(repository, workspace, MachineLock(workspace.locks), engine)

    def tree(self, *, worktree: bool) -> GitTree:
        """The checked-out commit; with `worktree`, the files as they lie here."""
        repository = self.repository
        if worktree and _may_have_roots(repository.root / PROJECT_FILE):  # whose code may lie anywhere
            return GitTree.of_work_tree(repository, (".",))
        return GitTree.of_work_tree(repository) if worktree else GitTree.of_commit(repository, repository.head)

    def config_at(self, commit: CommitSha) -> ProjectConfig:
        """The rules as they were in a commit, with the preview environments that there are now."""
        return self.rules_in(GitTree.of_commit(self.repository, commit))

    def rules_in(self, tree: GitTree) -> ProjectConfig:
        """The rules in a tree, with the preview environments that there are now."""
        rules = remembered_rules(tree, self.workspace.rules)
        if not rules.names_backend and any(rule.roots for rule in rules.environments.values()):
            from tfops.config.own_backend import with_own_backends  # noqa: PLC0415 - reads the roots' files

            rules = with_own_backends(rules, tree)
        return self.with_previews(rules)

    def with_previews(self, rules: ProjectConfig) -> ProjectConfig:
        """An environment for each branch that fits a template; one whose branch is gone is known by its versions."""
        if not rules.previews:
            return rules

        # For projects that have some.
        from tfops.resolve.previews import with_previews  # noqa: PLC0415
        from tfops.system.ref_snapshot import look_here  # noqa: PLC0415

        latest = (listing.latest for listing in list_latest(self.repository).values())
        return with_previews(rules, [*look_here(self.repository).heads, *(one.branch for one in latest if one)])

    @contextlib.contextmanager
    def changing(self, env: EnvName, what: str, *, wait_s: float) -> Iterator[None]:
        """Hold everything that a change of an environment needs to hold. Raises Locked after `wait_s`."""
        from tfops.records.lock import Holder  # noqa: PLC0415 - most commands hold nothing

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
        return self._refs(rules.ledger_ref, offline=offline)

    def _refs(self, ledger_ref: str, *, offline: bool = False) -> Refs:
        return Refs(self.repository, ledger_ref.replace("{env}", "*"), is_offline=offline)

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
            from tfops.change.remote_answers import refusal  # noqa: PLC0415 - a remote that is well needs no words

            raise refusal(error, self.repository.remote, "versions could not be read") from error

    def fetch_for_reading(self, rules: ProjectConfig, ui: Ui) -> bool:
        """The same for looking: without an answer, what this clone knows has to do. False then."""
        return self._fetch_for_reading(rules.ledger_ref, ui)

    def fetch_here(self, ui: Ui) -> bool:
        """The same by the checked-out commit's rules, for who needs nothing else of them."""
        tree = GitTree.of_commit(self.repository, self.repository.head)
        return self._fetch_for_reading(remembered_ledger_ref(tree, self.workspace.rules), ui)

    def _fetch_for_reading(self, ledger_ref: str, ui: Ui) -> bool:
        try:
            self._refs(ledger_ref).fetch()
        except RemoteUnreachable as error:
            from tfops.change.remote_answers import in_a_line  # noqa: PLC0415 - as in `fetch`

            ui.warn(f"{in_a_line(error)}: this is what this clone knows")
            return False
        except Refused as error:  # a moved tag or a rewritten ledger stops changes, not looking
            ui.warn(f"{error.what} ({error.guard}): this is what this clone knows")
            return False
        return True


_ROOTS = re.compile(rb"\broots?\b\"?'?\s*:")


def _may_have_roots(project_file: Path) -> bool:
    with contextlib.suppress(OSError):
        return _ROOTS.search(project_file.read_bytes()) is not None
    return False


def _engine_lives(env: EnvName, output: Path) -> Locked:
    pid = process.writer_of(output)
    which = f"process {pid}" if pid else f"the one that writes {output}"
    return Locked(
        f"{env} is being changed by an engine that outlived its tfops ({which})",
        why="it finishes by itself, and saves its state: don't kill it",
        hint=f"wait for it: tfops recover {env} --wait 10m",
    )
