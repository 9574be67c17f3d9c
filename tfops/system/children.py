"""`tfops` in processes of their own: several at once, each with its own session, none lost when we die.

Their output goes to private files, never through pipes: a child outlives its parent and finishes. Where this process
may be forked, they are forks of it (`workers.py`); else each is a new Python.
"""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Protocol

from tfops.dataclass import dataclass
from tfops.system import environ, workers
from tfops.system.git_objects import close_all

# Without -P a folder `tfops/` of the commit that is checked out where it runs would be taken for this program.
_PYTHON = (sys.executable, "-P", "-m")

# How a fork becomes a `tfops`; by its name, as it is started: what is imported goes down only.
_WORKER = "tfops.cli.worker"

_MOST_ANSWER = 20_000_000


class Process(Protocol):
    """A child of ours, however it was made."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self) -> int: ...

    def send_signal(self, sig: int, /) -> None: ...


@dataclass(slots=True)
class Child:
    """A `tfops` that was started; `stdout` and `stderr` are its files."""

    process: Process = field(repr=False)
    stdout: Path
    stderr: Path
    started: float = field(default_factory=time.monotonic)

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self.started, 3)

    def stop(self) -> None:
        """One interrupt, as from Ctrl-C: it lets a running engine finish its call and save its state."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)

    def answer(self) -> tuple[int, str]:
        """Its exit code and what it said on stdout. Only for one that has ended."""
        code = self.process.wait()
        with self.stdout.open("rb") as file:
            return code, file.read(_MOST_ANSWER).decode("utf-8", "replace")


@dataclass(slots=True)
class WarmProcess:
    """A `tfops` that has imported what it needs before it is told what to do (`cli/spare.py`).

    It is told through a pipe, which ends with us: then so does one that was told nothing.
    """

    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def prepare(self) -> None:
        """Have one, if there is none. One that died isn't followed by another before it was missed."""
        if self._process is None:
            self._process = subprocess.Popen(
                [*_PYTHON, "tfops.cli.warm_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def start(self, args: Sequence[str], *, folder: Path, files: Path, name: str) -> Child:
        """As `start_tfops`, by the one that waits. Where none does, by a new process."""
        process, self._process = self._process, None
        out, err = files / f"{name}.out", files / f"{name}.err"
        if process is not None:
            with _private(out), _private(err):  # emptied: what is there is of an earlier one
                job = {"argv": list(args), "folder": str(folder), "stdout": str(out), "stderr": str(err)}
            if _tell(process, json.dumps(job).encode()):
                return Child(process, out, err)
        return start_tfops(args, folder=folder, files=files, name=name, env={})

    def close(self) -> None:
        if self._process is not None:
            _tell(self._process, b"")
            self._process.wait()
            self._process = None


def _tell(process: "subprocess.Popen[bytes]", text: bytes) -> bool:
    """Write and close its standard input; False when it is gone."""
    assert process.stdin is not None
    try:
        with process.stdin as pipe:
            pipe.write(text)
    except BrokenPipeError:
        process.wait()
        return False
    return True


def start_tfops(args: Sequence[str], *, folder: Path, files: Path, name: str, env: Mapping[str, str]) -> Child:
    """`tfops ARGS` in a folder; `env` is laid over our environment. `files` is where its output goes, by `name`."""
    if workers.can_fork():
        worker = importlib.import_module(_WORKER)
        worker.get_ready()
        return start(lambda: worker.run(args), folder=folder, files=files, name=name, env=env)
    out, err = files / f"{name}.out", files / f"{name}.err"
    with _private(out) as stdout, _private(err) as stderr:
        process = subprocess.Popen(
            [*_PYTHON, "tfops", *args],
            cwd=folder,
            env={**environ.everything(), **env},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    return Child(process, out, err)


def start(work: Callable[[], int], *, folder: Path, files: Path, name: str, env: Mapping[str, str]) -> Child:
    """`work` in a fork, as `start_tfops`; what it returns is the exit code. Only where `workers.can_fork`."""
    out, err = files / f"{name}.out", files / f"{name}.err"
    with _private(out), _private(err):  # emptied: what is there is of an earlier one
        pass
    close_all()  # a reader's pipes would be the fork's too
    return Child(workers.fork(work, folder=folder, stdout=out, stderr=err, env=env), out, err)


@contextlib.contextmanager
def _private(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
