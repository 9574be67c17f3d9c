"""What tfops asks of the engine for one stack: init, plan, apply, read the state."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tfops.config.modules.requirements import import_requirements
from tfops.dataclass import dataclass
from tfops.engine import downloads
from tfops.engine.advice import wants_init
from tfops.engine.commands import CommandLine
from tfops.engine.encryption import decrypted, is_encrypted, require_no_block
from tfops.engine.environment import variable_environment
from tfops.engine.events import Progress, masked
from tfops.engine.failures import engine_error, other_build, unlocked
from tfops.engine.local_state import read_local_state
from tfops.engine.locate import Engine
from tfops.engine.lockfile import differences, locked_versions, used_by_modules, with_entries
from tfops.engine.modules import InstalledModule, forget_moved_modules, installed_modules
from tfops.engine.moved_mark import names_the_mark
from tfops.engine.orphaned_lock import OrphanedLock
from tfops.engine.plan import planned_kinds, planned_outputs, read_plan, require_known, secrets_of, to_plan
from tfops.engine.planfile.document import read_saved_plan
from tfops.engine.planfile.unfamiliar import Unfamiliar
from tfops.engine.runner import Ended, Runner
from tfops.engine.state import parse_state, sensitive_values, without
from tfops.errors import EngineFailed, Interrupted
from tfops.records.engine_events import Diagnostic
from tfops.records.plan import Action, Plan
from tfops.records.rendered import BACKEND_FILE, LOCK_FILE, MAIN_FILE, VALUES_FILE
from tfops.records.state import StackState
from tfops.system import clock
from tfops.system.workspace import exclusive, read_json, rewrite_outputs, write_file

PLAN_FILE = "plan.bin"
BRIDGE_FILE = "tfops_bridge.tf.json"
ERRORED_STATE = "errored.tfstate"
_REPAIRED_STATE = "repaired.tfstate"
_FINGERPRINT = ".terraform/tfops-init.json"
_CHANGES = 2
# Without an entry in a lock, Terraform and OpenTofu install a provider into the cache again, over the one that is
# there and that another engine may be starting at that moment. The root's own lock may then have this platform's hash
# only: the committed one is made by `tfops providers lock`.
# https://developer.hashicorp.com/terraform/cli/config/config-file#allowing-the-provider-plugin-cache-to-break-the-dependency-lock-file
_KEEPING_THE_CACHE = {"TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}
_WITHHELD = "(the rest is withheld: it may quote what the state alone says to be secret, and that can't be read)"


@dataclass(frozen=True, slots=True)
class Applied:
    """How an apply ended. `errors` are empty and `code` is 0 when all went well."""

    code: int
    was_interrupted: bool
    progress: Progress
    errors: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan file and what it says. `sha256` is checked again before it is applied.

    `outputs` are those that are known already, in clear: module to output to value; `kinds` are modules' types.
    `secrets` are the texts that it marks as sensitive.
    """

    plan: Plan
    path: Path
    sha256: str
    outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    kinds: Mapping[str, Any] = field(default_factory=dict)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)


class StackEngine:
    """The engine in one stack's root. Each method is one process, or none; `plan` two or three.

    `modules` is an id of what lies in the root's `modules/`: their paths are always the same, so nothing tells the
    engine that another tree lies there now. `lock` is the committed provider lock; without one `init` is free.
    `lent` gives the locks of what ran before: the state may need a provider that the modules no longer use.
    """

    def __init__(
        self,
        engine: Engine,
        runner: Runner,
        *,
        lock_timeout_s: int,
        lock: str | None,
        lent: Callable[[], Sequence[str]],
        modules: str,
    ) -> None:
        self.engine = engine
        self._runner = runner
        self._lock_timeout_s = lock_timeout_s
        self._lock = lock
        self._lent = lent
        self._modules = modules
        self._commands = CommandLine(engine.executable)
        self._is_shielded = False
        self._orphaned = OrphanedLock(runner, self._commands, self._run)

    @property
    def root(self) -> Path:
        return self._runner.root

    @property
    def starts(self) -> int:
        """How many engine processes this run has cost so far."""
        return self._runner.started

    def set_variables(self, values: Mapping[str, str]) -> None:
        """Give the engine's next processes other values for some variables of the root."""
        self._runner.env = {**self._runner.env, **variable_environment(values)}

    def prepare(self) -> None:
        """Initialize the folder, unless it was, for the same engine, modules, providers and backend.

        Where only modules changed, taking the modules in is enough: it asks neither backend nor registry for
        providers. A module that wants another provider makes the plan say so, and then it is initialized.
        """
        is_fetched_again = downloads.take_back(self.root, self._content())
        known, wanted = read_json(self.root / _FINGERPRINT) or {}, self._fingerprint()
        if wanted == known and not is_fetched_again:
            downloads.remember(self.root, self._content())
            return
        if {**wanted, "modules": ""} == {**known, "modules": ""}:
            self._get()
        else:
            self._init()

    @contextlib.contextmanager
    def shielded(self) -> Iterator[None]:
        """Inside of it an interrupt doesn't reach the engine: what is done to a state is done to its end."""
        self._is_shielded = True
        try:
            yield
        finally:
            self._is_shielded = False

    def _get(self) -> None:
        self._begin_anew()
        ended = self._run(self._commands.get())
        if ended.code != 0:
            raise engine_error("the modules can't be taken in", ended.errors)
        self._remember()

    def _init(self) -> None:
        """Read-only, a lock must hold what the root needs and nothing else, before and after a change alike.

        So the engine is given the whole, leaves out what neither modules nor state need, and what it took is held
        against what it was given.
        """
        self._begin_anew()
        env, given = self._runner.env, None if self._lock is None else with_entries(self._lock, self._lent())
        if given is not None:
            write_file(self.root / LOCK_FILE, given)
        self._runner.env = env if given is not None else {**env, **_KEEPING_THE_CACHE}
        try:
            with exclusive(Path(env["TF_PLUGIN_CACHE_DIR"])):
                ended = self._run(self._commands.init())
        finally:
            self._runner.env = env
        if ended.code != 0:
            if names_the_mark(ended.errors):
                self._read_state(self._run(self._commands.pull_state()))  # raises, and says where the state went
            raise engine_error("the initialization failed", ended.errors)
        self._require_backend()
        if given is not None:
            self._require_locked(given)
        self._remember()

    def _require_locked(self, given: str) -> None:
        """Raises Refused (guard `unlocked-provider`, `provider-build`) unless what `init` took is what was locked."""
        found = differences(given, self._text(LOCK_FILE))
        if found:
            raise other_build("\n".join(found))
        locked = locked_versions(self._lock or "").keys()
        missing = self.locked_providers().keys() - locked
        if not missing:
            return
        ended = self._run(self._commands.providers())
        if ended.code != 0:
            raise engine_error("which providers the modules use can't be found out", ended.errors)
        used = used_by_modules(ended.stdout.read_text(encoding="utf-8"))
        open_ones = sorted(missing & used) or sorted(missing - locked_versions(given).keys())
        if open_ones:
            raise unlocked(open_ones, is_used=bool(missing & used), locked=locked)

    def _begin_anew(self) -> None:
        """What is known of the folder is known again when the engine is through: a killed one leaves nothing."""
        (self.root / _FINGERPRINT).unlink(missing_ok=True)
        forget_moved_modules(self.root)

    def _remember(self) -> None:
        if self.engine.is_tofu:
            require_no_block({module.path: module.folder for module in self.modules()})
        downloads.remember(self.root, self._content())
        write_file(self.root / _FINGERPRINT, json.dumps(self._fingerprint()))

    def _content(self) -> str:
        """What a run is made of, the backend and the engine apart."""
        return _digest_of([self._text(MAIN_FILE), self._text(VALUES_FILE), self._modules])

    def _fingerprint(self) -> dict[str, str]:
        """What `init` depends on, the modules apart."""
        config, backend, taken = (self._text(name) for name in (MAIN_FILE, BACKEND_FILE, LOCK_FILE))
        main = json.loads(config)
        sources = {name: [block["source"], block.get("version")] for name, block in main.get("module", {}).items()}
        parts = [sorted(main.get("provider", {})), main.get("terraform"), backend, self._lock, taken]
        engine = f"{self.engine.executable} {self.engine.version}"
        return {"engine": engine, "root": _digest_of(parts), "modules": _digest_of([sources, self._modules])}

    def _text(self, name: str) -> str:
        path = self.root / name
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def _require_backend(self) -> None:
        """Compare the backend that init took with the rendered one: a plan acts on what init took."""
        [wanted] = json.loads((self.root / BACKEND_FILE).read_text(encoding="utf-8"))["terraform"]["backend"]
        taken = (read_json(self.root / ".terraform/terraform.tfstate") or {}).get("backend", {}).get("type")
        if taken != wanted:
            raise EngineFailed(f"the engine took the backend `{taken}` instead of `{wanted}`")

    def pull_state(self) -> tuple[StackState, frozenset[str]]:
        """The state as the backend has it, and the texts in it that are sensitive."""
        here = read_local_state(self.root, self.engine)
        if here is not None:
            return parse_state(here), sensitive_values(here)
        ended = self._run(self._commands.pull_state())
        if ended.code != 0 and wants_init(ended.errors):
            self._init()
            ended = self._run(self._commands.pull_state())
        return self._read_state(ended)

    def read_back(self) -> tuple[StackState, frozenset[str]]:
        """The same after an apply: an interrupt has to wait until it is known what was done."""
        here = read_local_state(self.root, self.engine)
        if here is not None:
            return parse_state(here), sensitive_values(here)
        return self._read_state(self._runner.run(self._commands.pull_state(), shielded=True))

    def _read_state(self, ended: Ended) -> tuple[StackState, frozenset[str]]:
        if ended.code != 0:
            raise engine_error("the state can't be read", ended.errors)
        text = ended.stdout.read_text(encoding="utf-8")
        ended.stdout.unlink()
        return parse_state(text), sensitive_values(text)

    def plan(self, *, destroy: bool = False, refresh_only: bool = False) -> SavedPlan:
        """Plan to a file in the run's folder; `refresh_only` looks for drift. Raises EngineFailed.

        Takes no state lock: a plan that is killed would leave it behind, and the engine refuses to
        apply a plan when the state moved on since.
        """
        path = self._runner.folder / PLAN_FILE
        argv = self._commands.plan(
            out=str(path), values=VALUES_FILE, destroy=destroy, refresh_only=refresh_only, lock_timeout_s=None
        )
        ended = self._run(argv)
        if ended.code not in (0, _CHANGES) and wants_init(ended.errors):
            self._init()
            ended = self._run(argv)
        if ended.code not in (0, _CHANGES):
            raise engine_error("the plan failed", ended.errors)
        require_known(ended.progress.unknown)
        return self._read_plan(path, is_empty=ended.code == 0)

    def plan_as_json(self, path: Path) -> str:
        """A saved plan in the engine's own JSON, with every value in clear. Raises EngineFailed."""
        shown = self._run(self._commands.show_plan(str(path)))
        if shown.code != 0:
            raise engine_error("the plan can't be read", shown.errors)
        text = shown.stdout.read_text(encoding="utf-8")
        shown.stdout.unlink()
        return text

    def _read_plan(self, path: Path, *, is_empty: bool, is_partial: bool = False) -> SavedPlan:
        content = path.read_bytes()
        try:
            document = read_saved_plan(content, self.engine)
        except Unfamiliar:
            document = read_plan(self.plan_as_json(path))
        digest = hashlib.sha256(content).hexdigest()
        plan = to_plan(document, is_empty=is_empty, is_partial=is_partial)
        return SavedPlan(plan, path, digest, planned_outputs(document), planned_kinds(document), secrets_of(document))

    def release_dead_lock(self, *, since: datetime, was_held: bool) -> bool:
        """As `OrphanedLock.release`."""
        return self._orphaned.release(since=since, was_held=was_held)

    def plan_invocation(self, address: str, *, number: int = 1) -> SavedPlan:
        """A plan that does nothing but run an action; `number` tells the plans of one run apart."""
        path = self._runner.folder / f"invoke-{number}-{PLAN_FILE}"
        ended = self._run(self._commands.plan_invocation(address, out=str(path), values=VALUES_FILE))
        if ended.code not in (0, _CHANGES):
            raise engine_error(f"`{address}` can't be planned", ended.errors)
        return self._read_plan(path, is_empty=ended.code == 0)

    def plan_import(self, missing: Mapping[str, str]) -> SavedPlan:
        """A plan that does nothing but take real things into the state, by address and id."""
        blocks = [{"to": address, "id": known} for address, known in sorted(missing.items())]
        return self.plan_bridged({"import": blocks}, targets=sorted(missing))

    def plan_bridged(self, blocks: Mapping[str, Any], *, targets: Sequence[str] = ()) -> SavedPlan:
        """A plan with more blocks beside the rendered root (`moved`, `import`); they stay until `forget_bridge`."""
        imported = [str(block["to"]) for block in blocks.get("import", [])]
        if self.engine.is_tofu and imported:
            folders = {module.path: module.folder for module in self.modules()}
            needed = {name: {"source": source} for name, source in import_requirements(imported, folders).items()}
            blocks = {**blocks, **({"terraform": {"required_providers": needed}} if needed else {})}
        write_file(self.root / BRIDGE_FILE, json.dumps(blocks, indent=2))
        path = self._runner.folder / PLAN_FILE
        argv = self._commands.plan(
            out=str(path), values=VALUES_FILE, destroy=False, lock_timeout_s=None, targets=targets
        )
        ended = self._run(argv)
        if ended.code not in (0, _CHANGES):
            raise engine_error("the plan with `moved` and `import` blocks failed", ended.errors)
        require_known(ended.progress.unknown)
        return self._read_plan(path, is_empty=ended.code == 0, is_partial=bool(targets))

    def forget_bridge(self) -> None:
        """Take the blocks away again: they belong to one plan."""
        (self.root / BRIDGE_FILE).unlink(missing_ok=True)

    @property
    def errored_state(self) -> Path:
        """Where the engine leaves a state that it could not save."""
        return self.root / ERRORED_STATE

    def push_errored_state(self) -> None:
        """Save what could not be saved. The engine refuses it when the backend has something newer."""
        text = self.errored_state.read_text(encoding="utf-8")
        if is_encrypted(text):
            write_file(self.errored_state, self.decrypted(text))
        try:
            self.push_state(ERRORED_STATE)
        except BaseException:
            write_file(self.errored_state, text)  # never in clear for longer than the push
            raise
        self.errored_state.unlink()

    def decrypted(self, text: str) -> str:
        """An encrypted state's text in clear, with the keys of this root. Raises EngineFailed."""
        return decrypted(self.engine, self._runner, text)

    def drop_from_state(self, gone: Mapping[str, str]) -> None:
        """Take objects out of the state that don't exist any more, by address and id; their resources may go on."""
        ended = self._run(self._commands.pull_state())
        if ended.code != 0:
            raise engine_error("the state can't be read", ended.errors)
        text = ended.stdout.read_text(encoding="utf-8")
        ended.stdout.unlink()
        write_file(self.root / _REPAIRED_STATE, without(text, gone))
        try:
            self.push_state(_REPAIRED_STATE)
        finally:
            (self.root / _REPAIRED_STATE).unlink()

    def push_state(self, name: str, *, force: bool = False) -> None:
        """Make a file of the root the state."""
        ended = self._run(self._commands.push_state(name, lock_timeout_s=self._lock_timeout_s, force=force))
        if ended.code != 0:
            raise engine_error(f"`{name}` can't be pushed as the state", ended.errors)

    def apply(self, saved: SavedPlan, *, on_tick: Callable[[Progress], None] = lambda _: None) -> Applied:
        """Apply exactly the saved plan. Never raises for the engine: something may have changed.

        Its words are held back: they may quote a secret that this very apply makes. `tell` says them.
        """
        if hashlib.sha256(saved.path.read_bytes()).hexdigest() != saved.sha256:
            raise EngineFailed("the saved plan was changed between plan and apply", hint="plan again")
        may_leave = self.engine.fails_for_what_it_leaves and bool(saved.plan.count(Action.FORGET))
        argv = self._commands.apply(str(saved.path), lock_timeout_s=self._lock_timeout_s, may_leave=may_leave)
        began = clock.now()
        ended = self._runner.run(argv, holds_words=True, on_tick=on_tick)
        saved.path.unlink(missing_ok=True)
        errors = self._orphaned.explained(ended, began) if ended.code != 0 else ()
        return Applied(ended.code, ended.signals > 0, ended.progress, errors)

    def tell(self, applied: Applied, *, is_known: bool = True) -> Applied:
        """Show what the engine said in an apply, now that all secrets are masked; the same as it may go on from here.

        Where it isn't known what the state holds (`is_known`), what was said of resources is cut to its first words.
        """
        said = {
            id(one): self._shown(one, is_known=is_known) for one in (*applied.progress.diagnostics, *applied.errors)
        }
        diagnostics = applied.progress.diagnostics
        for one in diagnostics:
            self._runner.observe(said[id(one)])
        errors = tuple(said[id(one)] for one in applied.errors)
        diagnostics[:] = [said[id(one)] for one in diagnostics]
        if not self.errored_state.exists():  # else the only copy of the state may stand in the output
            rewrite_outputs(self._runner.folder, self._runner.mask)
        return replace(applied, errors=errors)

    def _shown(self, said: Diagnostic, *, is_known: bool) -> Diagnostic:
        shown = masked(said, self._runner.mask)
        assert isinstance(shown, Diagnostic)
        return shown if is_known or not shown.address else replace(shown, detail=_WITHHELD)

    def lock_digest(self) -> str:
        """The sha256 of the provider lock file, empty when there is none and the engine needed no providers."""
        text = self._text(LOCK_FILE) if self._lock is None else self._lock
        return hashlib.sha256(text.encode()).hexdigest() if text else ""

    def locked_providers(self) -> dict[str, str]:
        """Provider address to version, from the lock file that init wrote or took."""
        return locked_versions(self._text(LOCK_FILE))

    def modules(self) -> list[InstalledModule]:
        """The modules that init put into the root, inner ones included."""
        return installed_modules(self.root)

    def _run(self, argv: Sequence[str]) -> Ended:
        """Run what changes nothing. An interrupt ends the command even when the engine was faster."""
        ended = self._runner.run(argv, shielded=self._is_shielded)
        if ended.signals and not self._is_shielded:
            raise Interrupted("interrupted")
        return ended


def _digest_of(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
