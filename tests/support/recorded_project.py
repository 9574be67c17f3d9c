"""A project below whole commands: real Git, a stand-in for the engine, and the functions that commands call.

Projects, options and targets are made here and nowhere else in tests/change and tests/commands.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.support.checkout import Checkout
from tests.support.stand_in import StandIn
from tfops.change import lease, targets
from tfops.change.invoke import invoke
from tfops.change.project import Project
from tfops.change.request import Consent, Request
from tfops.commands import hold as holds
from tfops.commands import locks
from tfops.commands.apply import telling
from tfops.commands.approve import approve
from tfops.commands.drift import drift
from tfops.commands.drill import drill
from tfops.commands.history import history
from tfops.commands.note_review import plan_and_keep
from tfops.commands.plan import PlanOptions, plan, plan_apply, plan_rollback
from tfops.commands.promote import promote
from tfops.commands.reconcile_facts import decide_all
from tfops.commands.reversible import check_reversible
from tfops.commands.status import status
from tfops.commands.unattended import apply_unattended
from tfops.engine.commands import EngineFlags
from tfops.errors import TfopsError
from tfops.ledger.chain import LedgerState, read_events, read_present
from tfops.ledger.versions import read_card, versions_of
from tfops.records.card import Card
from tfops.records.decision import Decision
from tfops.records.engine_events import Diagnostic, Event
from tfops.records.names import EnvName
from tfops.records.plan import Plan
from tfops.records.verdict import Judgement
from tfops.system import process
from tfops.views.change import ChangeResult, InvokeResult, RecoverResult
from tfops.views.drift import DriftResult
from tfops.views.drill import DrillResult
from tfops.views.lock import HoldResult, LockResult
from tfops.views.plan import PlanResult, RollbackPlanResult
from tfops.views.promotion import PromotionResult
from tfops.views.reconcile import ApproveResult
from tfops.views.reversible import ReversibleResult
from tfops.views.status import EnvironmentStatus

RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n"
LEDGER = "refs/tfops/envs/dev"

# Without housekeeping after each commit and fetch: that is a process each.
_GIT_CONFIG = """\
[user]
name = ann
email = ann@example.com
[init]
defaultBranch = main
[gc]
auto = 0
[maintenance]
auto = false
[core]
fsync = none
[protocol "file"]
allow = always
"""

_KEPT_PARTS = ("shop", "remote.git")
_KEPT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass
class Witness:
    """Whoever runs a command: keeps what was said, and answers what a test says.

    `answers` are what is typed at each question, in order; without any there is no terminal. `log` is a file for what
    is said, for those who look from another process.
    """

    answers: list[str] = field(default_factory=list)
    before_answer: Callable[[], object] = lambda: None
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    log: Path | None = None

    @property
    def is_interactive(self) -> bool:
        return bool(self.answers)

    def hide(self, secrets: Iterable[str]) -> None:
        self.hidden.update(secrets)

    def keep(self, texts: Iterable[str]) -> None:
        """Masks nothing itself."""

    @property
    def mask(self) -> Callable[[str], str]:
        return str

    def note(self, text: str) -> None:
        self.notes.append(text)
        self._write(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)
        self._write(text)

    def _write(self, text: str) -> None:
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(f"{text}\n")

    def phase(self, text: str) -> None:
        """Shows no progress."""

    def engine_event(self, event: Event) -> None:
        self.events.append(event)

    def engine_signal(self, count: int, *, kills: bool) -> None:
        self.notes.append(f"signal {count}" + (", the next one kills" if kills else ""))

    def show_plan(self, plan: Plan) -> None:
        self.plans.append(plan)

    def confirm(self, question: str) -> bool:
        return self._answer(question) == "yes"

    def ask_for(self, question: str, word: str) -> bool:
        return self._answer(question) == word

    def ask(self, question: str, proposal: str) -> str:
        return self._answer(f"{question} [{proposal}]") or proposal

    def _answer(self, question: str) -> str:
        self.questions.append(question)
        self.before_answer()
        return self.answers.pop(0)

    @property
    def said(self) -> str:
        return "\n".join((*self.notes, *self.warnings))

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return [event for event in self.events if isinstance(event, Diagnostic)]


@contextlib.contextmanager
def only_this(home: Path, **more: str) -> Iterator[None]:
    """The process's environment is what a test says, and nothing that the machine happens to set."""
    home.mkdir(exist_ok=True)
    (home / "gitconfig").write_text(_GIT_CONFIG)
    before = dict(os.environ)
    kept = {name: before[name] for name in _KEPT if name in before}
    os.environ.clear()
    os.environ.update(kept | {"HOME": str(home), "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1"} | more)
    os.environ["GIT_CONFIG_GLOBAL"] = str(home / "gitconfig")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Shop(Checkout):
    """One clone. `ui` is whoever ran the last command."""

    def __init__(self, path: Path, engine: StandIn, beginnings: Path | None = None) -> None:
        super().__init__(path)
        self.beginnings = beginnings or path.parent / "beginnings"
        self.engine = engine
        self.ui = Witness()

    # The repository

    def commit(self, message: str = "Change") -> str:
        """Pushed too, where there is a remote."""
        commit = super().commit(message)
        if self.has_remote:
            self.git("push", "--quiet", "origin", "HEAD")
        return commit

    @property
    def has_remote(self) -> bool:
        return "[remote " in (self.path / ".git/config").read_text()

    def wants(self, source: str, env: str = "dev", *, module: str = "main", **inputs: Any) -> str:
        """Commit an environment of one module with these inputs. Returns the commit."""
        body = {"modules": {module: {"source": source, "inputs": inputs}}}
        self.write(f"environments/{env}.yaml", json.dumps(body))
        return self.commit(f"{env} wants {inputs}")

    def runs(self, *contents: Callable[["Shop"], str]) -> None:
        """Each of these was committed and applied, one after the other. Done once, and then copied: it is where most
        stories begin."""
        kept = self.beginnings / "-".join((self.engine.name, self._begun_as(), *(one.__name__ for one in contents)))
        if kept.exists():
            self._become(kept)
            return
        for content in contents:
            content(self)
            self.apply()
        for name in _KEPT_PARTS:
            if (self.path.parent / name).exists():
                shutil.copytree(self.path.parent / name, kept / name, symlinks=True)

    def _begun_as(self) -> str:
        texts = [(self.path / "tfops.yaml").read_text(), str((self.path.parent / "remote.git").exists())]
        return f"{zlib.crc32(''.join(texts).encode()):08x}"

    def _become(self, kept: Path) -> None:
        for name in _KEPT_PARTS:
            if (kept / name).exists():
                shutil.rmtree(self.path.parent / name)
                shutil.copytree(kept / name, self.path.parent / name, symlinks=True)
        if self.has_remote:
            self.git("remote", "set-url", "origin", str(self.path.parent / "remote.git"))

    def rules(self, text: str) -> str:
        self.write("tfops.yaml", text)
        return self.commit("Rules")

    @property
    def project(self) -> Project:
        """Opened anew, as each command does."""
        return Project.open(self.path)

    @property
    def workspace(self) -> Path:
        return self.path / ".git/tfops"

    def with_remote(self) -> Path:
        """A bare `origin` that has the branch."""
        folder = self.path.parent / "remote.git"
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder)], check=True)
        self.git("remote", "add", "origin", str(folder))
        self.git("push", "--quiet", "--set-upstream", "origin", "main")
        return folder

    def clone(self, name: str = "other") -> "Shop":
        """A colleague's clone of the remote. States are in each clone: it is for what needs none."""
        folder = self.path.parent / name
        subprocess.run(["git", "clone", "--quiet", self.git("remote", "get-url", "origin"), str(folder)], check=True)
        return Shop(folder, self.engine)

    # What Git and the state hold

    def ledger(self, env: str = "dev") -> LedgerState:
        return read_present(self.project.repository, EnvName(env))

    def seen(self, env: str = "dev") -> LedgerState:
        """The ledger as the remote has it now."""
        self.status(env)
        return self.ledger(env)

    def has_told(self, env: str = "dev") -> bool:
        """Whether the run that holds it has told the ledger of something that it made."""
        intent = self.seen(env).intent
        return intent is not None and bool(intent.done)

    def events(self, env: str = "dev") -> list[str]:
        """The kinds of events, oldest first."""
        return [str(event.kind) for event in read_events(self.project.repository, EnvName(env))][::-1]

    def tags(self) -> list[str]:
        return self.git("tag", "--list", "tfops/*", "--sort=version:refname").split()

    def card(self, env: str = "dev") -> Card:
        """That of the latest version."""
        repository = self.project.repository
        latest = versions_of(repository, EnvName(env)).latest
        assert latest is not None
        return read_card(repository, latest)

    def state_file(self, env: str = "dev", stack: str = "main") -> Path:
        return self.workspace / f"state/{env}/{stack}.tfstate"

    def state(self, env: str = "dev", stack: str = "main") -> Any:
        return json.loads(self.state_file(env, stack).read_text())

    def addresses(self, env: str = "dev", stack: str = "main") -> list[str]:
        """Names of the resources in a state."""
        return [resource["name"] for resource in self.state(env, stack)["resources"]]

    # Commands

    def request(  # noqa: PLR0913 - what a person may say with flags, each by its name
        self,
        env: str | None,
        *,
        only: Sequence[str] = (),
        yes: bool = True,
        allow_destroy: Sequence[str] = (),
        allow_missing: Sequence[str] = (),
        allowed: Sequence[str] = (),
        wait_s: float = 0.0,
        offline: bool = False,
        ignores_verdict: bool = False,
        keeps_providers: bool = False,
        only_if_changed: bool = False,
    ) -> Request:
        """What a person says with flags."""
        consent = Consent(yes=yes, allow_destroy=frozenset(allow_destroy), allow_missing=frozenset(allow_missing))
        return Request(
            env=env,
            stacks=tuple(only),
            engine=str(self.engine.path),
            flags=EngineFlags(lock_timeout_s=0),
            consent=consent,
            wait_s=wait_s,
            offline=offline,
            allowed=frozenset(allowed),
            ignores_verdict=ignores_verdict,
            keeps_providers=keeps_providers,
            only_if_changed=only_if_changed,
        )

    def on_terminal(self, *answers: str, before: Callable[[], object] = lambda: None) -> Witness:
        """The next command is run by somebody who types these answers."""
        self._next = Witness(list(answers), before)
        return self._next

    def _someone(self) -> Witness:
        self.ui = getattr(self, "_next", None) or Witness()
        self._next = None
        return self.ui

    _next: Witness | None = None

    def plan(
        self,
        env: str = "dev",
        *,
        against: str | None = None,
        worktree: bool = False,
        checks: bool = False,
        only: Sequence[str] = (),
    ) -> PlanResult:
        request = self.request(env, only=only)
        return plan(self.project, request, self._someone(), PlanOptions(against, worktree, checks))

    def plan_apply(self, env: str = "dev", **options: Any) -> PlanResult:
        """What an apply of one of many shows before the question."""
        return plan_apply(self.project, self.request(env, **options), self._someone())

    def plan_rollback(self, to: str | None = None, env: str = "dev") -> RollbackPlanResult:
        return plan_rollback(self.project, to, self.request(env), self._someone(), show_bridge=False)

    def apply(self, env: str | None = "dev", **options: Any) -> ChangeResult:
        return self._told(self.request(env, **options))

    def _told(self, request: Request) -> ChangeResult:
        project, ui = self.project, self._someone()
        with telling(project, request, ui) as tell:
            return tell(targets.apply(project, request, ui))

    def rollback(self, to: str | None = None, env: str = "dev", **options: Any) -> ChangeResult:
        return targets.rollback(self.project, to, self.request(env, **options), self._someone())

    def promote(self, source: str, env: str, *, plan: bool = False, **options: Any) -> PromotionResult:
        return promote(self.project, source, self.request(env, **options), self._someone(), plan=plan)

    def destroy(self, env: str = "dev", **options: Any) -> ChangeResult:
        return targets.destroy(self.project, self.request(env, **options), self._someone())

    def resume(self, env: str = "dev", **options: Any) -> ChangeResult:
        return targets.resume(self.project, self.request(env, **options), self._someone())

    def recover(self, env: str = "dev", *, wait_s: float = 0.0) -> RecoverResult:
        return targets.recover(self.project, self.request(env, wait_s=wait_s), self._someone())

    def look(self, env: str = "dev") -> DriftResult:
        """What drifted in the real world."""
        return drift(self.project, env, self.request(env), self._someone())

    def invoke(self, *addresses: str, env: str = "dev") -> InvokeResult:
        return invoke(self.project, addresses, self.request(env), self._someone())

    def unattended(self, env: str = "dev") -> ChangeResult:
        return apply_unattended(self.project, self.request(env), self._someone())

    def drill(self, version: str, env: str = "dev", *, place: str | None = None, keep: bool = False) -> DrillResult:
        return drill(self.project, version, self.request(env), self._someone(), place=place, keep=keep)

    def one_way_doors(self, env: str = "dev", *, with_plan: bool = False) -> ReversibleResult:
        request = self.request(env)
        return check_reversible(self.project, env, with_plan=with_plan, request=request, ui=self._someone())

    def lock(self, reason: str = "", env: str = "dev") -> LockResult:
        return locks.lock(self.project, env, reason)

    def unlock(self, env: str = "dev", *, force: bool = False) -> LockResult:
        return locks.unlock(self.project, env, force=force, ui=self._someone())

    def hold(self, reason: str, env: str = "dev") -> HoldResult:
        return holds.hold(self.project, env, reason)

    def lift(self, env: str = "dev") -> HoldResult | None:
        return holds.lift(self.project, env)

    def approve(
        self, env: str = "dev", *, digest: str = "", varying: Sequence[str] = (), yes: bool = True
    ) -> ApproveResult:
        return approve(self.project, env, self._someone(), digest=digest, varying=varying, yes=yes)

    def keeps_plan(self, env: str = "dev") -> PlanResult:
        """Plan, and keep it for who is to agree to it."""
        return plan_and_keep(self.project, self.request(env), self._someone(), PlanOptions(checks=False))

    def apply_reviewed(self, env: str = "dev") -> ChangeResult:
        return self._told(replace(self.request(env), reviewed=True))

    def decision(self, env: str = "dev") -> Decision:
        """What a run without a person would do."""
        return decide_all(self.project, [env], self._someone())[1][0]

    def status(self, env: str = "dev") -> EnvironmentStatus:
        [row] = status(self.project, [env], fetch=True, ui=self._someone()).environments
        return row

    def history(self, env: str = "dev", *, verdict: bool = True) -> dict[str, Judgement | None]:
        """By version: the verdict of the way back to it."""
        listed = history(self.project, env, verdict=verdict, fetch=False, ui=self._someone())
        return {str(entry.record.version): entry.verdict for entry in listed.entries}

    # Processes of their own

    def dies_at(self, failpoint: str, command: Callable[[], object]) -> None:
        """Run a command in a process of its own that gets SIGKILL at a failpoint."""
        os.environ["TFOPS_FAILPOINT"] = f"{failpoint}:SIGKILL"
        try:
            pid = forked(command)
        finally:
            del os.environ["TFOPS_FAILPOINT"]
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, f"it never came to {failpoint}"

    def wait_for_engine(self, env: str = "dev") -> None:
        """Until an engine that outlived its run has ended."""
        assert process.wait_for_writers(self.project.workspace.outputs(EnvName(env)), wait_s=30) is None

    @contextlib.contextmanager
    def meanwhile(self, command: Callable[[], object], *, after: int = 0, renews: bool = False) -> Iterator["Running"]:
        """While the engine of a command's apply works: it has said `after` lines, and goes on after the block.

        With `renews` the lease is renewed each second instead of each minute.
        """
        gate = self.path.parent / "gate"
        gate.unlink(missing_ok=True)
        reached, said = gate.with_name("gate.reached"), gate.with_name("said")
        reached.unlink(missing_ok=True)

        def run() -> None:
            lease.RENEW_S = 1.0 if renews else lease.RENEW_S
            command()

        said.unlink(missing_ok=True)
        self._next = Witness(log=said)

        with self.engine.otherwise("apply", after=after, until=str(gate)):
            running = Running(forked(run), said)
            try:
                running.wait_for(reached.exists)
                yield running
            finally:
                gate.touch()
                running.end()
                self._next = None


@dataclass
class Running:
    """A command in a process of its own. `code` is its exit code when it is over."""

    pid: int
    log: Path
    code: int | None = None

    @property
    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def wait_for(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end, "it did not come true"
            assert os.waitpid(self.pid, os.WNOHANG) == (0, 0), "it ended before"
            time.sleep(0.005)

    def end(self) -> None:
        with contextlib.suppress(ChildProcessError):
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def forked(command: Callable[[], object]) -> int:
    """The process id of a fork that runs a command, and ends with the exit code of its error."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # pytest's workers have threads
        pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        command()
        code = 0
    except TfopsError as error:
        code = int(error.exit_code)
    finally:
        os._exit(code)


def new_shop(
    folder: Path, engine: StandIn, *, rules: str = RULES, modules: Mapping[str, str], beginnings: Path | None = None
) -> Shop:
    """A repository on branch main with these modules; nothing is committed for an environment yet.

    `beginnings` is where projects that `runs` has made are kept.
    """
    shop = Shop(folder, engine, beginnings)
    folder.mkdir(parents=True)
    os.environ["TFOPS_ENGINE"] = str(engine.path)  # for commands that take no engine; `only_this` takes it away again
    shop.git("init", "--quiet", "--initial-branch=main")
    shop.write("tfops.yaml", rules)
    for name, text in modules.items():
        shop.write(f"modules/{name}/main.tf", text)
    return shop
