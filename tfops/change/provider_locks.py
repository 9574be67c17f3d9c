"""The provider locks of what ran before, as the ledger keeps them beside the rendered roots."""

from collections.abc import Iterator, Mapping
from dataclasses import field

from tfops.change.content import Content
from tfops.change.project import Project
from tfops.change.snapshot import Snapshot
from tfops.dataclass import dataclass
from tfops.engine.lockfile import locked_versions, versions_alone
from tfops.ledger.chain import LedgerState, present_at, read_events
from tfops.records.card import Card
from tfops.records.event import EventKind
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.rendered import LOCK_FILE


@dataclass(frozen=True, slots=True)
class Locks:
    """What an environment's roots are initialized with: one lock for all, or, of roots that somebody wrote by hand,
    each its `own`."""

    shared: str | None
    own: Mapping[StackName, str | None] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        return [lock for lock in (self.shared, *self.own.values()) if lock is not None]

    @property
    def versions(self) -> dict[str, str]:
        """Provider address to version, where all that have it agree on one."""
        found: dict[str, set[str]] = {}
        for address, version in (pair for text in self.texts for pair in locked_versions(text).items()):
            found.setdefault(address, set()).add(version)
        return {address: versions.pop() for address, versions in found.items() if len(versions) == 1}


def locks_beside(present: LedgerState, content: Content) -> Locks:
    """Those that an event of the ledger has; of a root of somebody's own without one, the committed one."""
    if not content.environment.own_roots:
        return Locks(lock_beside(present))
    stacks = content.environment.stacks
    return Locks(None, {stack: own_lock_beside(present, stack) or content.lock_of(stack) for stack in stacks})


def locks_of_version(project: Project, env: EnvName, card: Card, content: Content) -> Locks:
    """Those of a version, as the ledger had them when the version was recorded."""
    present = _present_of(project, env, card)
    return locks_beside(present, content) if present else Locks(None)


def lock_beside(present: LedgerState, stack: StackName | None = None) -> str | None:
    """The lock that an event of the ledger has: a stack's own, else one of the others'; they share one, as a rule."""
    kept = sorted(path for path in present.files if path.startswith("root/") and path.endswith(f"/{LOCK_FILE}"))
    own = f"root/{LOCK_FILE}" if stack == MAIN_STACK else f"root/{stack}/{LOCK_FILE}"
    first = [path for path in (own, *kept) if path in present.files][:1]
    return present.files[first[0]].decode("utf-8", "surrogateescape") if first else None


def own_lock_beside(present: LedgerState, stack: StackName) -> str | None:
    """A stack's own alone: roots that somebody wrote by hand don't share one."""
    kept = present.files.get(f"root/{LOCK_FILE}" if stack == MAIN_STACK else f"root/{stack}/{LOCK_FILE}")
    return kept.decode("utf-8", "surrogateescape") if kept else None


def lock_of_version(project: Project, env: EnvName, card: Card) -> str | None:
    """The lock of a version, as the ledger had it when the version was recorded."""
    present = _present_of(project, env, card)
    return lock_beside(present) if present else None


def _present_of(project: Project, env: EnvName, card: Card) -> LedgerState | None:
    events = read_events(project.repository, env)
    recorded = (event.sha for event in events if event.run_id == card.run_id and event.kind == EventKind.RECORDED)
    sha = next(recorded, None)
    return present_at(project.repository, env, sha) if sha else None


def locks_of_what_ran(facts: Snapshot, stack: StackName) -> list[str]:
    """Newest first: what a run left that stopped, or is under way, and what the latest version ran with.

    A version that ran without a committed lock has no more than the providers' versions.
    """
    return [lock for lock in _locks(facts, stack) if lock]


def _locks(facts: Snapshot, stack: StackName) -> Iterator[str | None]:
    present, card = facts.present, facts.current_card
    yield lock_beside(present, stack)
    if card is None:
        return
    if present.trouble or present.intent:
        yield lock_of_version(facts.project, facts.env, card)
    part = card.stacks.get(stack)
    if part is not None and part.lock_committed is False:
        yield versions_alone(part.providers)
