"""The loop: look, decide, act, tell; for months.

All that needs memory or may crash happens in children: one that decides (`reconcile --only-decide`), at most
`parallel` that act (`apply --unattended`), one that looks for drift. The next that decides is started ahead of time: a
push event is answered at once. The loop itself holds a digest, a queue and a board.
"""

import contextlib
import json
import random
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, Unpack

from tfops.agent import act
from tfops.agent.agent_status import AgentStatus
from tfops.agent.drifting import DriftRound
from tfops.agent.log import Log, Value
from tfops.agent.messages import About, Notice
from tfops.agent.queue import Queue
from tfops.agent.tell import Notifier
from tfops.agent.traces import Traces
from tfops.agent.watch import Watch
from tfops.change.project import Project
from tfops.dataclass import dataclass
from tfops.errors import TfopsError
from tfops.exits import Exit
from tfops.ledger.codec import from_plain
from tfops.records.decision import Decision, SyncReason
from tfops.records.names import EnvName
from tfops.resolve.shard import Shard
from tfops.system import clock
from tfops.system.children import Child, WarmProcess
from tfops.system.remote import RemoteUnreachable
from tfops.views.reconcile import Act, ReconcileResult

_TICK_S = 0.1
_LONGEST_PAUSE_S = 5.0
_JITTER = 0.1
_MOST_BAD_TURNS = 10


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """`grace_s` is how long a running change may take when the agent is asked to stop."""

    interval_s: float
    parallel: int
    grace_s: float
    shard: Shard
    engine: str = ""


@dataclass(slots=True)
class Loop:
    """`wake` may be set by any thread: look now."""

    project: Project
    options: AgentOptions
    watch: Watch
    board: AgentStatus
    log: Log
    teller: Notifier
    traces: Traces = field(default_factory=Traces)
    wake: threading.Event = field(default_factory=threading.Event)
    queue: Queue = field(default_factory=Queue)
    _running: list[act.Running] = field(default_factory=list)
    _deciding: Child | None = None
    _spare: WarmProcess = field(default_factory=WarmProcess)
    _drift: DriftRound = field(init=False)
    _look_at: float = 0.0
    _decide_at: float = 0.0
    _is_woken: bool = False
    _stops: int = 0
    _bad_turns: int = 0
    _surveyed_at: float = 0.0
    _early: frozenset[EnvName] = frozenset()

    def __post_init__(self) -> None:
        self._drift = DriftRound(self.project, self.options.engine)

    def run(self) -> None:
        """Until a signal says stop; then until what runs has ended or was handed over."""
        with self._signals():
            while not self._stops:
                self._survive_turn()
                if self.wake.wait(self._pause()):
                    self.wake.clear()
                    self._is_woken = True
            self._leave()

    def _survive_turn(self) -> None:
        """One bad turn (a full disk, no process to be had) does not end months; many in a row do: we are restarted."""
        try:
            self._turn()
        except Exception as error:
            self._bad_turns += 1
            if self._bad_turns >= _MOST_BAD_TURNS:
                raise
            self.log.say("bad-turn", f"{type(error).__name__}: {error}", is_warning=True)
            self._look_at = max(self._look_at, time.monotonic() + 1)
        else:
            self._bad_turns = 0

    def _turn(self) -> None:
        now = time.monotonic()
        self.board.heartbeat(running=list(self.queue.running), waiting=list(self.queue.waiting))
        self._reap(now)
        if self._is_woken or now >= self._look_at:
            self._look(now)
        if now >= self._decide_at and self._deciding is None:
            self._decide()
        self._start_next(now)
        if self._deciding is None:
            self._drift.start_next(now, busy=self.queue.running)
            self._spare.prepare()

    def _pause(self) -> float:
        """Short while children work, else until there is something to do; never so long that nobody hears us."""
        if self._running or self._deciding or self._drift.child:
            return _TICK_S
        now = time.monotonic()
        moments = [self._look_at, self._decide_at, self.queue.next_at(now), self._drift.next_at()]
        due = min(moment for moment in moments if moment is not None)
        return min(max(due - now, 0.0), _LONGEST_PAUSE_S)

    def _look(self, now: float) -> None:
        """After a push event there is no need to look: deciding looks itself."""
        out_of_step = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - many agents need not look at once
        self._look_at = now + self.options.interval_s * out_of_step
        if self._is_woken:
            self._is_woken, self._decide_at = False, now
            return
        try:
            if self.watch.has_moved():
                self._decide_at = now
        except RemoteUnreachable as error:
            self._away(str(error))
        else:
            self._back()

    def _away(self, why: str) -> None:
        words = " ".join(why.split()) or "no answer"
        if self.board.look_error != words:
            self.log.say("remote-away", words, is_warning=True)
            self._tell("remote", "the remote does not answer")
        self.board.looked(words)
        self.watch.forget()

    def _back(self) -> None:
        if self.board.look_error and self.board.looked_at:
            self.log.say("remote-back")
            self._tell("remote", "the remote answers again")
        self.board.looked()

    def _decide(self) -> None:
        self._decide_at, self._surveyed_at = float("inf"), time.monotonic()
        self.traces.deciding()
        self._deciding = self._spare.start(
            ["reconcile", "--only-decide", "--quiet", "--output", "json", "--shard", str(self.options.shard)],
            folder=self.project.repository.root,
            files=self.project.workspace.reports,
            name="_deciding",
        )

    def _reap(self, now: float) -> None:
        if self._deciding is not None and not self._deciding.is_running:
            survey, self._deciding = self._deciding, None
            self._take_over(*survey.answer())
        for one in [one for one in self._running if one.is_over]:
            self._running.remove(one)
            self._ended(act.finished(self.project, one), now)
        found = self._drift.reap()
        if found is not None:
            self._compared(*found)

    def _compared(self, env: EnvName, since: datetime | None) -> None:
        if since is not None and env not in self.board.drifted:
            self.log.say("drifted", f"since {since:%Y-%m-%d %H:%M} UTC", {"env": env}, is_warning=True)
            self._tell("drifted", "differs from its version", env=env)
        self.board.compared(env, since)

    def _tell(self, event: str, text: str, **about: Unpack[About]) -> None:
        at = clock.now().isoformat()
        self.teller.tell(Notice(event, self.board.project, text, at, **about))

    def _take_over(self, code: int, text: str) -> None:
        """The answers of a survey; without any, it is asked again after an interval."""
        body = _parsed(text)
        if code or not body.get("ok"):
            why = str((body.get("error") or {}).get("what") or f"exit code {code}")
            self.log.say("undecided", why, is_warning=True)
            self.traces.decided(error=why)
            self._away(why) if code == _REFUSED else self.watch.forget()
            return
        result = from_plain(ReconcileResult, body["result"])
        decisions = result.decisions
        self.traces.decided({"environments": len(decisions), "acting": sum(found.acts for found in decisions)})
        self.teller.listen_to(result.tell)
        self._say_news(decisions)
        self._back()
        self.board.surveyed(result.project, decisions)
        self._early = self.queue.offer(decisions, since=self._surveyed_at)
        if self._early - self.queue.running.keys():
            self._decide_at = time.monotonic()
        self._drift.watch(decisions, every_s=result.drift_every_s, now=time.monotonic())
        again = min((found.again_at for found in decisions if found.again_at), default=None)
        if again is not None:
            self._decide_at = min(self._decide_at, time.monotonic() + max((again - clock.now()).total_seconds(), 1.0))

    def _say_news(self, decisions: Sequence[Decision]) -> None:
        before = {env: (found.word, found.text) for env, found in self.board.decisions.items()}
        for found in decisions:
            if before.get(found.env) != (found.word, found.text):
                self.log.say(
                    "decided", found.text, {"env": found.env, "reason": found.word, "commit": found.commit[:8]}
                )
                if not (found.acts or found.is_in_sync or found.reason in _NO_NEWS):
                    facts = {"reason": found.word, "commit": found.commit, "branch": found.branch}
                    self._tell("blocked", found.text, env=found.env, **facts)

    def _start_next(self, now: float) -> None:
        while len(self._running) < self.options.parallel:
            decision = self.queue.take(now)
            if decision is None:
                return
            self.log.say("started", decision.text, {"env": decision.env, "reason": decision.word})
            facts = {"reason": decision.word, "branch": decision.branch, "commit": decision.commit}
            self.traces.changing(decision.env, facts)
            try:
                self._running.append(act.start(self.project, decision, engine=self.options.engine))
            except TfopsError as error:
                self._ended(act.not_started(decision, error), now)

    def _ended(self, ended: Act, now: float) -> None:
        self.queue.ended(ended, now)
        self.board.ended(ended)
        outcome: dict[str, str | int] = {"version": ended.version, "exit_code": ended.code, "failure": ended.detail}
        self.traces.changed(ended.env, outcome, error=ended.text if ended.code else "")
        fields: dict[str, Value] = {
            "env": ended.env,
            "commit": ended.commit[:8],
            "version": ended.version,
            "seconds": ended.duration_s,
        }
        if ended.code == 0:
            self.log.say("ended", ended.text, fields)
            if ended.version:
                self._tell("applied", ended.text, env=ended.env, version=ended.version, commit=ended.commit)
        else:
            self.log.say("failed", ended.text, {**fields, "code": ended.code, "reason": ended.detail}, is_warning=True)
            if ended.code in _TELLING_CODES:
                self._tell("failed", ended.text, env=ended.env, reason=ended.detail, commit=ended.commit)
        known = self.board.decisions.get(ended.env)
        is_old = ended.env in self._early or (known is not None and known.reason is SyncReason.BUSY)
        if ended.code or is_old:
            self._decide_at = min(self._decide_at, max(now, self.queue.next_at(now) or now))

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(_number: int, _frame: object) -> None:
            self._stops += 1
            self.wake.set()

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _leave(self) -> None:
        """Nothing new; what runs gets its time, or at the second signal is interrupted in an orderly way."""
        self.board.is_stopping = True
        for child in filter(None, (self._deciding, self._drift.child)):
            child.stop()
        names = ", ".join(one.decision.env for one in self._running)
        self.log.say("stopping", f"waits for {names}" if names else "")
        end, asked = time.monotonic() + self.options.grace_s, self._stops
        while self._running and time.monotonic() < end and self._stops == asked:
            self.board.heartbeat(running=list(self.queue.running), waiting=[])
            self._reap(time.monotonic())
            time.sleep(_TICK_S)
        if self._running:
            self.log.say("handed-over", "interrupted what runs; the ledger knows how far it got", is_warning=True)
            for one in self._running:
                one.child.stop()
            for one in self._running:
                one.child.process.wait()
            self._reap(time.monotonic())
        self._spare.close()
        self.teller.close()
        self.traces.close()
        self.log.say("stopped")


_REFUSED = 11

# What passes by itself is no news for people; of what was declined they hear when it happens.
_NO_NEWS = frozenset({SyncReason.BUSY, SyncReason.RETRY, SyncReason.MANUAL, SyncReason.WINDOW, SyncReason.DESTROYED})
_TELLING_CODES = frozenset(
    {Exit.BUG, Exit.BAD_PROJECT, Exit.NOT_PASSED, Exit.ENGINE_FAILED, Exit.STOPPED_PART_WAY, Exit.NOT_RECORDED}
)


def _parsed(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
