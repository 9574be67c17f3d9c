"""The versions of a project: listed from tags and ledgers in two questions, recorded by compare-and-swap.

A version is its annotated tag. Where the tag of the latest one is gone or can't be read, its card is in the ledger
still: what runs is known from there, and its number is never given away again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.ledger.trailers import has_trailers, split_signed, trailers_of
from tfops.records.names import CommitSha, EnvName
from tfops.records.version import Kind, Verified, Version, VersionRecord, tag_name
from tfops.system import clock
from tfops.system.batch import Found, read_named, read_objects
from tfops.system.git import require_sha
from tfops.system.remote import LEDGERS, NO_REF, Update, refs_of
from tfops.system.repository import Repository

if TYPE_CHECKING:
    from tfops.records.card import Card


_TAGS = "refs/tags/tfops"
_TAG = re.compile(rf"{_TAGS}/(?P<env>[^/]+)/v(?P<number>[1-9][0-9]{{0,8}})")
_CARD = "card.json"


@dataclass(frozen=True, slots=True)
class Listing:
    """The versions of an environment, oldest first, and what is wrong with them.

    `foreign` are tags in their place that tfops didn't make, `unread` those that it made and can't read,
    `untagged` is the latest version's where only the ledger has it. `damage` says why the ledger's card can't be
    read.
    """

    versions: tuple[VersionRecord, ...] = ()
    foreign: tuple[str, ...] = ()
    highest: int = 0
    unread: tuple[str, ...] = ()
    untagged: tuple[str, ...] = ()
    damage: str = ""

    @property
    def latest(self) -> VersionRecord | None:
        return self.versions[-1] if self.versions else None

    @property
    def tagged(self) -> tuple[VersionRecord, ...]:
        """The versions that have a tag."""
        return tuple(record for record in self.versions if record.tag not in self.untagged)

    @property
    def trouble(self) -> str:
        """Why this clone can't say which version runs, empty when it can."""
        if self.damage:
            return self.damage
        newest = self.latest.version.number if self.latest else 0
        newer = [tag for tag in self.unread if number_in(tag) > newest]
        return f"the tag `{newer[-1]}` can't be read" if newer else ""


def number_in(tag: str) -> int:
    """Of a version's tag, or of the ref of one."""
    return int(tag.rpartition("/v")[2])


def require_known(env: EnvName, listing: Listing) -> None:
    """Raises Refused where it isn't known which version runs: no change is built on an older one, or on none."""
    if not listing.trouble:
        return
    raise Refused(
        "damaged-ledger" if listing.damage else "damaged-tag",
        f"it can't be told which version of {env} runs: {listing.trouble}",
        hint=f"see what is wrong: tfops verify {env}",
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What a tag or a ledger's card came to."""

    tag: str
    record: VersionRecord | None
    is_ours: bool


def list_versions(repository: Repository, env: EnvName | None = None) -> dict[EnvName, Listing]:
    """Every environment that has tags or a card in its ledger, by one Git process, or by two where there are many."""
    tags, ledgers = version_refs(repository, env)
    return _listings(repository, tags, ledgers)


def list_latest(repository: Repository, env: EnvName | None = None) -> dict[EnvName, Listing]:
    """The same with the latest version of each environment alone, whatever else there is: older tags aren't read.

    Where the newest tag is none of tfops' or can't be read, all of that environment are.
    """
    tags, ledgers = version_refs(repository, env)
    newest: dict[EnvName, tuple[int, str]] = {}
    for ref in tags:
        name, number = _place(ref)
        newest[name] = max(newest.get(name, (0, "")), (number, ref))
    found = _listings(repository, {ref: tags[ref] for _, ref in newest.values()}, ledgers)
    doubtful = {name for name, listing in found.items() if listing.foreign or listing.unread}
    if doubtful:
        found |= _listings(
            repository,
            {ref: target for ref, target in tags.items() if _place(ref)[0] in doubtful},
            {name: head for name, head in ledgers.items() if name in doubtful},
        )
    return found


def _listings(
    repository: Repository, tags: Mapping[str, str], ledgers: Mapping[EnvName, str]
) -> dict[EnvName, Listing]:
    found = read_objects(repository, [*tags.values(), *(f"{head}:{_CARD}" for head in ledgers.values())])
    read: dict[EnvName, list[_Read]] = {}
    for ref, content in zip(tags, found, strict=False):
        name, number = _place(ref)
        read.setdefault(name, []).append(_read(name, number, content))
    cards = dict(zip(ledgers, found, strict=True))
    return {
        name: _listing(name, read.get(name, ()), cards.get(name))
        for name in [*read, *(name for name, card in cards.items() if card and name not in read)]
    }


def version_refs(repository: Repository, env: EnvName | None) -> tuple[dict[str, str], dict[EnvName, str]]:
    """Version tags and ledgers with the objects that they name; empty for a ref that Git can't read."""
    spaces = refs_of(env) if env else (f"{_TAGS}/", f"{LEDGERS}/")
    listed = repository.git.refs(*spaces)
    refs: dict[str, str] = {**listed.values, **dict.fromkeys(listed.broken, NO_REF)}
    tags = {ref: target for ref, target in refs.items() if _TAG.fullmatch(ref)}
    ledgers = {ref.removeprefix(f"{LEDGERS}/"): target for ref, target in refs.items() if ref not in tags}
    return tags, {EnvName(name): target for name, target in ledgers.items() if "/" not in name}


def _place(ref: str) -> tuple[EnvName, int]:
    match = _TAG.fullmatch(ref)
    assert match
    return EnvName(match["env"]), int(match["number"])


def _listing(env: EnvName, tags: Iterable[_Read], card: Found | None) -> Listing:
    found = sorted(tags, key=lambda read: number_in(read.tag))
    records = [read.record for read in found if read.record]
    highest = max((number_in(read.tag) for read in found), default=0)
    listing = Listing(
        tuple(records),
        tuple(read.tag for read in found if not (read.record or read.is_ours)),
        highest,
        tuple(read.tag for read in found if read.is_ours and not read.record),
    )
    return _with_ledger(env, listing, card) if card else listing


def _with_ledger(env: EnvName, listing: Listing, found: Found) -> Listing:
    """The ledger's card counts where it is of a newer version than any tag that can be read."""
    number = _version_in(found.content)
    if number is None:
        return replace(listing, damage=f"`{_CARD}` in its ledger can't be read")
    highest = max(listing.highest, number)
    if listing.latest and listing.latest.version.number >= number:
        return replace(listing, highest=highest)
    from tfops.ledger.card import read_card_file  # noqa: PLC0415 - for what the tags don't tell

    try:
        record = _record_of(read_card_file(found.text, env))
    except Refused as error:
        return replace(listing, highest=highest, damage=error.what)
    return replace(listing, versions=(*listing.versions, record), highest=highest, untagged=(record.tag,))


def _version_in(card: bytes) -> int | None:
    try:
        number = json.loads(card)["version"]
    except (ValueError, TypeError, KeyError):
        return None
    return number if isinstance(number, int) else None


def versions_of(repository: Repository, env: EnvName) -> Listing:
    return list_versions(repository, env).get(env, Listing())


def known_versions(repository: Repository, env: EnvName) -> Listing:
    """The same for who is about to change the environment. Raises as `require_known`."""
    listing = versions_of(repository, env)
    require_known(env, listing)
    return listing


def _read(env: EnvName, number: int, found: Found | None) -> _Read:
    """A tag that is missing or damaged as an object is taken for tfops' own: nobody can tell."""
    version = Version(number)
    if found is None:
        return _Read(tag_name(env, version), None, is_ours=True)
    message = found.text.partition("\n\n")[2] if found.kind == "tag" else ""
    return _Read(tag_name(env, version), _record(env, version, message), is_ours=has_trailers(message))


def record_of_tag(env: EnvName, number: int, found: Found | None) -> VersionRecord | None:
    """None for a tag that can't be read, or that tfops did not make."""
    return _read(env, number, found).record


def _record(env: EnvName, version: Version, message: str) -> VersionRecord | None:
    """None for the message of a tag that tfops did not make."""
    facts = trailers_of(message)
    try:
        return VersionRecord(
            env=env,
            version=version,
            kind=Kind(facts["Kind"]),
            commit=require_sha(facts["Commit"]),
            branch=facts.get("Branch", ""),
            applied_by=facts["By"],
            applied_at=clock.parse_time(facts["At"]),
            summary=message.partition("\n")[0].partition(": ")[2],
            restores=Version.read(facts["Restores"]) if facts.get("Restores") else None,
            hold=facts.get("Hold", ""),
            verified=Verified(facts.get("Verified", Verified.NONE)),
            only=facts.get("Only", ""),
            off=facts.get("Off", ""),
            promoted_from=facts.get("Promoted-From", ""),
            partial=facts.get("Partial", ""),
        )
    except (KeyError, ValueError, Refused):
        return None


def _record_of(card: Card) -> VersionRecord:
    """The same from a card itself."""
    plan = card.plan
    counts = f"{plan.create} created, {plan.update} updated, {plan.replace} replaced, {plan.delete} deleted"
    return VersionRecord(
        env=EnvName(card.environment),
        version=Version(card.version),
        kind=card.kind,
        commit=require_sha(card.commit),
        branch=card.branch,
        applied_by=card.applied_by.name,
        applied_at=card.applied_at,
        summary=counts,
        restores=Version(card.restores) if card.restores else None,
        hold=card.hold.reason if card.hold else "",
        verified=card.verified.result if card.verified else Verified.NONE,
        only=", ".join(card.only),
        off=", ".join(card.off),
        promoted_from=str(card.promoted_from or ""),
        partial=card.partial,
    )


def read_card(repository: Repository, record: VersionRecord) -> Card:
    """The identity card of a version. Raises Refused when it can't be read."""
    [(_, card)] = _cards(repository, [record])
    if isinstance(card, Refused):
        raise card
    return card


def read_plain_card(repository: Repository, record: VersionRecord) -> Mapping[str, Any]:
    """The same as plain data, for who shows it."""
    from tfops.ledger.card import plain_card  # noqa: PLC0415 - as in `card_of_tag`
    from tfops.ledger.codec import to_plain  # noqa: PLC0415

    tags, _ = version_refs(repository, record.env)
    [found] = read_objects(repository, [tags.get(f"refs/tags/{record.tag}", NO_REF)])
    card = plain_card(_message_of(found)) if found and found.kind == "tag" else None
    if card and (card["environment"], card["version"], card["commit"]) == _identity(record):
        return card
    read: Mapping[str, Any] = to_plain(read_card(repository, record))
    return read


def read_tagged_card(repository: Repository, record: VersionRecord) -> Card:
    """The same from the tag alone, for who holds the tags against the ledger."""
    [found] = read_named(repository.git, [f"refs/tags/{record.tag}"])
    return card_of_tag(record, found)


def read_cards(repository: Repository, records: Sequence[VersionRecord]) -> Iterator[tuple[VersionRecord, Card | None]]:
    """Each version with its card, by one Git process; None where it can't be read."""
    for record, card in _cards(repository, records):
        yield record, None if isinstance(card, Refused) else card


def _cards(repository: Repository, records: Sequence[VersionRecord]) -> Iterator[tuple[VersionRecord, Card | Refused]]:
    """From the tag, or, of the version that the ledger knows as the latest, from there."""
    envs = list(dict.fromkeys(record.env for record in records))
    tags, ledgers = version_refs(repository, envs[0] if len(envs) == 1 else None)
    names = [tags.get(f"refs/tags/{record.tag}", NO_REF) for record in records]
    kept_in = [env for env in envs if env in ledgers]
    found = list(read_objects(repository, [*names, *(f"{ledgers[env]}:{_CARD}" for env in kept_in)]))
    kept = dict(zip(kept_in, found[len(records) :], strict=True))
    for record, tag in zip(records, found, strict=False):
        try:
            yield record, card_of_tag(record, tag)
        except Refused as error:
            yield record, _kept_card(record, kept.get(record.env)) or error


def _kept_card(record: VersionRecord, found: Found | None) -> Card | None:
    from tfops.ledger.card import read_card_file  # noqa: PLC0415 - as in `card_of_tag`

    try:
        card = read_card_file(found.text, record.env) if found else None
    except Refused:
        return None
    return card if card and _fits(card, record) else None


def card_of_tag(record: VersionRecord, tag: Found | None) -> Card:
    """The card in the tag of a version. Raises Refused (guards `foreign-tag`, `newer-tfops`)."""
    from tfops.ledger.card import decode_card  # noqa: PLC0415 - whoever lists versions opens no card

    if tag is None or tag.kind != "tag":
        raise Refused("foreign-tag", f"the tag `{record.tag}` is missing or holds no card", hint="tfops history")
    card = decode_card(_message_of(tag), record.tag)
    if not _fits(card, record):
        raise Refused("foreign-tag", f"the card in `{record.tag}` is not of this version", hint="tfops history")
    return card


def _message_of(tag: Found) -> str:
    return split_signed(tag.text.partition("\n\n")[2])


def _fits(card: Card, record: VersionRecord) -> bool:
    return (card.environment, card.version, card.commit) == _identity(record)


def _identity(record: VersionRecord) -> tuple[str, int, str]:
    return record.env, record.version.number, record.commit


def write_version_tag(repository: Repository, card: Card, headline: str) -> Update:
    """Store the tag object of a card and return the swap that makes it a version."""
    from tfops.ledger.card import encode_card  # noqa: PLC0415 - as in `_tag_update`

    name = tag_name(EnvName(card.environment), Version(card.version))
    message = encode_card(card, headline)
    return _tag_update(repository, name, commit=CommitSha(card.commit), message=message, at=card.applied_at)


def write_trial_tag(repository: Repository, name: str, commit: CommitSha) -> str:
    """The same for a tag that nobody will ever see: whether it can be signed, and its name be taken."""
    message = "a rehearsal of the push that records a version\n"
    return _tag_update(repository, name, commit=commit, message=message, at=clock.now()).new


def _tag_update(repository: Repository, name: str, *, commit: CommitSha, message: str, at: datetime) -> Update:
    from tfops.system.tags import store_tag  # noqa: PLC0415 - who only reads versions stores none

    person = repository.person
    tagger = f"{_plain(person.name)} <{_plain(person.email)}> {_git_time(at)}"
    return Update(f"refs/tags/{name}", store_tag(repository, name, commit=commit, tagger=tagger, message=message))


def _plain(text: str) -> str:
    """A name that can't break the tagger line."""
    return "".join(character for character in text if character not in "<>\n\0").strip() or "unknown"


def _git_time(moment: datetime) -> str:
    return f"{int(moment.timestamp())} +0000"
