"""What Git says of an environment, read once: nobody below asks again."""

from dataclasses import replace

from tfops.change.environment import Place
from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.ledger.chain import LedgerState, NewEvent, prepare, present_at, read_present
from tfops.ledger.record import LostRaceError
from tfops.ledger.versions import Listing, read_card, require_known, versions_of
from tfops.records.card import Card
from tfops.records.commit import Person
from tfops.records.names import CommitSha, EnvName
from tfops.records.version import VersionRecord
from tfops.system.remote import Refs, Swap, Update


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Read under the machine's lock. A swap, or a fetch, gives the next one.

    `listing` and `card` (the latest version's) are as they were found, with what is wrong with them: `versions` and
    `current_card` are for who can't go on with a wrong one.
    """

    project: Project
    place: Place
    refs: Refs
    person: Person
    head: CommitSha
    present: LedgerState
    listing: Listing
    card: Card | Refused | None

    @property
    def env(self) -> EnvName:
        return self.place.env

    @property
    def versions(self) -> Listing:
        """The versions. Raises Refused where it can't be told which one runs."""
        require_known(self.env, self.listing)
        return self.listing

    @property
    def latest(self) -> VersionRecord | None:
        """The version that runs; None before the first. Raises as `versions`."""
        return self.versions.latest

    @property
    def current_card(self) -> Card | None:
        """The card of the version that runs; None before the first. Raises Refused where it can't be read."""
        if isinstance(self.card, Refused):
            raise self.card
        return self.card

    def rehearsing(self, env: str) -> "Snapshot":
        """The same with the content of another environment, as a card or an intent names it."""
        return replace(self, place=self.place.rehearsing(env))

    def again(self) -> "Snapshot":
        """What this clone knows now."""
        return _read(self.project, self.place, self.refs)

    def fetched(self) -> "Snapshot":
        """What the remote says now. Raises as `Project.fetch_for_change`."""
        self.project.fetch(self.refs)
        return self.again()

    def prepared(self, event: NewEvent) -> Update:
        """The swap that puts one more event on top of the ledger. Raises as `prepare`."""
        return prepare(self.project.repository, self.present, event)

    def swapped(self, update: Update) -> "Snapshot":
        """With what was prepared, by compare-and-swap.

        Raises LostRaceError when the ledger isn't what it was, RemoteUnreachable when the remote can't say.
        """
        if self.refs.swap(update) is Swap.LOST:
            raise LostRaceError
        return replace(self, present=present_at(self.project.repository, self.env, CommitSha(update.new)))

    def appended(self, event: NewEvent) -> "Snapshot":
        """Both: with one more event in the ledger."""
        return self.swapped(self.prepared(event))

    def fetched_for_reading(self, ui: Ui) -> "Snapshot":
        """What the remote says now, or where it doesn't answer, what this clone knows."""
        self.project.fetch_for_reading(self.place.rules, ui)
        return self.again()


def read_snapshot(project: Project, place: Place, *, offline: bool = False) -> Snapshot:
    """What this clone knows: fetch first. Raises Refused (guard `damaged-ledger`)."""
    return _read(project, place, project.refs(place.rules, offline=offline))


def _read(project: Project, place: Place, refs: Refs) -> Snapshot:
    repository = project.repository
    present = read_present(repository, place.env)
    listing = versions_of(repository, place.env)
    return Snapshot(
        project=project,
        place=place,
        refs=refs,
        person=repository.person,
        head=repository.head,
        present=present,
        listing=listing,
        card=_card(project, listing),
    )


def _card(project: Project, listing: Listing) -> Card | Refused | None:
    try:
        return read_card(project.repository, listing.latest) if listing.latest else None
    except Refused as error:
        return error
