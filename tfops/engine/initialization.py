"""A root is initialized for what it is made of, and again when engine, modules, providers or backend change."""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

from tfops.dataclass import dataclass
from tfops.engine import downloads
from tfops.engine.commands import CommandLine
from tfops.engine.encryption import require_no_block
from tfops.engine.environment import WORKSPACE
from tfops.engine.failures import engine_error, other_build, unlocked
from tfops.engine.locate import Engine
from tfops.engine.lockfile import differences, locked_versions, used_by_modules, with_entries
from tfops.engine.modules import forget_moved_modules, installed_modules
from tfops.engine.moved_mark import names_the_mark
from tfops.engine.runner import Ended, Runner
from tfops.errors import EngineFailed
from tfops.records.rendered import LOCK_FILE, MAIN_FILE, VALUES_FILE, RootLayout
from tfops.system.workspace import exclusive, read_json, write_file

_FINGERPRINT = ".terraform/tfops-init.json"
# Without an entry in a lock, Terraform and OpenTofu install a provider into the cache again, over the one that is
# there and that another engine may be starting at that moment. The root's own lock may then have this platform's hash
# only: the committed one is made by `tfops providers lock`.
# https://developer.hashicorp.com/terraform/cli/config/config-file#allowing-the-provider-plugin-cache-to-break-the-dependency-lock-file
_KEEPING_THE_CACHE = {"TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}


class Run(Protocol):
    """Runs what changes nothing."""

    def __call__(
        self, argv: Sequence[str], *, within: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> Ended: ...


@dataclass(frozen=True, slots=True)
class Initialization:
    """`layout` says what lies in the root, and by which names; `lock` the committed provider lock; without one `init`
    is free. `lent` gives the locks of what ran before: the state may need a provider that the modules no longer use.

    `run` runs what changes nothing, with tries of which each is `within` a context; `read_state` raises where the state
    went elsewhere, and says so.
    """

    engine: Engine
    runner: Runner
    commands: CommandLine
    run: Run
    read_state: Callable[[], object]
    lock: str | None
    lent: Callable[[], Sequence[str]]
    layout: RootLayout

    def prepare(self) -> None:
        """Initialize the folder, unless it was, for the same engine, modules, providers and backend.

        Where only modules changed, taking the modules in is enough: it asks neither backend nor registry for
        providers. A module that wants another provider makes the plan say so, and then it is initialized.
        """
        is_fetched_again = downloads.take_back(self.runner.root, self._content())
        known, wanted = read_json(self.runner.root / _FINGERPRINT) or {}, self._fingerprint()
        if wanted == known and not is_fetched_again:
            downloads.remember(self.runner.root, self._content())
            return
        if {**wanted, "modules": ""} == {**known, "modules": ""}:
            self._get()
        else:
            self.init()

    def _get(self) -> None:
        self._begin_anew()
        ended = self.run(self.commands.get())
        if ended.code != 0:
            raise engine_error("the modules can't be taken in", ended.errors)
        self._remember()

    def init(self) -> None:
        """Initialize the root.

        Read-only, a lock must hold what the root needs and nothing else, before and after a change alike.
        So the engine is given the whole, leaves out what neither modules nor state need, and what it took is held
        against what it was given.
        """
        self._begin_anew()
        env, given = self.runner.env, None if self.lock is None else with_entries(self.lock, self.lent())
        if given is not None:
            write_file(self.runner.root / LOCK_FILE, given)
        self.runner.env = env if given is not None else {**env, **_KEEPING_THE_CACHE}
        try:
            cache = Path(env["TF_PLUGIN_CACHE_DIR"])
            ended = self.run(self.commands.init(), within=lambda: exclusive(cache))
        finally:
            self.runner.env = env
        if ended.code != 0:
            if names_the_mark(ended.errors):
                self.read_state()  # raises, and says where the state went
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
        locked = locked_versions(self.lock or "").keys()
        missing = self.locked_providers().keys() - locked
        if not missing:
            return
        ended = self.run(self.commands.providers())
        if ended.code != 0:
            raise engine_error("which providers the modules use can't be found out", ended.errors)
        used = used_by_modules(ended.stdout.read_text(encoding="utf-8"))
        open_ones = sorted(missing & used) or sorted(missing - locked_versions(given).keys())
        if open_ones:
            raise unlocked(open_ones, is_used=bool(missing & used), locked=locked)

    def _begin_anew(self) -> None:
        """What is known of the folder is known again when the engine is through: a killed one leaves nothing."""
        (self.runner.root / _FINGERPRINT).unlink(missing_ok=True)
        forget_moved_modules(self.runner.root)

    def _remember(self) -> None:
        if self.engine.is_tofu:
            require_no_block({module.path: module.folder for module in installed_modules(self.runner.root)})
        downloads.remember(self.runner.root, self._content())
        write_file(self.runner.root / _FINGERPRINT, json.dumps(self._fingerprint()))

    def _content(self) -> str:
        """What a run is made of, the backend and the engine apart."""
        if self.layout.is_own:
            return _digest_of([self.layout.code, *map(self._text, self.layout.values)])
        return _digest_of([self._text(MAIN_FILE), self._text(VALUES_FILE), self.layout.code])

    def _fingerprint(self) -> dict[str, str]:
        """What `init` depends on, the modules apart."""
        backend, taken = self._text(self.layout.backend), self._text(LOCK_FILE)
        engine = f"{self.engine.executable} {self.engine.version}"
        if self.layout.is_own:  # which providers it wants, only the engine can say: any other code is initialized
            whole = [self.layout.code, backend, self.runner.env.get(WORKSPACE, ""), self.lock, taken]
            return {"engine": engine, "root": _digest_of(whole), "modules": self.layout.code}
        main = json.loads(self._text(MAIN_FILE))
        sources = {name: [block["source"], block.get("version")] for name, block in main.get("module", {}).items()}
        parts = [sorted(main.get("provider", {})), main.get("terraform"), backend, self.lock, taken]
        return {"engine": engine, "root": _digest_of(parts), "modules": _digest_of([sources, self.layout.code])}

    def _text(self, name: str) -> str:
        path = self.runner.root / name
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def _require_backend(self) -> None:
        """Compare the backend that init took with the rendered one: a plan acts on what init took."""
        [wanted] = json.loads((self.runner.root / self.layout.backend).read_text(encoding="utf-8"))["terraform"][
            "backend"
        ]
        taken = (read_json(self.runner.root / ".terraform/terraform.tfstate") or {}).get("backend", {}).get("type")
        if taken != wanted:
            raise EngineFailed(f"the engine took the backend `{taken}` instead of `{wanted}`")

    def lock_digest(self) -> str:
        """The sha256 of the provider lock file, empty when there is none and the engine needed no providers."""
        text = self._text(LOCK_FILE) if self.lock is None else self.lock
        return hashlib.sha256(text.encode()).hexdigest() if text else ""

    def locked_providers(self) -> dict[str, str]:
        """Provider address to version, from the lock file that init wrote or took."""
        return locked_versions(self._text(LOCK_FILE))


def _digest_of(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
