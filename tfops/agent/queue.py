"""What waits to be done, what is being done, and who must wait a little: no clock and no process of its own."""

from collections.abc import Iterable
from dataclasses import field

from tfops.dataclass import dataclass
from tfops.records.decision import Decision
from tfops.records.names import EnvName
from tfops.resolve.guards import OUTDATED
from tfops.views.reconcile import Act

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 300.0

# Someone was faster: the next look already knows what is to be done instead.
_AT_ONCE = OUTDATED | {"moved-on"}


@dataclass(slots=True)
class Queue:
    """One decision per environment at most: a newer one takes the place of one that waits.

    `pauses` are for failures of which the ledger knows nothing (the remote was away, someone held the lock): by
    environment, how many in a row and until when. Times are seconds of any clock that only goes forward.
    """

    waiting: dict[EnvName, Decision] = field(default_factory=dict)
    running: dict[EnvName, Decision] = field(default_factory=dict)
    pauses: dict[EnvName, tuple[int, float]] = field(default_factory=dict)
    _ended: dict[EnvName, float] = field(default_factory=dict)

    def offer(self, decisions: Iterable[Decision], *, since: float) -> frozenset[EnvName]:
        """Take the answers of one survey over: what isn't to be done any more doesn't wait any more.

        What was being changed since the survey began may have been answered too early: it is left out, and returned.
        """
        early, known = set(), set()
        for decision in decisions:
            env = decision.env
            known.add(env)
            self.waiting.pop(env, None)
            if decision.acts and (env in self.running or self._ended.get(env, since) > since):
                early.add(env)
            elif decision.acts:
                self.waiting[env] = decision
        for past in (self._ended, self.pauses):
            for env in past.keys() - known:
                del past[env]  # previews come and go for months
        return frozenset(early)

    def take(self, now: float) -> Decision | None:
        """The next that may begin; it counts as running from now on."""
        for env, decision in self.waiting.items():
            if env not in self.running and self._until(env) <= now:
                del self.waiting[env]
                self.running[env] = decision
                return decision
        return None

    def ended(self, act: Act, now: float) -> None:
        """A run is over. After a failure its environment pauses, longer each time; after a success it doesn't."""
        self.running.pop(act.env, None)
        self._ended[act.env] = now
        if act.code == 0 or act.detail in _AT_ONCE:
            self.pauses.pop(act.env, None)
            return
        failures = self.pauses.get(act.env, (0, 0.0))[0] + 1
        pause = min(_FIRST_PAUSE_S * 2.0 ** (failures - 1), _LONGEST_PAUSE_S)
        self.pauses[act.env] = (failures, now + pause)

    def _until(self, env: EnvName) -> float:
        return self.pauses.get(env, (0, 0.0))[1]

    def next_at(self, now: float) -> float | None:
        """When the first pause of something that waits is over; None when nothing waits for that."""
        times = [self._until(env) for env in self.waiting if env not in self.running]
        return min((moment for moment in times if moment > now), default=None)
