"""A version is recorded: tag and ledger in one atomic swap, under the lease of the run that made it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tfops.errors import NotRecorded
from tfops.ledger.chain import LedgerState, NewEvent, ledger_ref, prepare, read_present
from tfops.ledger.codec import encode
from tfops.ledger.origin import require_ledger
from tfops.ledger.versions import versions_of, write_trial_tag, write_version_tag
from tfops.records.card import Card
from tfops.records.event import EventKind
from tfops.records.names import CommitSha, EnvName
from tfops.records.version import Kind, Version, tag_name
from tfops.system import failpoint
from tfops.system.remote import Refs, RemoteRefused, RemoteUnreachable, Swap, Update
from tfops.system.repository import Repository

if TYPE_CHECKING:
    from tfops.records.hold import HoldMark
    from tfops.records.review import AgreedPlans


class LostRaceError(Exception):
    """Someone else's event came first: everything must be read and decided again."""


class FencedError(NotRecorded):
    """The lock was broken under this run: it may never record what it did, now or later."""


# Numbers are claimed one by one: whoever loses this often isn't racing, something is wrong.
_MOST_TRIES = 50


def rehearse_record(repository: Repository, refs: Refs, commit: CommitSha, *wanted: tuple[LedgerState, int]) -> None:
    """Try whether lock, intent and version `number` could be written now on top of each present: signed, named, and
    taken by the remote. Leaves objects that nothing points to.

    Raises:
        Refused: this Git can't sign (`signing-failed`), a name is in the way (`name-taken`), a ledger is missing.
        RemoteUnreachable: the remote doesn't answer, or says no.
        LostRaceError: a ledger, or a number, is someone else's by now.
    """
    rehearsing_record(repository, refs, commit, *wanted)()


def rehearsing_record(
    repository: Repository, refs: Refs, commit: CommitSha, *wanted: tuple[LedgerState, int]
) -> Callable[[], None]:
    """`rehearse_record` in two, as `Refs.rehearsing`: both raise what it raises."""
    event = NewEvent(EventKind.BEGUN, "a rehearsal of the push that locks an environment")
    updates: list[Update] = []
    for present, number in wanted:
        name = tag_name(present.env, Version(number))
        if updates:  # the host judges names, and one object of each kind is signed
            require_ledger(repository, present.env, present.head)
            tag, entry = updates[0].new, Update(ledger_ref(present.env), updates[1].new, present.head)
        else:
            tag, entry = write_trial_tag(repository, name, commit), prepare(repository, present, event)
        updates += [Update(f"refs/tags/{name}", tag), entry]
    asked = refs.rehearsing(*updates)

    def ask() -> None:
        if asked() is Swap.LOST:
            raise LostRaceError

    return ask


def record_version(
    repository: Repository,
    refs: Refs,
    card: Card,
    headline: str,
    *,
    base: str | None,
    root: Mapping[str, str] | None = None,
) -> Card:
    """Write the card as the environment's next version and return it with its number.

    The number is claimed by creating the tag where nobody may have it yet; whoever loses takes the
    next. A run that took the lock (`base` is None) records only while the ledger still says so. One
    that had nothing to change, and so took no lock, records only on the ledger's head that it planned
    under: `base`, empty before the first event.

    Raises:
        NotRecorded: the remote can't be reached, or refuses.
        FencedError: the lock was broken under this run.
        LostRaceError: the ledger is not at `base` any more; everything must be read again.
    """
    env = EnvName(card.environment)
    number = max(card.version, versions_of(repository, env).highest + 1)
    for _ in range(_MOST_TRIES):
        present = read_present(repository, env)
        _require_right(present, card, base=base)
        numbered = replace(card, version=number)
        try:
            tag = write_version_tag(repository, numbered, headline)
            event = prepare(repository, present, _recorded(present, numbered, headline, root))
            failpoint.reach("version-stored")
            if refs.swap(tag, event) is Swap.WON:
                return numbered
            refs.fetch()
        except RemoteUnreachable as error:
            raise not_recorded(card, error) from error
        number = max(card.version, versions_of(repository, env).highest + 1)
    raise not_recorded(card, RemoteUnreachable(f"lost the race for a number {_MOST_TRIES} times"))


def _require_right(present: LedgerState, card: Card, *, base: str | None) -> None:
    if base is not None and present.head != base:
        raise LostRaceError
    lock = present.lock
    if base is not None or (lock is not None and lock.run_id == card.run_id):
        return
    holder = f"{lock.who} on {lock.host} holds it now ({lock.what})" if lock else "nobody holds it now"
    raise FencedError(
        f"{present.env} was changed, but its lock was broken meanwhile: this run may not record a version",
        why=holder,
        state="The infrastructure may not be what any version says.",
        hint=f"look at both: tfops log {present.env}; then apply once more: tfops apply {present.env}",
    )


def _recorded(present: LedgerState, card: Card, headline: str, root: Mapping[str, str] | None) -> NewEvent:
    origin = f" of {card.promoted_from}" if card.promoted_from else ""
    releases = present.lock is not None and present.lock.run_id == card.run_id
    return NewEvent(
        kind=EventKind.RECORDED,
        text=f"{card.environment} v{card.version}: {card.kind}{origin}, {headline}",
        run_id=card.run_id,
        lock=(present.manual_lock or "") if releases else None,
        intent="" if releases else None,
        trouble="",
        declined="",
        waiting="",
        agreed_plans=_left_to_apply(present, card.plan.digest),
        hold=_moved_along(present, card),
        drift="",
        card=encode(card),
        inventory=card.inventory,
        root=root,
    )


def _moved_along(present: LedgerState, card: Card) -> "HoldMark | None":
    """A hold by hand, or its end: surgery on a state doesn't change what an environment is to stay at."""
    mark = present.hold_mark
    if card.kind is not Kind.SURGERY or mark is None or mark.version != card.from_version:
        return None
    return replace(mark, version=card.version)


def _left_to_apply(present: LedgerState, digest: str) -> "AgreedPlans | str | None":
    if not present.has_agreed_plans:
        return None
    left = present.agreed_plans.without(digest)
    return left if left.plans else ""


def not_recorded(card: Card, error: RemoteUnreachable) -> NotRecorded:
    """The card is kept by the caller: nothing is lost, and `recover` records it."""
    what, hint = (
        f"{card.environment} was changed, but its version could not be recorded",
        "when the remote answers again",
    )
    if isinstance(error, RemoteRefused):
        what, hint = f"{what}: the remote refuses the push ({error.answer.why.text})", f"{error.answer.why.hint}; then"
    return NotRecorded(
        what,
        why=str(error),
        state="The infrastructure is as planned; the card is kept here.",
        hint=f"{hint}: tfops recover {card.environment}",
    )
