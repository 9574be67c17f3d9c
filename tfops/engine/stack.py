"""What tfops asks of the engine for one stack: init, plan, apply, read the state."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfops.dataclass import dataclass
from tfops.engine.advice import wants_init
from tfops.engine.bridge_files import lay_bridge, remove_bridge
from tfops.engine.commands import CommandLine, EngineFlags, only_reads
from tfops.engine.encryption import decrypted
from tfops.engine.environment import WORKSPACE, variable_environment
from tfops.engine.events import Progress, is_diagnostic, may_hold_value
from tfops.engine.failures import engine_error
from tfops.engine.initialization import Initialization
from tfops.engine.local_state import read_local_state
from tfops.engine.locate import Engine
from tfops.engine.modules import InstalledModule, installed_modules
from tfops.engine.orphaned_lock import OrphanedLock
from tfops.engine.plan import planned_by_module, read_plan, require_known, secrets_of, to_plan
from tfops.engine.planfile.compared import is_compared
from tfops.engine.planfile.document import read_saved_plan
from tfops.engine.planfile.planned_on import state_planned_on
from tfops.engine.planfile.unfamiliar import Unfamiliar
from tfops.engine.runner import Ended, Runner
from tfops.engine.s3_state import S3State, s3_state
from tfops.engine.saved_plan import Applied, SavedPlan
from tfops.engine.standby import can_stay
from tfops.engine.state import as_one_module, parse_state, sensitive_values
from tfops.engine.telling import told
from tfops.errors import NOTHING_CHANGED, EngineFailed, Interrupted
from tfops.records.engine_events import Event
from tfops.records.plan import Action
from tfops.records.rendered import RootLayout
from tfops.records.state import StackState
from tfops.system import clock
from tfops.system.parallel import meanwhile
from tfops.system.workspace import rewrite_outputs, write_bytes

if TYPE_CHECKING:
    from tfops.engine.passing import Passing

PLAN_FILE = "plan.bin"
ERRORED_STATE = "errored.tfstate"
_CHANGES = 2


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A plan that was made and not looked at yet; `document` is what was read from its file."""

    ended: Ended
    destroys: bool
    document: Mapping[str, Any] | None = None


def _pulled(ended: Ended) -> str:
    """What `state pull` printed; its file holds every secret, and goes at once."""
    if ended.code != 0:
        raise engine_error("the state can't be read", ended.errors)
    return ended.take_output()


class StackEngine:
    """The engine in one stack's root. Each method is one process, or none; `plan` two or three.

    `layout` says by which names tfops' files lie in the root, and has an id of the code: its paths are always the
    same, so nothing tells the engine that another tree lies there now. `lock` is the committed provider lock; without
    one `init` is free. `lent` gives the locks of what ran before: the state may need a provider that the modules no
    longer use.
    """

    def __init__(
        self,
        engine: Engine,
        runner: Runner,
        *,
        flags: EngineFlags,
        lock: str | None,
        lent: Callable[[], Sequence[str]],
        layout: RootLayout,
    ) -> None:
        self.engine = engine
        self._runner = runner
        self.layout = layout
        self._flags = flags
        self._commands = CommandLine(engine.executable, flags)
        self._initialization = Initialization(
            engine, runner, self._commands, self._run, self._pull, lock=lock, lent=lent, layout=layout
        )
        self._is_shielded = False
        self._ahead: _Ahead | None = None
        self._in_s3: S3State | None = None
        self._orphaned = OrphanedLock(runner, self._commands, self._run, self.layout.values)

    @property
    def root(self) -> Path:
        return self._runner.root

    @property
    def starts(self) -> int:
        """How many engine processes this run has cost so far."""
        return self._runner.started

    @property
    def targets(self) -> tuple[str, ...]:
        """What its plans are narrowed to, by its own addresses; nothing where they are about all."""
        return self._flags.targets

    def set_variables(self, values: Mapping[str, str]) -> None:
        """Give the engine's next processes other values for some variables of the root."""
        self._runner.env = {**self._runner.env, **variable_environment(values)}

    def prepare(self) -> None:
        """As `Initialization.prepare`."""
        self._initialization.prepare()

    @contextlib.contextmanager
    def shielded(self) -> Iterator[None]:
        """Inside of it an interrupt doesn't reach the engine: what is done to a state is done to its end."""
        self._is_shielded = True
        try:
            yield
        finally:
            self._is_shielded = False

    def pull_state(self) -> tuple[StackState, frozenset[str]]:
        """The state as the backend has it, and the texts in it that are sensitive."""
        here = self._state_here()
        if here is not None:
            return here
        ended = self._run(self._commands.pull_state())
        if ended.code != 0 and wants_init(ended.errors):
            self._initialization.init()
            return self._pull()
        return self._read_state(ended)

    def _pull(self) -> tuple[StackState, frozenset[str]]:
        return self._read_state(self._run(self._commands.pull_state()))

    def read_back(self) -> tuple[StackState, frozenset[str]]:
        """The same after an apply: an interrupt has to wait until it is known what was done."""
        here = self._state_here()
        if here is not None:
            return here
        text = self._in_s3.read() if self._in_s3 else None
        if text is not None:
            return self._by_module(parse_state(text)), sensitive_values(text)
        return self._read_state(self._runner.run(self._commands.pull_state(), shielded=True))

    def _state_here(self) -> tuple[StackState, frozenset[str]] | None:
        """The state of a local backend, where its file can be read as it is."""
        here = read_local_state(self.root, self.engine, self.layout.backend)
        return None if here is None else (self._by_module(parse_state(here)), sensitive_values(here))

    def _by_module(self, state: StackState) -> StackState:
        return as_one_module(state) if self.layout.is_own else state

    def _read_state(self, ended: Ended) -> tuple[StackState, frozenset[str]]:
        return self._by_module(parse_state(text := _pulled(ended))), sensitive_values(text)

    def plan(self, *, destroy: bool = False, refresh_only: bool = False) -> SavedPlan:
        """Plan to a file in the run's folder; `refresh_only` looks for drift. Raises EngineFailed.

        Takes no state lock: a plan that is killed would leave it behind, and the engine refuses to
        apply a plan when the state moved on since.
        """
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead.destroys is destroy and not refresh_only:
            ended, document = self._runner.tell(ahead.ended), ahead.document
        else:
            ended, document = self._planned(destroy=destroy, refresh_only=refresh_only), None
        if ended.code not in (0, _CHANGES):
            raise engine_error("the plan failed", ended.errors)
        require_known(ended.progress.unknown)
        is_partial = bool(self.targets)
        return self._read_plan(self._plan_file, is_empty=ended.code == 0, is_partial=is_partial, document=document)

    def plan_ahead(self, *, destroy: bool = False) -> tuple[StackState, frozenset[str]]:
        """The state as `pull_state` has it, taken from a plan that the next `plan` gives: a start of the engine less.

        What the engine says is shown by that `plan`: what is secret in its words only the state says. The state is
        pulled where the plan fails, or doesn't say what it was made on; before it, where that starts no engine.
        """
        here = self._state_here()
        if here is not None:
            return here
        if not is_compared(self.engine):
            return self.pull_state()
        ended, document = self._planned(destroy=destroy, holds=may_hold_value), None
        self._ahead = _Ahead(ended, destroy)
        if ended.code not in (0, _CHANGES):
            return self.pull_state()
        content = self._plan_file.read_bytes()
        try:
            document = read_saved_plan(content, self.engine)
            self._ahead = _Ahead(ended, destroy, document)
            state, hidden = state_planned_on(content, document)
            return self._by_module(state), hidden
        except Unfamiliar:
            return self.pull_state()

    def taken(self, content: bytes, *, is_empty: bool) -> SavedPlan:
        """A plan that was made before, in a file that was kept, as `plan` gives one. Its root is initialized.

        Raises Refused (guard `plan-tampered`) where it acts on another state or with other code than are here.
        """
        from tfops.engine.taken import require_as_here, understood  # noqa: PLC0415 - few plans are kept

        workspace = self._runner.env.get(WORKSPACE, "")
        require_as_here(content, self.root, workspace=workspace, is_tofu=self.engine.is_tofu)
        write_bytes(self._plan_file, content)
        return understood(lambda: self._read_plan(self._plan_file, is_empty=is_empty, is_partial=bool(self.targets)))

    @property
    def _plan_file(self) -> Path:
        return self._runner.folder / PLAN_FILE

    def _planned(
        self, *, destroy: bool, refresh_only: bool = False, holds: Callable[[Event], bool] = lambda _: False
    ) -> Ended:
        argv = self._commands.plan(
            out=str(self._plan_file),
            values=self.layout.values,
            destroy=destroy,
            refresh_only=refresh_only,
            lock_timeout_s=None,
        )
        ended = self._run(argv, holds, stays=True)
        if ended.code not in (0, _CHANGES) and wants_init(ended.errors):
            self._initialization.init()
            ended = self._run(argv, holds, stays=True)
        return ended

    def plan_as_json(self, path: Path) -> str:
        """A saved plan in the engine's own JSON, with every value in clear. Raises EngineFailed."""
        shown = self._run(self._commands.show_plan(str(path)))
        if shown.code != 0:
            raise engine_error("the plan can't be read", shown.errors)
        return shown.take_output()

    def _read_plan(
        self, path: Path, *, is_empty: bool, is_partial: bool = False, document: Mapping[str, Any] | None = None
    ) -> SavedPlan:
        """`document` is what was read from the file already."""
        content = path.read_bytes() if path.is_file() else b""
        try:
            document = document or read_saved_plan(content, self.engine)
        except Unfamiliar:
            document = self._shown_plan(path)
        digest = hashlib.sha256(content).hexdigest()
        plan = to_plan(
            document, is_empty=is_empty, is_partial=is_partial, targets=self.targets, commit=self.layout.commit
        )
        outputs, kinds = planned_by_module(document, is_own=self.layout.is_own)
        return SavedPlan(plan, path, digest, outputs, kinds, secrets_of(document))

    def _shown_plan(self, path: Path) -> dict[str, Any]:
        """Raises EngineFailed, also where the engine ends well and says nothing that is a plan."""
        try:
            return read_plan(self.plan_as_json(path))
        except ValueError as error:
            raise EngineFailed(
                "the plan can't be read",
                why=f"`show -json` of {self.engine.name} {self.engine.version} gave no plan: {error}",
                state=NOTHING_CHANGED,
                hint="try it by hand; another engine: --engine NAME",
            ) from error

    def release_dead_lock(self, *, since: datetime, was_held: bool, of_any: bool = False) -> bool:
        """As `OrphanedLock.release`."""
        return self._orphaned.release(since=since, was_held=was_held, of_any=of_any)

    def plan_invocation(self, address: str, *, number: int = 1) -> SavedPlan:
        """A plan that does nothing but run an action; `number` tells the plans of one run apart."""
        path = self._runner.folder / f"invoke-{number}-{PLAN_FILE}"
        ended = self._run(self._commands.plan_invocation(address, out=str(path), values=self.layout.values))
        if ended.code not in (0, _CHANGES):
            raise engine_error(f"`{address}` can't be planned", ended.errors)
        return self._read_plan(path, is_empty=ended.code == 0)

    def plan_import(self, missing: Mapping[str, str]) -> SavedPlan:
        """A plan that does nothing but take real things into the state, by address and id."""
        blocks = [{"to": address, "id": known} for address, known in sorted(missing.items())]
        return self.plan_bridged({"import": blocks}, targets=sorted(missing))

    def plan_bridged(self, blocks: Mapping[str, Any], *, targets: Sequence[str] = ()) -> SavedPlan:
        """A plan with more blocks beside the rendered root (`moved`, `import`); they stay until `forget_bridge`."""
        lay_bridge(self.root, blocks, self.engine, self._module_folders)
        path = self._runner.folder / PLAN_FILE
        argv = self._commands.plan(
            out=str(path), values=self.layout.values, destroy=False, lock_timeout_s=None, targets=targets
        )
        ended = self._run(argv, stays=True)
        if ended.code not in (0, _CHANGES):
            raise engine_error("the plan with `moved` and `import` blocks failed", ended.errors)
        require_known(ended.progress.unknown)
        return self._read_plan(path, is_empty=ended.code == 0, is_partial=bool(targets or self.targets))

    def forget_bridge(self) -> None:
        """Take the blocks away again: they belong to one plan."""
        remove_bridge(self.root)

    def _module_folders(self) -> dict[str, Path]:
        own = {"": self.root} if self.layout.is_own else {}
        return own | {module.path: module.folder for module in self.modules()}

    @property
    def errored_state(self) -> Path:
        """Where the engine leaves a state that it could not save."""
        return self.root / ERRORED_STATE

    def decrypted(self, text: str) -> str:
        """An encrypted state's text in clear, with the keys of this root. Raises EngineFailed."""
        return decrypted(self.engine, self._runner, text)

    def passing(self) -> "Passing":
        """For commands of the user's own."""
        from tfops.engine.passing import Passing  # noqa: PLC0415 - few runs pass one on

        return Passing(self._runner, self.engine.executable, self._flags.lock_timeout_s)

    def move_between(self, source: Path, goal: Path, address: str, new: str) -> None:
        """Move what is at an address from one file to another, by the engine's own `state mv`. Raises EngineFailed."""
        ended = self._run(self._commands.move_between(str(source), str(goal), address, new))
        if ended.code != 0:
            raise engine_error(f"`{address}` can't be moved", ended.errors)

    def state_text(self) -> str:
        """The state as the backend has it, every value in clear; empty where there is none. Raises EngineFailed."""
        here = read_local_state(self.root, self.engine, self.layout.backend)
        return _pulled(self._run(self._commands.pull_state())) if here is None else here

    def push_state(self, name: str, *, force: bool = False) -> None:
        """Make a file of the root the state."""
        ended = self._run(self._commands.push_state(name, force=force))
        if ended.code != 0:
            raise engine_error(f"`{name}` can't be pushed as the state", ended.errors)

    def apply(
        self, saved: SavedPlan, *, on_tick: Callable[[Progress], None] = lambda _: None, keeps_plan: bool = False
    ) -> Applied:
        """Apply exactly the saved plan. Never raises for the engine: something may have changed.

        Its words are held back: they may quote a secret that this very apply makes. `tell` says them. With `keeps_plan`
        the plan of an apply that failed stays, for another try.
        """
        if hashlib.sha256(saved.path.read_bytes()).hexdigest() != saved.sha256:
            raise EngineFailed("the saved plan was changed between plan and apply", hint="plan again")
        may_leave = self.engine.fails_for_what_it_leaves and bool(saved.plan.count(Action.FORGET))
        # OpenTofu holds a root's own values files against the plan, and would miss ours, which say otherwise.
        again = self.layout.values if self.engine.is_tofu and self.layout.is_own else ()
        argv = self._commands.apply(str(saved.path), may_leave=may_leave, values=again)
        began = clock.now()
        self._in_s3 = s3_state(self.root, self.engine, self.layout.backend)
        with meanwhile(self._in_s3.connect if self._in_s3 else lambda: None):
            ended = self._runner.run(argv, holds=is_diagnostic, on_tick=on_tick)
        if ended.code == 0 or not keeps_plan:
            saved.path.unlink(missing_ok=True)
        errors = self._orphaned.explained(ended, began) if ended.code != 0 else ()
        return Applied(ended.code, ended.signals > 0, ended.progress, errors)

    def apply_again(
        self, saved: SavedPlan, failed: Applied, before: StackState, on_tick: Callable[[Progress], None]
    ) -> Applied:
        """How the last try ended of an apply of which the first one `failed`; its plan was kept, and is gone then.

        There are more as long as it fails with errors that pass, and did nothing: the state is as it was `before`.
        """
        from tfops.engine.retrying import Apply, Unbegun, applied_at_last  # noqa: PLC0415 - most end well

        apply = Apply(
            partial(self.apply, saved, on_tick=on_tick, keeps_plan=True),
            lambda number, applied: self._runner.pause_after("apply", number, applied.errors),
            on_tick,
        )
        try:
            return applied_at_last(failed, apply, Unbegun(before, self.errored_state, lambda: self.read_back()[0]))
        finally:
            saved.path.unlink(missing_ok=True)

    def tell(self, applied: Applied, *, is_known: bool = True) -> Applied:
        """Show what the engine said in an apply, now that all secrets are masked; the same as it may go on from here.

        Where it isn't known what the state holds (`is_known`), what was said of resources is cut to its first words.
        """
        shown = told(applied, self._runner, is_known=is_known)
        if not self.errored_state.exists():  # else the only copy of the state may stand in the output
            rewrite_outputs(self._runner.folder, self._runner.mask)
        return shown

    def lock_digest(self) -> str:
        """As `Initialization.lock_digest`."""
        return self._initialization.lock_digest()

    def locked_providers(self) -> dict[str, str]:
        """Provider address to version, from the lock file that init wrote or took."""
        return self._initialization.locked_providers()

    def modules(self) -> list[InstalledModule]:
        """The modules that init put into the root, inner ones included."""
        return installed_modules(self.root)

    def _run(
        self,
        argv: Sequence[str],
        holds: Callable[[Event], bool] = lambda _: False,
        *,
        stays: bool = False,
        within: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> Ended:
        """Run what makes nothing. An interrupt ends the command even when the engine was faster.

        What changes nothing at all is tried again where it fails with errors that pass.
        """
        stays = stays and can_stay(self.engine)
        if self._is_shielded or not only_reads(argv):
            with within():
                ended = self._runner.run(argv, shielded=self._is_shielded, holds=holds, stays=stays)
        else:
            ended = self._runner.run_until_settled(argv, holds=holds, stays=stays, within=within)
        if ended.signals and not self._is_shielded:
            raise Interrupted("interrupted")
        return ended
