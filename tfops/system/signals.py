"""SIGINT, SIGTERM and SIGHUP: who hears them while engines work, and what waits until a change is recorded."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Protocol

from tfops.errors import NOTHING_CHANGED, Interrupted
from tfops.exits import Exit

_NUMBERS = (signal.SIGINT, signal.SIGTERM)

# How long an engine has to hear the first signal before the next one kills it, where that loses nothing; and how long
# what the first one ends (locks to give back, children) has until the next one ends that too.
_PATIENCE_S = 3.0
_POLL_S = 0.05

FINISHED_FIRST = "The change was finished and recorded first."


class Child(Protocol):
    """A running process."""

    def send_signal(self, sig: int, /) -> None: ...

    def kill(self) -> None: ...


class OnSignal(Protocol):
    """Says what a signal did. `count` is 1 for the first; `kills` when the next one ends an engine that hangs."""

    def __call__(self, count: int, *, kills: bool) -> None: ...


class Interrupts:
    """What happened to SIGINT and SIGTERM while the engine ran.

    The engine runs in a session of its own, so it gets exactly what is forwarded: one SIGINT, for
    the first signal. A second one while it saves its state would lose that state, so there is none.
    One that only reads has nothing to lose: Terraform doesn't hear signals while it asks a store that
    never answers, so it is killed.

    What a signal did is told by `tell`, between two looks at the engine: a handler runs in the middle of anything,
    of a line that is being printed too, and Python refuses to print inside of that.
    """

    def __init__(self, on_signal: OnSignal, *, shielded: bool = False, only_reads: bool = False) -> None:
        self.count = 0
        self.only_reads = only_reads
        self._untold: list[int] = []
        self._first_at = 0.0
        self._shielded = shielded
        self._on_signal = on_signal
        self._child: Child | None = None

    def watch(self, child: Child) -> None:
        self._child = child
        if self.count and not self._shielded:
            child.send_signal(signal.SIGINT)

    def receive(self, number: int, _frame: FrameType | None) -> None:
        self.forward()
        if self._shielded and _deferring:
            _deferring[-1].append(number)
        self._untold.append(self.count + 1 if self._shielded else self.count)

    def tell(self) -> None:
        """Say what the signals since the last call did."""
        while self._untold:
            self._on_signal(self._untold.pop(0), kills=self.only_reads)

    def forward(self) -> None:
        """Count the signal and hand the first one on, without a word to the user."""
        self.count += 1
        now = time.monotonic()
        if self.count == 1:
            self._first_at = now
        if self._child is None:
            return
        if self.count == 1 and not self._shielded:
            self._child.send_signal(signal.SIGINT)
        elif self.count > 1 and self.only_reads and now - self._first_at >= _PATIENCE_S:
            self._child.kill()


class _EngineGroup:
    """Engines of several threads: signals reach the main thread alone, which hands them on to all."""

    def __init__(self, on_signal: OnSignal) -> None:
        self.count = 0
        self._told = 0
        self._on_signal = on_signal
        self._members: set[Interrupts] = set()

    def receive(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        for member in tuple(self._members):
            member.forward()

    def tell(self) -> None:
        """As `Interrupts.tell`."""
        while self._told < self.count:
            self._told += 1
            self._on_signal(self._told, kills=bool(self._members) and all(one.only_reads for one in self._members))

    @contextlib.contextmanager
    def member(self, interrupts: Interrupts) -> Iterator[None]:
        """Whoever comes after a signal hears of it too: an interrupted group begins nothing new."""
        self._members.add(interrupts)
        if self.count and not interrupts.count:
            interrupts.forward()
        try:
            yield
        finally:
            self._members.discard(interrupts)


_engine_groups: list[_EngineGroup] = []


def is_main_thread() -> bool:
    """Whether the caller may set handlers, ask the user, and talk to Git."""
    return threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _NUMBERS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


@contextlib.contextmanager
def routed_to(interrupts: Interrupts) -> Iterator[None]:
    """Route SIGINT and SIGTERM to `interrupts`; in a worker thread, by way of the group that it belongs to."""
    if is_main_thread():
        with _handled(interrupts.receive):
            yield
    elif _engine_groups:
        with _engine_groups[-1].member(interrupts):
            yield
    else:
        yield


@contextlib.contextmanager
def routed_to_all(on_signal: OnSignal) -> Iterator[Callable[[], None]]:
    """For the thread that waits while others run engines: signals reach all of these.

    Yields what has to be called again and again while it waits: `on_signal` gets the signals' count then.
    """
    group = _EngineGroup(on_signal)
    _engine_groups.append(group)
    try:
        with _handled(group.receive), hangup_ignored():
            yield group.tell
    finally:
        _engine_groups.remove(group)


@contextlib.contextmanager
def hangup_ignored() -> Iterator[None]:
    """What is ignored stays ignored across exec: a closed terminal must not kill a running apply."""
    if not is_main_thread():
        yield  # the thread that waits for this one ignores it already
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@contextlib.contextmanager
def collected() -> Iterator[Sequence[int]]:
    """The SIGINTs and SIGTERMs that arrive meanwhile, for who hands them on to children: nothing else comes of them."""
    arrived: list[int] = []
    with _handled(lambda got, _: arrived.append(got)):
        yield arrived


@contextlib.contextmanager
def deferred(state: str = "") -> Iterator[Sequence[int]]:
    """Hold SIGINT and SIGTERM back while something is changed and recorded; raises Interrupted afterwards.

    Yields the signals that have arrived, for those who can stop early. `state` is what a person who interrupts
    from here on is told about the world; empty: as before. Inside of another one it changes nothing: who holds
    signals back there, or hands them on to an engine, goes on to hear them.

    A running engine still hears them at once. What must not be torn is the way from the engine's end to the
    version in Git.
    """
    if _deferring or not is_main_thread():
        yield _deferring[-1] if _deferring else []
        if state:
            tell_if_interrupted(state)
        return
    arrived: list[int] = []
    _deferring.append(arrived)
    try:
        with _handled(lambda got, _: arrived.append(got)):
            try:
                yield arrived
            finally:
                if arrived:  # it is about to be raised: another one right after it would tear what that makes end
                    _stopped_at[:] = [time.monotonic()]
    finally:
        _deferring.clear()
    if state:
        tell_if_interrupted(state)
    if arrived:
        raise Interrupted("interrupted", state=state_of_the_world())


def wait(seconds: float, on_tick: Callable[[], None] = lambda: None) -> bool:
    """Sleep, in the place of an engine; False as soon as SIGINT or SIGTERM arrives, which then is the caller's."""
    interrupts, end = Interrupts(_say_nothing), time.monotonic() + seconds
    with routed_to(interrupts):
        while not interrupts.count and (left := end - time.monotonic()) > 0:
            time.sleep(min(_POLL_S, left))
            on_tick()
    return not interrupts.count


def _say_nothing(count: int, *, kills: bool) -> None:
    """Nobody waits for an engine."""


def defer_outrun() -> None:
    """A signal was handed on to an engine that was through with its work before it heard: it is for us now.

    Inside of `deferred`, as every change is.
    """
    if _deferring:
        _deferring[-1].append(signal.SIGINT)


_deferring: list[list[int]] = []
_finished: list[str] = []


def tell_if_interrupted(state: str) -> None:
    """From here on "nothing was changed" isn't true any more: whoever interrupts is told this instead."""
    _finished[:] = [state]


def state_of_the_world() -> str:
    """What to tell a person who interrupts now."""
    return _finished[-1] if _finished else NOTHING_CHANGED


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """Inside of `deferred`, for a question to the user: Ctrl-C answers it, with a KeyboardInterrupt."""
    if not is_main_thread():
        yield
        return
    with _handled(_stop):
        yield


def terminate_as_interrupt() -> None:
    """Make SIGTERM (a cancelled CI job) end a command as Ctrl-C does: locks released, terminal restored."""
    for number in _NUMBERS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # a job in the background is not interrupted
            signal.signal(number, _stop)


_stopped_at: list[float] = []


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Once: another signal right after it would tear what the first one makes end in order."""
    now = time.monotonic()
    if _stopped_at and now - _stopped_at[-1] < _PATIENCE_S:
        return
    _stopped_at[:] = [now]
    raise KeyboardInterrupt


def settle() -> None:
    """The command is over, its answer is being written: a signal changes neither it nor the exit code any more.

    Whoever interrupts something that goes on for long (the reader of a pipe that doesn't read) still ends it.
    """
    over_at = time.monotonic()

    def leave(_number: int, _frame: FrameType | None) -> None:
        if time.monotonic() - over_at >= _PATIENCE_S:
            os._exit(Exit.INTERRUPTED)

    for number in _NUMBERS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)


def ignore_all() -> None:
    """For the process's very end: the interpreter takes its handlers away first, and then the rest of itself."""
    for number in _NUMBERS:
        signal.signal(number, signal.SIG_IGN)
