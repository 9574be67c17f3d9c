"""The provider locks of what ran before, as the ledger keeps them beside the rendered roots."""

from collections.abc import Iterator

from tfops.change.project import Project
from tfops.change.snapshot import Snapshot
from tfops.engine.lockfile import versions_alone
from tfops.ledger.chain import LedgerState, present_at, read_events
from tfops.records.card import Card
from tfops.records.event import EventKind
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.rendered import LOCK_FILE


def lock_beside(present: LedgerState, stack: StackName | None = None) -> str | None:
    """The lock that an event of the ledger has: a stack's own, else one of the others'; they share one, as a rule."""
    kept = sorted(path for path in present.files if path.startswith("root/") and path.endswith(f"/{LOCK_FILE}"))
    own = f"root/{LOCK_FILE}" if stack == MAIN_STACK else f"root/{stack}/{LOCK_FILE}"
    first = [path for path in (own, *kept) if path in present.files][:1]
    return present.files[first[0]].decode("utf-8", "surrogateescape") if first else None


def lock_of_version(project: Project, env: EnvName, card: Card) -> str | None:
    """The lock of a version, as the ledger had it when the version was recorded."""
    events = read_events(project.repository, env)
    recorded = (event.sha for event in events if event.run_id == card.run_id and event.kind == EventKind.RECORDED)
    sha = next(recorded, None)
    return lock_beside(present_at(project.repository, env, sha)) if sha else None


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
