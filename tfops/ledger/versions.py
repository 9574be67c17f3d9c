"""The versions of a project: listed from tags in one question, recorded by compare-and-swap."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tfops.errors import Refused
from tfops.ledger.card import Card, decode_card, encode_card
from tfops.model import CommitSha, EnvName, Kind, Verified, Version, VersionRecord, tag_name
from tfops.system import clock
from tfops.system.git import require_sha
from tfops.system.remote import Update
from tfops.system.repository import Repository
from tfops.system.tags import store_tag

_TAG = re.compile(r"refs/tags/tfops/(?P<env>[^/]+)/v(?P<number>[1-9][0-9]{0,8})")
# All trailers in one field: asked for one by one, Git 2.39 mixes the answers up (docs/adr/0006).
# Of a signed tag it finds none at all, because the signature stands below them: there the body has to do.
_TRAILERS = "%(if)%(contents:signature)%(then)%(contents:body)%(else)%(contents:trailers:only)%(end)"
_FORMAT = f"%(refname)%00%(objecttype)%00%(contents:subject)%00{_TRAILERS}%00%00"


@dataclass(frozen=True, slots=True)
class Listing:
    """The versions of an environment, oldest first, and tags in their place that aren't tfops'."""

    versions: tuple[VersionRecord, ...]
    foreign: tuple[str, ...]
    highest: int

    @property
    def latest(self) -> VersionRecord | None:
        return self.versions[-1] if self.versions else None


def list_versions(repository: Repository, env: EnvName | None = None) -> dict[EnvName, Listing]:
    """Every environment that has tags, by one Git process."""
    space = f"refs/tags/tfops/{env}/" if env else "refs/tags/tfops/"
    done = repository.git.ask("for-each-ref", f"--format={_FORMAT}", space)
    records: dict[EnvName, list[VersionRecord]] = {}
    foreign: dict[EnvName, list[str]] = {}
    highest: dict[EnvName, int] = {}
    for row in done.text.split("\0\0\n"):
        fields = row.split("\0")
        match = _TAG.fullmatch(fields[0])
        if match is None:
            continue
        name = EnvName(match["env"])
        highest[name] = max(highest.get(name, 0), int(match["number"]))
        record = _record(name, Version(int(match["number"])), fields[1:])
        if record is None:
            foreign.setdefault(name, []).append(fields[0].removeprefix("refs/tags/"))
        else:
            records.setdefault(name, []).append(record)
    return {
        name: Listing(
            tuple(sorted(records.get(name, []), key=lambda record: record.version)),
            tuple(foreign.get(name, [])),
            number,
        )
        for name, number in highest.items()
    }


def versions_of(repository: Repository, env: EnvName) -> Listing:
    return list_versions(repository, env).get(env, Listing((), (), 0))


def _record(env: EnvName, version: Version, fields: Sequence[str]) -> VersionRecord | None:
    """None for a tag that tfops did not make."""
    if len(fields) != 3 or fields[0] != "tag":
        return None
    last_paragraph = fields[2].strip().rpartition("\n\n")[2]
    pairs = (line.partition(": ") for line in last_paragraph.splitlines())
    facts = {name.removeprefix("Tfops-"): value.strip() for name, _, value in pairs}
    try:
        return VersionRecord(
            env=env,
            version=version,
            kind=Kind(facts["Kind"]),
            commit=require_sha(facts["Commit"]),
            branch=facts.get("Branch", ""),
            applied_by=facts["By"],
            applied_at=clock.parse_time(facts["At"]),
            summary=fields[1].partition(": ")[2],
            restores=Version(int(facts["Restores"].removeprefix("v"))) if facts.get("Restores") else None,
            hold=facts.get("Hold", ""),
            verified=Verified(facts.get("Verified", Verified.NONE)),
            only=facts.get("Only", ""),
        )
    except (KeyError, ValueError, Refused):
        return None


def read_card(repository: Repository, record: VersionRecord) -> Card:
    """The identity card of a version. Raises Refused when it can't be read."""
    done = repository.git.ask("cat-file", "tag", f"refs/tags/{record.tag}")
    return _card_of(record, done.text)


def read_cards(repository: Repository, records: Sequence[VersionRecord]) -> Iterator[tuple[VersionRecord, Card | None]]:
    """Each version with its card, by one Git process; None where it can't be read."""
    names = "".join(f"refs/tags/{record.tag}\n" for record in records)
    answer = repository.git.ask("cat-file", "--batch", stdin=names.encode()).stdout
    start = 0
    for record in records:
        end = answer.index(b"\n", start)
        _, kind, *size = answer[start:end].split(b" ")
        start = end + 1
        if kind == b"missing":
            yield record, None
            continue
        body = answer[start : start + int(size[0])]
        start += len(body) + 1
        try:
            yield record, _card_of(record, body.decode("utf-8", "replace"))
        except Refused:
            yield record, None


def _card_of(record: VersionRecord, tag: str) -> Card:
    card = decode_card(tag.partition("\n\n")[2], record.tag)
    if (card.environment, card.version, card.commit) != (record.env, record.version.number, record.commit):
        raise Refused("foreign-tag", f"the card in `{record.tag}` is not of this version", hint="tfops history")
    return card


def write_version_tag(repository: Repository, card: Card, headline: str) -> Update:
    """Store the tag object of a card and return the swap that makes it a version."""
    name = tag_name(EnvName(card.environment), Version(card.version))
    message = encode_card(card, headline)
    return _tag_update(repository, name, commit=CommitSha(card.commit), message=message, at=card.applied_at)


def write_trial_tag(repository: Repository, name: str, commit: CommitSha) -> str:
    """The same for a tag that nobody will ever see: whether it can be signed, and its name be taken."""
    message = "a rehearsal of the push that records a version\n"
    return _tag_update(repository, name, commit=commit, message=message, at=clock.now()).new


def _tag_update(repository: Repository, name: str, *, commit: CommitSha, message: str, at: datetime) -> Update:
    person, _ = repository.identity()
    tagger = f"{_plain(person.name)} <{_plain(person.email)}> {_git_time(at)}"
    return Update(f"refs/tags/{name}", store_tag(repository, name, commit=commit, tagger=tagger, message=message))


def _plain(text: str) -> str:
    """A name that can't break the tagger line."""
    return "".join(character for character in text if character not in "<>\n\0").strip() or "unknown"


def _git_time(moment: datetime) -> str:
    return f"{int(moment.timestamp())} +0000"
