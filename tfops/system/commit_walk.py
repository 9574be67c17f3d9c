"""How far two commits are apart, by what the object reader reads: a question to Git costs a process for each pair."""

import heapq
import re
from dataclasses import field

from tfops.dataclass import dataclass
from tfops.errors import ProjectError
from tfops.records.names import CommitSha
from tfops.system.git_objects import ObjectReader

_PARENT = re.compile(rb"^parent ([0-9a-f]+)$", re.MULTILINE)
_TIME = re.compile(rb"^committer .* (\d+) [+-]\d+$", re.MULTILINE)

# Who is further apart is left to Git: it has indexes for that.
_MOST = 1000
# So many commits are looked at beyond the last that matters: clocks differ, and a parent may be newer than its child.
_BEYOND = 5


class CommitGraph:
    """The commits that were read so far, each with its parents and its time."""

    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader
        self._read: dict[str, tuple[tuple[str, ...], int]] = {}

    def count_only_in(self, newer: CommitSha, older: CommitSha) -> int | None:
        """How many commits `newer` has that `older` hasn't; 0 says that it is a part of the other's history.

        None where that can't be said from here: they are far apart, or the clone lacks a commit.
        """
        try:
            return _Walk(self).count(newer, older)
        except (ProjectError, ValueError):
            return None

    def read(self, commit: str) -> tuple[tuple[str, ...], int]:
        """Raises ProjectError for one that isn't here, ValueError for what is no commit."""
        if commit not in self._read:
            head = self._reader.read(commit).content.partition(b"\n\n")[0]
            made = _TIME.search(head)
            if made is None:
                raise ValueError(commit)
            self._read[commit] = tuple(parent.decode() for parent in _PARENT.findall(head)), int(made[1])
        return self._read[commit]


@dataclass(slots=True)
class _Walk:
    """Newest commits first, as Git goes through a history.

    `theirs` are known to be a part of the older one's, `ours` were passed without that; `open` counts those that wait
    and may be only the newer one's.
    """

    graph: CommitGraph
    waiting: list[tuple[int, str]] = field(default_factory=list)  # by minus their time
    seen: set[str] = field(default_factory=set)
    theirs: set[str] = field(default_factory=set)
    ours: set[str] = field(default_factory=set)
    open: int = 0

    def count(self, newer: CommitSha, older: CommitSha) -> int | None:
        self._add(newer)
        self._add(older)
        self._mark(older)
        beyond, oldest = _BEYOND, self.graph.read(newer)[1]
        while self.waiting and beyond:
            if len(self.seen) > _MOST:
                return None
            time, commit = self._next()
            if commit in self.ours:
                oldest = min(oldest, time)
            beyond = _BEYOND if self.open or (self.ours and time >= oldest) else beyond - 1
        return len(self.ours)

    def _next(self) -> tuple[int, str]:
        time, commit = heapq.heappop(self.waiting)
        is_theirs = commit in self.theirs
        if not is_theirs:
            self.ours.add(commit)
            self.open -= 1
        for parent in self.graph.read(commit)[0]:
            self._add(parent)
            if is_theirs:
                self._mark(parent)
        return -time, commit

    def _add(self, commit: str) -> None:
        if commit not in self.seen:
            self.seen.add(commit)
            self.open += 1
            heapq.heappush(self.waiting, (-self.graph.read(commit)[1], commit))

    def _mark(self, commit: str) -> None:
        """As the older one's, with all before it that was seen already."""
        todo = [commit]
        while todo:
            found = todo.pop()
            if found in self.theirs or found not in self.seen:
                continue
            self.theirs.add(found)
            if found in self.ours:
                self.ours.discard(found)
                todo += self.graph.read(found)[0]
            else:
                self.open -= 1
