"""The rendered roots in a ledger: what each version was made of, as text.

A root lies in the tree of the event that recorded its version, below `root/`; in an environment of several stacks, in a
folder for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from tfops.dataclass import dataclass
from tfops.ledger.chain import damaged_ledger, ledger_head, ledger_ref, read_events
from tfops.records.event import EventKind
from tfops.records.names import CommitSha, EnvName
from tfops.system.ahead import ahead
from tfops.system.batch import object_ids, read_objects
from tfops.system.git import GitFailed
from tfops.system.remote import LEDGERS
from tfops.system.repository import Repository

_FOLDER = "root"
_VERSION = re.compile(r"\S+ v(?P<number>[1-9][0-9]{0,8}):")
# The same below the line with the event's id and its parent's.
_IN_EVENT = re.compile(rf"[^\n]*\n{_VERSION.pattern}")
_RECORDED = f"\nTfops-Event: {EventKind.RECORDED}\n"
# A change as `git log --raw` tells it: modes, ids, what happened, and the path.
_CHANGED = "\n:"
_CHANGE = re.compile(r"^:\S+ \S+ ([0-9a-f]+) [0-9a-f]+ \S+\t(.+)$", re.MULTILINE)
# `--sparse` tells of the events that changed none of the files, too.
_LOG = (
    "--no-show-signature", "--first-parent", "-m", "--sparse", "--raw", "--no-abbrev", "--no-renames",
    "--format=%x00%x00%H %P%n%B%x00",
)  # fmt: skip
# How much is read at once: little at first, because most who ask stop early.
_FIRST_EVENTS, _MORE_EVENTS = 200, 4000
_FIRST_TEXTS, _MORE_TEXTS, _MOST_ROOTS = 8, 500, 4000


def recorded_events(repository: Repository, env: EnvName) -> dict[int, CommitSha]:
    """A version's number to the event that recorded it, by one Git process. Raises Refused (guard `damaged-ledger`).

    A version that was recorded before there was a ledger has none.
    """
    found: dict[int, CommitSha] = {}
    for event in read_events(repository, env):
        match = _VERSION.match(event.text) if event.kind == EventKind.RECORDED else None
        if match:
            found.setdefault(int(match["number"]), event.sha)
    return found


def root_at(repository: Repository, event: CommitSha, stacks: Sequence[str]) -> dict[str, str]:
    """The texts of a root, path below `root/` to text; those that can't be read are left out."""
    names = [f"{event}:{_FOLDER}/{path}" for path in stacks]
    pairs = zip(stacks, read_objects(repository, names), strict=True)
    return {path: found.text for path, found in pairs if found and found.kind == "blob"}


def latest_roots(repository: Repository, wanted: Mapping[EnvName, Sequence[str]]) -> dict[EnvName, dict[str, str]]:
    """The same of many environments as their ledgers have them now: environment to path to text."""
    heads = repository.git.refs(f"{LEDGERS}/").values if wanted else {}
    places = [(env, path) for env, paths in wanted.items() if ledger_ref(env) in heads for path in paths]
    names = [f"{heads[ledger_ref(env)]}:{_FOLDER}/{path}" for env, path in places]
    found: dict[EnvName, dict[str, str]] = {}
    for (env, path), content in zip(places, read_objects(repository, names), strict=True):
        if content and content.kind == "blob":
            found.setdefault(env, {})[path] = content.text
    return found


@dataclass(frozen=True, slots=True)
class RootFiles:
    """Of one version, the ids of some files of its root: the same id is the same text. Empty where there is no file."""

    number: int
    ids: tuple[str, ...]


def recorded_roots(repository: Repository, env: EnvName, paths: Sequence[str]) -> Iterator[RootFiles]:
    """Of every version that the ledger recorded, the newest first, read no further than somebody goes.

    By one Git process for thousands of events, which says what each of them changed. Raises Refused (guard
    `damaged-ledger`).
    """
    head = ledger_head(repository, env)
    places = [f"{_FOLDER}/{path}" for path in paths]
    found = object_ids(repository.git, [f"{head}:{place}" for place in places]) if head else []
    ids, known = dict(zip(places, found, strict=False)), set[int]()
    for event in chain.from_iterable(ahead(_events_back(repository, env, head, places), first=2)):
        match = _IN_EVENT.match(event) if _RECORDED in event else None
        if match and (number := int(match["number"])) not in known:
            known.add(number)
            yield RootFiles(number, tuple(ids.values()))
        if _CHANGED in event:
            ids |= {path: old if old.strip("0") else "" for old, path in _CHANGE.findall(event.partition("\0")[2])}


def _events_back(
    repository: Repository, env: EnvName, head: CommitSha | None, places: Sequence[str]
) -> Iterator[list[str]]:
    """Thousands at a time, the newest first: its id and its parent's, its message, and its changes of those files."""
    start, count = str(head or ""), _FIRST_EVENTS
    while start:
        try:
            text = repository.git.ask("log", *_LOG, f"--max-count={count}", start, "--", *places).text
        except GitFailed as error:
            raise damaged_ledger(env, error.stderr) from error
        events = text.split("\0\0")[1:]
        yield events
        start, count = "".join(events[-1:]).partition("\n")[0].partition(" ")[2].partition(" ")[0], _MORE_EVENTS


def read_roots(repository: Repository, roots: Iterable[RootFiles]) -> Iterator[tuple[RootFiles, list[str | None]]]:
    """Each with the texts of its files, None for one that isn't there.

    Many at a time, by one Git process: a text is read once for all neighbours that have it.
    """
    texts = dict[str, str]()
    for window in _windows(roots):
        ids = [one for one in dict.fromkeys(chain(*(root.ids for root in window))) if one and one not in texts]
        texts |= {one: found.text for one, found in zip(ids, read_objects(repository, ids), strict=True) if found}
        for root in window:
            yield root, [texts.get(one) for one in root.ids]
        texts = {one: texts[one] for one in window[-1].ids if one in texts}


def _windows(roots: Iterable[RootFiles]) -> Iterator[list[RootFiles]]:
    """So many neighbours that the texts of all of them are held with ease."""
    window, ids, most = list[RootFiles](), set[str](), _FIRST_TEXTS
    for root in roots:
        window.append(root)
        ids.update(root.ids)
        if len(ids) > most or len(window) > _MOST_ROOTS:
            yield window
            window, ids, most = [], set(), _MORE_TEXTS
    if window:
        yield window
