"""What is under way, in one line that a terminal has room for; and what many instances of one block came to."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import field

from tfops.dataclass import dataclass
from tfops.records.addresses import without_keys
from tfops.records.plan import Action, Plan
from tfops.views.draw import Text

# So many instances of one block are told in one line.
_MANY = 20
_SHORTEST = 12

_DOING = {"create": "creating", "update": "updating", "delete": "deleting"}
_DONE = {"create": "created", "update": "updated", "delete": "deleted"}
_STEPS = {
    Action.CREATE: ("create",),
    Action.UPDATE: ("update",),
    Action.DELETE: ("delete",),
    Action.REPLACE: ("create", "delete"),
}


@dataclass(frozen=True, slots=True)
class Work:
    """A resource that is worked on; `since_s` by our own clock: the engine tells only every ten seconds."""

    address: str
    action: str
    since_s: float


def shortened(text: str, width: int) -> str:
    """At most `width` characters, without a part of the middle: the end of an address tells most."""
    width = max(width, _SHORTEST)
    if len(text) <= width:
        return text
    tail = (width - 1) * 2 // 3
    return f"{text[: width - 1 - tail]}…{text[-tail:]}"


def live_line(works: Collection[Work], *, done: int, planned: int, now_s: float, width: int) -> str:
    """`3 of 7 done · module.a…b.main: creating, 12 s (and 4 more)`: what takes longest, never without its time."""
    counted = f"{done} of {planned} done"
    if not works:
        return counted
    oldest = min(works, key=lambda work: work.since_s)
    time = f": {_DOING.get(oldest.action, oldest.action)}, {int(now_s - oldest.since_s)} s"
    more = f" (and {len(works) - 1} more)" if len(works) > 1 else ""
    room = width - len(counted) - len(time) - len(more) - 3
    if room < _SHORTEST:
        return f"{shortened(oldest.address, width - len(time))}{time}"
    return f"{counted} · {shortened(oldest.address, room)}{time}{more}"


@dataclass(slots=True)
class Groups:
    """Finished instances of blocks that have many: counted, and told when the last one is done."""

    _wanted: Mapping[tuple[str, str], int] = field(default_factory=dict)
    _done: "Counter[tuple[str, str]]" = field(default_factory=Counter)

    @classmethod
    def of(cls, plan: Plan) -> "Groups":
        steps = ((without_keys(change.address), step) for change in plan.work for step in _STEPS.get(change.action, ()))
        return cls({key: count for key, count in Counter(steps).items() if count >= _MANY})

    def take(self, address: str, action: str) -> tuple[bool, Text | None]:
        """Whether it belongs to a group; and the group's line, when it was the last."""
        key = (without_keys(address), action)
        if key not in self._wanted:
            return False, None
        self._done[key] += 1
        return True, self._line(key) if self._done[key] == self._wanted[key] else None

    def rest(self) -> list[Text]:
        """The lines of groups that didn't come to their end."""
        unfinished = [key for key, count in self._done.items() if 0 < count < self._wanted[key]]
        lines = [self._line(key) for key in unfinished]
        self._done.clear()
        return lines

    def _line(self, key: tuple[str, str]) -> Text:
        done, wanted = self._done[key], self._wanted[key]
        count = str(done) if done == wanted else f"{done} of {wanted}"
        return Text.assemble(("  ✓ ", "green"), f"{key[0]}[…]", (f": {count} {_DONE[key[1]]}", "dim"))
