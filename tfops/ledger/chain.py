"""The ledger: `refs/tfops/envs/<env>`, a chain of commits, one event each, that only ever grows.

The tree of its head holds the environment's present. Every change is one compare-and-swap on the
head, on the remote when there is one: whoever loses reads again and decides again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import field
from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    from tfops.records.run import Intent, Trouble
    from tfops.records.version import VersionRecord

_LOCK, _INTENT, _TROUBLE = "lock.json", "intent.json", "trouble.json"
_CARD, _INVENTORY, _DRILLS = "card.json", "inventory.json", "drills.json"
_DECLINED, _HOLD, _DRIFT = "declined.json", "hold.json", "drift.json"
_WAITING = "waiting.json"

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
        found: Lock | None = self._part(_LOCK)
        return found

    @property
    def manual_lock(self) -> Lock | None:
        """The lock by hand, also while a run holds the environment on top of it; it stays when the run ends."""
        lock = self.lock
        return lock if lock is None or lock.is_manual else lock.beneath

    @property
    def intent(self) -> Intent | None:
        found: Intent | None = self._part(_INTENT)
        return found

    @property
    def trouble(self) -> Trouble | None:
        found: Trouble | None = self._part(_TROUBLE)
        return found

    @property
    def drills(self) -> Drills:
        from tfops.records.drill import Drills  # noqa: PLC0415 - as for PARTS

        found: Drills | None = self._part(_DRILLS)
        return found or Drills()

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
        found: Declined | None = self._part(_DECLINED)
        return found

    @property
    def waiting(self) -> WaitingCommit | None:
        found: WaitingCommit | None = self._part(_WAITING)
        return found

    @property
    def drift(self) -> Drift | None:
        found: Drift | None = self._part(_DRIFT)
        return found

    @property
    def hold_mark(self) -> HoldMark | None:
        found: HoldMark | None = self._part(_HOLD)
        return found

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
    found: type = getattr(import_module(f"tfops.records.{module}"), kind)
    return found


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


def _damaged(env: EnvName, why: str) -> Refused:
    return Refused(
        "damaged-ledger",
        f"the ledger of {env} can't be read",
        why=why,
        hint=f"look at it: git log {ledger_ref(env)}; git fsck; other clones may still have it whole",
    )


def read_present(repository: Repository, env: EnvName) -> LedgerState:
    """The ledger's head as this clone knows it: fetch first. Raises Refused (guard `damaged-ledger`)."""
    head = _head(repository, env)
    return LedgerState(env) if head is None else present_at(repository, env, head)


def _head(repository: Repository, env: EnvName) -> CommitSha | None:
    try:
        return repository.value_of(ledger_ref(env), beside=refs_of(env))
    except BrokenRef as error:
        raise _damaged(env, str(error)) from error


def present_at(repository: Repository, env: EnvName, head: CommitSha) -> LedgerState:
    """The environment as one event left it. Raises Refused (guard `damaged-ledger`)."""
    try:
        tree = GitTree.of_commit(repository, head)
        return LedgerState(env, head, {str(entry.path): entry.content() for entry in tree.entries("")})
    except ObjectsAway as error:
        what = f"this partial clone lacks the ledger of {env}, and the remote does not answer"
        raise Refused("remote-unreachable", what, why=error.why, hint=error.hint) from error
    except (ProjectError, ValueError, KeyError) as error:
        raise _damaged(env, str(error)) from error


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
    declined: Declined | str | None = None
    waiting: WaitingCommit | str | None = None
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
        _DECLINED: event.declined,
        _WAITING: event.waiting,
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
    head = _head(repository, env)
    if head is None:
        return []
    try:
        done = repository.git.ask("log", "--no-show-signature", "--first-parent", f"--format={_LOG_FORMAT}", head)
    except GitFailed as error:
        raise _damaged(env, error.stderr) from error
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
