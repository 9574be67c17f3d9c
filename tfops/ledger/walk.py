"""The versions of one environment from the newest on, for who may stop at any of them, and looks at one resource.

Each tag is read once, and of neighbours that say the same of it only the two ends are decoded: of twenty thousand
versions few touch a given resource.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.ledger.versions import card_of_tag, number_in, read_card, record_of_tag, version_refs
from tfops.records.names import EnvName
from tfops.system.ahead import ahead
from tfops.system.batch import Found, read_objects
from tfops.system.repository import Repository

if TYPE_CHECKING:
    from tfops.records.card import Card
    from tfops.records.version import VersionRecord

# How many tags are read at once: few at first, because most walks end early; then what memory holds with ease.
_FIRST, _MOST, _MOST_BYTES = 64, 4000, 8_000_000


@dataclass(frozen=True, slots=True)
class FoundVersion:
    """A version that was come to, with its card (None: it can't be read). `count` are those that it stands for: itself,
    and newer ones that say the same and were passed over."""

    number: int
    card: Card | None
    count: int


class Versions:
    """`latest` is the version that runs, which may have no tag that can be read."""

    def __init__(self, repository: Repository, env: EnvName, latest: VersionRecord) -> None:
        tags, _ = version_refs(repository, env)
        self._repository = repository
        self._env = env
        self._latest = latest
        self._tags = {number_in(ref): target for ref, target in tags.items()}

    def __contains__(self, number: int) -> bool:
        return number in self._tags or number == self._latest.version.number

    def record(self, number: int) -> VersionRecord:
        """The version; where its tag can't be read, the next newer one that can."""
        newer = (one for one in sorted(self._numbers()) if one >= number)
        return next(filter(None, map(self._record, newer)), self._latest)

    def before(self, record: VersionRecord) -> VersionRecord | None:
        """The one before it that can be read; None for the first."""
        older = (one for one in sorted(self._numbers(), reverse=True) if one < record.version.number)
        return next(filter(None, map(self._record, older)), None)

    def walk(self, alike: Callable[[bytes], bytes]) -> Iterator[FoundVersion]:
        """From the newest to the oldest. Of neighbours for whose tags `alike` gives the same, only the newest and the
        oldest; where it gives nothing, each."""
        same, passed = b"", 0
        last: tuple[int, Found | None] = (0, None)
        if self._latest.version.number not in self._tags:
            yield from self._met(self._latest.version.number, None, 1)
        for number, found in self._read():
            part = alike(found.content) if found else b""
            if part and part == same:
                last, passed = (number, found), passed + 1
                continue
            if passed:
                yield from self._met(*last, passed)
            same, passed = part, 0
            yield from self._met(number, found, 1)
        if passed:
            yield from self._met(*last, passed)

    def _numbers(self) -> set[int]:
        return {*self._tags, self._latest.version.number}

    def _record(self, number: int) -> VersionRecord | None:
        if number == self._latest.version.number:
            return self._latest
        [found] = read_objects(self._repository, [self._tags[number]])
        return record_of_tag(self._env, number, found)

    def _read(self) -> Iterator[tuple[int, Found | None]]:
        for several in ahead(self._batches(), first=2):
            yield from several

    def _batches(self) -> Iterator[list[tuple[int, Found | None]]]:
        numbers, count = sorted(self._tags, reverse=True), _FIRST
        while numbers:
            part, numbers = numbers[:count], numbers[count:]
            found = list(read_objects(self._repository, [self._tags[number] for number in part]))
            yield list(zip(part, found, strict=True))
            size = sum(len(one.content) for one in found if one) or 1
            count = max(_FIRST, min(_MOST, _MOST_BYTES * len(part) // size))

    def _met(self, number: int, found: Found | None, count: int) -> Iterator[FoundVersion]:
        """None of them where a tag is no version's."""
        is_latest = number == self._latest.version.number
        record = self._latest if is_latest else record_of_tag(self._env, number, found)
        if record is None:
            return
        yield FoundVersion(number, self._card(record, found, is_latest=is_latest), count)

    def _card(self, record: VersionRecord, found: Found | None, *, is_latest: bool) -> Card | None:
        with contextlib.suppress(Refused):
            return card_of_tag(record, found)
        with contextlib.suppress(Refused):
            return read_card(self._repository, record) if is_latest else None
        return None
