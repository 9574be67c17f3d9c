"""What the agent knows about itself, for those who ask over HTTP. Written by the loop, read by many threads."""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from tfops.dataclass import dataclass
from tfops.records.decision import Decision
from tfops.records.names import EnvName
from tfops.system import clock
from tfops.views.reconcile import Act

# Upper bounds of the histogram, in seconds.
BUCKETS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)


@dataclass(slots=True)
class AgentStatus:
    """`silence_s` is how long the loop may be quiet before it counts as stuck."""

    silence_s: float
    project: str = ""
    started_at: datetime = field(default_factory=clock.now)
    looked_at: datetime | None = None
    look_error: str = "no look yet"
    surveys: int = 0
    looks: Counter[str] = field(default_factory=Counter)
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    durations: Counter[float] = field(default_factory=Counter)
    acts: int = 0
    act_seconds: float = 0.0
    decisions: dict[EnvName, Decision] = field(default_factory=dict)
    drifted: dict[EnvName, datetime] = field(default_factory=dict)
    why_failed: dict[EnvName, str] = field(default_factory=dict)
    running: tuple[EnvName, ...] = ()
    waiting: tuple[EnvName, ...] = ()
    is_stopping: bool = False
    _beat: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def heartbeat(self, *, running: Sequence[EnvName], waiting: Sequence[EnvName]) -> None:
        """The loop turns."""
        with self._lock:
            self._beat, self.running, self.waiting = time.monotonic(), tuple(running), tuple(waiting)

    def looked(self, error: str = "") -> None:
        with self._lock:
            self.looks["failed" if error else "ok"] += 1
            self.look_error = error
            if not error:
                self.looked_at = clock.now()

    def surveyed(self, project: str, decisions: Sequence[Decision]) -> None:
        with self._lock:
            self.surveys, self.project = self.surveys + 1, project
            self.decisions = {decision.env: decision for decision in decisions}

    def ended(self, act: Act) -> None:
        with self._lock:
            self.acts, self.act_seconds = self.acts + 1, self.act_seconds + act.duration_s
            self.durations[next((bound for bound in BUCKETS if act.duration_s <= bound), float("inf"))] += 1
            self.why_failed.pop(act.env, None)
            if act.code:
                self.failures[act.env, act.detail] += 1
                self.why_failed[act.env] = act.text

    def compared(self, env: EnvName, since: datetime | None) -> None:
        """What a look for drift found: since when it differs, None when it doesn't."""
        with self._lock:
            if since is None:
                self.drifted.pop(env, None)
            else:
                self.drifted[env] = since

    def stuck_for(self) -> float:
        """Seconds since the loop last turned, 0 while that is no longer than it may be."""
        with self._lock:
            quiet = time.monotonic() - self._beat
        return quiet if quiet > self.silence_s else 0.0

    def not_ready(self) -> str:
        """Why it isn't ready: it never saw the remote and decided, or can't see it now, or stops. Empty when it is."""
        with self._lock:
            if self.is_stopping:
                return "stopping"
            return self.look_error or ("" if self.surveys else "nothing decided yet")

    def facts(self) -> Mapping[str, Any]:
        """Everything as plain data."""
        with self._lock:
            return {
                "project": self.project,
                "started_at": self.started_at.isoformat(),
                "looked_at": self.looked_at.isoformat() if self.looked_at else None,
                "look_error": self.look_error,
                "is_stopping": self.is_stopping,
                "looks": dict(self.looks),
                "surveys": self.surveys,
                "acts": self.acts,
                "running": list(self.running),
                "waiting": list(self.waiting),
                "drifted": {env: since.isoformat() for env, since in self.drifted.items()},
                "environments": [
                    _environment(decision) | {"failure": self.why_failed.get(decision.env, "")}
                    for decision in self.decisions.values()
                ],
            }

    def measures(self) -> "Measures":
        with self._lock:
            return Measures(
                decisions=tuple(self.decisions.values()),
                looks=dict(self.looks),
                failures=dict(self.failures),
                durations=dict(self.durations),
                act_seconds=self.act_seconds,
                surveys=self.surveys,
                running=len(self.running),
                waiting=len(self.waiting),
                drifted=dict(self.drifted),
                looked_at=self.looked_at,
            )


@dataclass(frozen=True, slots=True)
class Measures:
    """One moment of the status, for metrics."""

    decisions: tuple[Decision, ...]
    looks: Mapping[str, int]
    failures: Mapping[tuple[str, str], int]
    durations: Mapping[float, int]
    act_seconds: float
    surveys: int
    running: int
    waiting: int
    drifted: Mapping[EnvName, datetime]
    looked_at: datetime | None


def _environment(decision: Decision) -> dict[str, Any]:
    return {
        "env": decision.env,
        "reason": decision.word,
        "text": decision.text,
        "is_in_sync": decision.is_in_sync,
        "branch": decision.branch,
        "commit": decision.commit,
        "version": str(decision.current) if decision.current else None,
        "again_at": decision.again_at.isoformat() if decision.again_at else None,
    }
