"""The ledger: `refs/tfops/envs/<env>`, a chain of commits, one event each, that only ever grows.

The tree of its head holds the environment's present. Every change is one compare-and-swap on the
head, on the remote when there is one: whoever loses reads again and decides again.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import field
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from tfops.dataclass import dataclass
from tfops.errors import ProjectError, Refused
from tfops.ledger.trailers import trailers_of
from tfops.records.event import LedgerEvent
from tfops.records.names import CommitSha, EnvName
from tfops.system import clock
from tfops.system.git import BrokenRef, GitFailed, ObjectsAway
from tfops.system.remote import LEDGERS, Update, refs_of
from tfops.system.repository import Repository
from tfops.system.trees import GitTree

if TYPE_CHECKING:
    from tfops.records.blocked import Declined, WaitingCommit
    from tfops.records.drift import Drift
    from tfops.records.drill import Drills
    from tfops.records.event import EventKind
    from tfops.records.hold import HoldMark
    from tfops.records.lock import Lock
    from tfops.records.promotion import Promotions
    from tfops.records.review import AgreedPlans
    from tfops.records.run import Intent, Trouble
    from tfops.records.version import VersionRecord

_LOCK, _INTENT, _TROUBLE = "lock.json", "intent.json", "trouble.json"
_CARD, _INVENTORY, _DRILLS = "card.json", "inventory.json", "drills.json"
_DECLINED, _HOLD, _DRIFT = "declined.json", "hold.json", "drift.json"
_WAITING, _AGREED, _PROMOTED = "waiting.json", "agreed.json", "promoted.json"

# Each part's type, as `module:name` in `tfops.records`. A ledger has few parts at a time, most have none: a type is
# imported when a part of it is read.
PARTS: Mapping[str, str] = {
    _LOCK: "lock:Lock",
    _INTENT: "run:Intent",
    _TROUBLE: "run:Trouble",
    _DRILLS: "drill:Drills",
    _DECLINED: "blocked:Declined",
    _HOLD: "hold:HoldMark",
    _DRIFT: "drift:Drift",
    _WAITING: "blocked:WaitingCommit",
    _AGREED: "review:AgreedPlans",
    _PROMOTED: "promotion:Promotions",
}


@dataclass(frozen=True, slots=True)
class LedgerState:
    """The environment as the ledger's head has it; `head` is empty before the first event."""

    env: EnvName
    head: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    _known: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def _part(self, name: str) -> Any:
        """Read when it is first asked for, and once; None where the ledger has none."""
        content = self.files.get(name)
        if content is None or name in self._known:
            return self._known.get(name)
        try:
            found = self._known[name] = _read_part(name, content)
        except ValueError as error:
            raise _damaged_part(self.env, name, str(error)) from error
        return found

    def require_readable(self) -> None:
        """Raises Refused (guard `damaged-ledger`) for a part that can't be read, whoever needs it next."""
        for name in PARTS:
            self._part(name)
        _ = self.card

    @property
    def lock(self) -> Lock | None:
        return cast("Lock | None", self._part(_LOCK))

    @property
    def manual_lock(self) -> Lock | None:
        """The lock by hand, also while a run holds the environment on top of it; it stays when the run ends."""
        lock = self.lock
        return lock if lock is None or lock.is_manual else lock.beneath

    @property
    def intent(self) -> Intent | None:
        return cast("Intent | None", self._part(_INTENT))

    @property
    def trouble(self) -> Trouble | None:
        return cast("Trouble | None", self._part(_TROUBLE))

    @property
    def drills(self) -> Drills:
        from tfops.records.drill import Drills  # noqa: PLC0415 - as for PARTS

        return cast("Drills | None", self._part(_DRILLS)) or Drills()

    @property
    def promotions(self) -> Promotions:
        from tfops.records.promotion import Promotions  # noqa: PLC0415 - as for PARTS

        return cast("Promotions | None", self._part(_PROMOTED)) or Promotions()

    @property
    def card(self) -> Mapping[str, Any]:
        """The latest version's card as plain data, empty before the first: for a few fields of many environments."""
        content = self.files.get(_CARD)
        if content is None:
            return {}
        try:
            card: Any = json.loads(content)
        except ValueError as error:
            raise _damaged_part(self.env, _CARD, str(error)) from error
        if not isinstance(card, dict):
            raise _damaged_part(self.env, _CARD, "it is no JSON object")
        return card

    @property
    def declined(self) -> Declined | None:
        return cast("Declined | None", self._part(_DECLINED))

    @property
    def waiting(self) -> WaitingCommit | None:
        return cast("WaitingCommit | None", self._part(_WAITING))

    @property
    def has_agreed_plans(self) -> bool:
        return _AGREED in self.files

    @property
    def agreed_plans(self) -> AgreedPlans:
        from tfops.records.review import AgreedPlans  # noqa: PLC0415 - as for PARTS

        return cast("AgreedPlans | None", self._part(_AGREED)) or AgreedPlans()

    @property
    def drift(self) -> Drift | None:
        return cast("Drift | None", self._part(_DRIFT))

    @property
    def hold_mark(self) -> HoldMark | None:
        return cast("HoldMark | None", self._part(_HOLD))

    def drifted_from(self, latest: VersionRecord | None) -> tuple[str, ...]:
        """The addresses that were last seen to differ from the latest version."""
        drift = self.drift
        is_current = latest is not None and drift is not None and drift.version == latest.version.number
        return drift.addresses if drift and is_current else ()

    def hold_on(self, latest: VersionRecord | None) -> str:
        """Why the environment must stay at its latest version, empty when it needn't: the mark wins over the card."""
        mark = self.hold_mark
        if latest is None or mark is None or mark.version != latest.version.number:
            return latest.hold if latest else ""
        return "" if mark.is_lifted else mark.reason


def type_of_part(name: str) -> type:
    """By its file's name in PARTS."""
    module, _, kind = PARTS[name].partition(":")
    return cast("type", getattr(import_module(f"tfops.records.{module}"), kind))


def _read_part(name: str, content: bytes) -> object:
    """Raises ValueError as `decode`."""
    from tfops.ledger.codec import decode  # noqa: PLC0415 - as for PARTS

    return decode(type_of_part(name), content)


def ledger_ref(env: EnvName) -> str:
    return f"{LEDGERS}/{env}"


def _damaged_part(env: EnvName, name: str, why: str) -> Refused:
    return Refused(
        "damaged-ledger",
        f"`{name}` in the ledger of {env} can't be read",
        why=why.splitlines()[0],
        hint=f"look at it: git show refs/tfops/envs/{env}:{name}   (or upgrade tfops)",
    )


def damaged_ledger(env: EnvName, why: str) -> Refused:
    return Refused(
        "damaged-ledger",
        f"the ledger of {env} can't be read",
        why=why,
        hint=f"look at it: git log {ledger_ref(env)}; git fsck; other clones may still have it whole",
    )


def read_present(repository: Repository, env: EnvName) -> LedgerState:
    """The ledger's head as this clone knows it: fetch first. Raises Refused (guard `damaged-ledger`)."""
    head = ledger_head(repository, env)
    return LedgerState(env) if head is None else present_at(repository, env, head)


def ledger_head(repository: Repository, env: EnvName) -> CommitSha | None:
    try:
        return repository.value_of(ledger_ref(env), beside=refs_of(env))
    except BrokenRef as error:
        raise damaged_ledger(env, str(error)) from error


def present_at(repository: Repository, env: EnvName, head: CommitSha) -> LedgerState:
    """The environment as one event left it, whole. Raises Refused (guard `damaged-ledger`)."""
    files = _Files(repository, env, head)
    return LedgerState(env, head, dict(files))


class Ledgers:
    """The present of many environments, for who looks: each is read once, and of its files those that are asked for.

    One that is damaged where nobody looks is none: `verify` looks everywhere, and whoever changes an environment
    reads its ledger whole.
    """

    def __init__(self, repository: Repository, heads: Mapping[str, CommitSha]) -> None:
        self._repository = repository
        self._heads = heads
        self._known: dict[EnvName, LedgerState] = {}

    def __contains__(self, env: EnvName) -> bool:
        return env in self._heads

    def of(self, env: EnvName) -> LedgerState:
        """Raises Refused as `present_at`."""
        if env not in self._known:
            head = self._heads.get(env)
            found = LedgerState(env, head, _Files(self._repository, env, head)) if head else LedgerState(env)
            found.require_readable()
            self._known[env] = found
        return self._known[env]


class _Files(Mapping[str, bytes]):
    """The files of a ledger's commit by path; a file's bytes are read when it is asked for."""

    def __init__(self, repository: Repository, env: EnvName, head: CommitSha) -> None:
        self._env = env
        self._read: dict[str, bytes] = {}
        with _damage_told(env):
            self._tree = GitTree.of_commit(repository, head)
            self._top = self._tree.items("")

    def __getitem__(self, path: str) -> bytes:
        if path not in self._read:
            folder, _, name = path.rpartition("/")
            with _damage_told(self._env):
                item = (self._tree.items(folder) if folder else self._top).get(name)
                found = self._tree.content(item) if item and not item.is_folder else None
            if found is None:
                raise KeyError(path)
            self._read[path] = found
        return self._read[path]

    def __iter__(self) -> Iterator[str]:
        with _damage_told(self._env):
            paths = [str(entry.path) for entry in self._tree.entries("")]
        return iter(paths)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@contextlib.contextmanager
def _damage_told(env: EnvName) -> Iterator[None]:
    """Raises Refused (guard `damaged-ledger`; `remote-unreachable` where a partial clone lacks it)."""
    try:
        yield
    except ObjectsAway as error:
        what = f"this partial clone lacks the ledger of {env}, and the remote does not answer"
        raise Refused("remote-unreachable", what, why=error.why, hint=error.hint) from error
    except (ProjectError, ValueError, KeyError) as error:
        raise damaged_ledger(env, str(error)) from error


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be appended; a part that is None stays as it is, an empty string removes it.

    `begins_anew`: a person says that a ledger is to be begun although there are versions already.
    """

    kind: EventKind
    text: str
    run_id: str = ""
    lock: Lock | str | None = None
    intent: Intent | str | None = None
    trouble: Trouble | str | None = None
    drills: Drills | None = None
    promotions: Promotions | None = None
    declined: Declined | str | None = None
    waiting: WaitingCommit | str | None = None
    agreed_plans: AgreedPlans | str | None = None
    hold: HoldMark | None = None
    drift: Drift | str | None = None
    card: str | None = None
    inventory: Mapping[str, str] | None = None
    root: Mapping[str, str] | None = None
    begins_anew: bool = False


def prepare(repository: Repository, present: LedgerState, event: NewEvent) -> Update:
    """Store the event's commit on top of `present` and return the swap that makes it the head.

    Raises Refused: `missing-ledger` as `require_ledger`, `signing-failed` as `store_commit`.
    """
    # Who only reads the ledger stores nothing.
    from tfops.ledger.origin import require_ledger  # noqa: PLC0415
    from tfops.system.objects import store_commit, store_tree  # noqa: PLC0415

    if not event.begins_anew:
        require_ledger(repository, present.env, present.head)
    files = dict(_files(present, event))
    message = _message(repository, event)
    parent = CommitSha(present.head) if present.head else None
    sha = store_commit(repository, store_tree(repository, files), parent=parent, message=message)
    return Update(ledger_ref(present.env), sha, present.head)


def _files(present: LedgerState, event: NewEvent) -> Iterator[tuple[str, bytes]]:
    from tfops.ledger.codec import encode  # noqa: PLC0415 - as in `prepare`

    changed: dict[str, object] = {
        _LOCK: event.lock,
        _INTENT: event.intent,
        _TROUBLE: event.trouble,
        _DRILLS: event.drills,
        _PROMOTED: event.promotions,
        _DECLINED: event.declined,
        _WAITING: event.waiting,
        _AGREED: event.agreed_plans,
        _HOLD: event.hold,
        _DRIFT: event.drift,
        _CARD: event.card,
        _INVENTORY: json.dumps(event.inventory, indent=2, sort_keys=True) if event.inventory is not None else None,
    }
    for path, content in present.files.items():
        is_old_root = event.root is not None and path.startswith("root/")
        if changed.get(path) is None and not is_old_root:
            yield path, content
    for path, part in changed.items():
        if part:
            yield path, (part if isinstance(part, str) else encode(part)).encode()
    for name, text in (event.root or {}).items():
        yield f"root/{name}", text.encode("utf-8", "surrogateescape")


def _message(repository: Repository, event: NewEvent) -> str:
    person = repository.person
    trailers = {
        "Tfops-Event": event.kind.value,
        "Tfops-Run": event.run_id,
        "Tfops-By": person.name,
        "Tfops-At": clock.now().isoformat(),
        "Tfops-Nonce": secrets.token_hex(8),  # the same object pushed twice would win twice
    }
    lines = [f"{name}: {' '.join(value.split())}" for name, value in trailers.items() if value]
    return f"{' '.join(event.text.split())}\n\n" + "\n".join(lines) + "\n"


_LOG_FORMAT = "%H%x00%B%x00%x00"


def read_events(repository: Repository, env: EnvName) -> list[LedgerEvent]:
    """Every event of the chain, newest first, by one Git process. Raises Refused (guard `damaged-ledger`)."""
    head = ledger_head(repository, env)
    if head is None:
        return []
    try:
        done = repository.git.ask("log", "--no-show-signature", "--first-parent", f"--format={_LOG_FORMAT}", head)
    except GitFailed as error:
        raise damaged_ledger(env, error.stderr) from error
    rows = (row.partition("\0") for row in done.text.split("\0\0\n"))
    return [event for sha, _, message in rows if (event := _event(sha, message)) is not None]


def _event(sha: str, message: str) -> LedgerEvent | None:
    facts = trailers_of(message)
    try:
        at = clock.parse_time(facts["At"])
    except (KeyError, ValueError):
        return None
    title = " ".join(message.partition("\n\n")[0].split("\n"))
    return LedgerEvent(CommitSha(sha), facts.get("Event", "?"), title, facts.get("By", "?"), at, facts.get("Run", ""))
