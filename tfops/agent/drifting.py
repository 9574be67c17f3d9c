"""Looking for drift: every environment once in a while, spread over the interval, one at a time."""

import json
import zlib
from collections.abc import Container, Sequence
from dataclasses import field
from datetime import datetime

from tfops.change.project import Project
from tfops.dataclass import dataclass
from tfops.ledger.codec import from_plain
from tfops.records.decision import Decision
from tfops.records.names import EnvName
from tfops.system.children import Child, start_tfops
from tfops.views.drift import DriftResult

_WHOLE = 2**32


@dataclass(slots=True)
class DriftRound:
    """When each environment is looked at next; times are monotonic seconds."""

    project: Project
    engine: str = ""
    child: Child | None = None
    due: dict[EnvName, float] = field(default_factory=dict)
    _env: EnvName | None = None
    _every_s: float = 0.0

    def watch(self, decisions: Sequence[Decision], *, every_s: float, now: float) -> None:
        """Take over which environments there are; a new one gets its place in the interval by its name."""
        self._every_s = every_s
        wanted = {found.env for found in decisions if found.looks_for_drift}
        kept = {env: moment for env, moment in self.due.items() if env in wanted}
        self.due = {env: kept.get(env, now + every_s * zlib.crc32(env.encode()) / _WHOLE) for env in sorted(wanted)}

    def next_at(self) -> float | None:
        return min(self.due.values(), default=None)

    def start_next(self, now: float, *, busy: Container[EnvName]) -> None:
        """Begin with the one that is due longest, unless it is being changed."""
        if self.child is not None:
            return
        ready = [env for env, moment in self.due.items() if moment <= now and env not in busy]
        if not ready:
            return
        self._env = env = min(ready, key=self.due.__getitem__)
        self.due[env] = now + self._every_s
        self.child = start_tfops(
            ["drift", env, "--quiet", "--output", "json", *(["--engine", self.engine] if self.engine else [])],
            folder=self.project.repository.root,
            files=self.project.workspace.reports,
            name="_drift",
            env={},
        )

    def reap(self) -> tuple[EnvName, datetime | None] | None:
        """What was found, once it is; None while it isn't, or when nobody could look."""
        if self.child is None or self._env is None or self.child.is_running:
            return None
        (code, text), self.child = self.child.answer(), None
        if code:
            return None
        try:
            [found] = from_plain(DriftResult, json.loads(text)["result"]).environments
        except (ValueError, KeyError):
            return None
        return self._env, found.since
