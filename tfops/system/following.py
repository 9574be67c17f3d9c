"""The engine's runner: own session, no pipe, output to a private file that is read while it grows.

If tfops dies, the engine goes on, finishes and saves its state (a pipe would kill it at its next line of output).
"""

import contextlib
import fcntl
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Protocol, runtime_checkable

from tfops.dataclass import dataclass
from tfops.errors import ProjectError
from tfops.system import signals
from tfops.system.process import MOST_STARTS, open_private, pause, was_hit_at_its_start


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, where, with which environment, and the files that it writes into."""

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    stdout: Path
    stderr: Path


@dataclass(frozen=True, slots=True)
class Listener:
    """What is called while a command works: for each line of its stdout, for signals, and again and again."""

    on_line: Callable[[str], None]
    on_signal: signals.OnSignal
    on_tick: Callable[[], None] = lambda: None


class Running(Protocol):
    """An engine that works. `poll` is None until its command is over, whether or not the process goes on living."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self) -> int: ...

    def send_signal(self, sig: int, /) -> None: ...

    def kill(self) -> None: ...


@runtime_checkable
class Telling(Protocol):
    """One that says that its command is over by something to read."""

    def fileno(self) -> int: ...


@contextlib.contextmanager
def outputs_of(command: Command) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The files that an engine writes into, open. The lock on the first lives as long as anyone has this open file:
    after our copy is closed, the engine alone."""
    with open_private(command.stdout) as out, open_private(command.stderr) as err:
        fcntl.flock(out, fcntl.LOCK_EX)
        yield out, err


def start(command: Command, *, hands: Mapping[str, int] = MappingProxyType({})) -> "subprocess.Popen[bytes]":
    """Start an engine, in a session of its own. `hands` are open files that it inherits, by the option that says so."""
    program, *words = command.argv
    told = [f"{option}={number}" for option, number in hands.items()]
    with outputs_of(command) as (out, err), signals.hangup_ignored():
        try:
            return subprocess.Popen(
                [program, *told, *words],
                cwd=command.cwd,
                env=dict(command.env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                umask=0o077,
                pass_fds=list(hands.values()),
            )
        except (FileNotFoundError, PermissionError) as error:
            raise ProjectError(f"could not run `{program}`", why=str(error)) from error


def follow(
    command: Command,
    listener: Listener,
    *,
    shielded: bool = False,
    only_reads: bool = False,
    starter: Callable[[Command], Running] | None = None,
) -> tuple[int, int]:
    """Run the engine to its end and hand over each line of its stdout while it is written.

    `starter` starts it, where that isn't `start`. `shielded` lets no signal through: for reading back what an apply
    did. One that `only_reads` is killed when it doesn't hear: at the second signal, or a later one, some seconds after
    the first. `on_tick` is called every 20 ms or so while it works. Returns (exit code, number of signals that
    arrived). An exception of a callback doesn't reach the engine: it finishes first, then the exception goes on.
    """
    interrupts = signals.Interrupts(listener.on_signal, shielded=shielded, only_reads=only_reads)

    def tick() -> None:
        interrupts.tell()
        listener.on_tick()

    with signals.routed_to(interrupts):
        for _ in range(MOST_STARTS):
            child = starter(command) if starter else start(command)
            interrupts.watch(child)
            code = _follow_one(child, command.argv, stdout=command.stdout, on_line=listener.on_line, on_tick=tick)
            if not (shielded and was_hit_at_its_start(code, command.stdout.read_bytes(), command.stderr.read_bytes())):
                break
    interrupts.tell()
    return code, interrupts.count


def _follow_one(
    child: Running,
    argv: Sequence[str],
    *,
    stdout: Path,
    on_line: Callable[[str], None],
    on_tick: Callable[[], None],
) -> int:
    from tfops.system import failpoint  # noqa: PLC0415 - short processes, which most commands only have, have none

    failpoint.engine_is(child.pid)
    if argv[1:2] == ["apply"]:
        failpoint.reach("engine-started")
    tail = _Tail(stdout, on_line)
    try:
        while child.poll() is None:
            pause(child.pid, *([child.fileno()] if isinstance(child, Telling) else []))
            tail.look()
            on_tick()
    finally:
        code = child.wait()
        failpoint.engine_is(0)
        tail.finish()
    return code


class _Tail:
    """Hands over the complete lines that were added to a file since the last look."""

    def __init__(self, path: Path, on_line: Callable[[str], None]) -> None:
        self._file = path.open("rb")
        self._on_line = on_line
        self._rest = b""

    def look(self) -> None:
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for line in lines:
            self._on_line(line.decode("utf-8", "replace"))

    def finish(self) -> None:
        self.look()
        if self._rest:
            self._on_line(self._rest.decode("utf-8", "replace"))
        self._file.close()
