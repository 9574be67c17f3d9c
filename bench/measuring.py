"""Whole processes, measured: seconds on the clock, seconds of all processors, medians of interleaved pairs."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

# What a tool made with Typer pays before it does anything.
TYPER = (sys.executable, "-c", "import typer")
_BESIDE = """\
import atexit, sys
def tell(file=sys.argv.pop(1)):
    with open("/proc/self/status") as status, open(file, "w") as out:
        out.write(next(line.split()[1] for line in status if line.startswith("VmHWM:")))
atexit.register(tell)
from tfops.cli import main
main()
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured; small: every scenario once, over few things, to see that it works."""

    is_small: bool = False

    def rounds(self, wanted: int) -> int:
        return 1 if self.is_small else wanted

    def size(self, wanted: int) -> int:
        return max(2, wanted // 50) if self.is_small else wanted


class Report(NamedTuple):
    """A section's text, and what was measured for rows of the table of targets, by their work."""

    text: str
    found: Mapping[str, float]


class Took(NamedTuple):
    """Seconds on the clock, and of all processors together: the second depends less on what else runs."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.2f} ({self.cpu:.2f})"


def run(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Took:
    """One process and all that it starts; its output is thrown away. Raises AssertionError unless it exits with 0."""
    nothing = subprocess.DEVNULL
    with tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        child = subprocess.Popen(argv, cwd=cwd, env=env, stdin=nothing, stdout=nothing, stderr=errors)
        _, status, used = os.wait4(child.pid, 0)
        took = Took(time.perf_counter() - started, used.ru_utime + used.ru_stime)
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        assert child.returncode == 0, f"{' '.join(argv)}: {child.returncode}\n{errors.read()}"
    return took


def all_of(steps: Iterable[Took]) -> Took:
    """Steps one after the other."""
    walls, cpus = zip(*steps, strict=True)
    return Took(sum(walls), sum(cpus))


def peak_mb(args: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> float:
    """The most memory that `tfops ARGS` itself had (not Git, not the engine). Linux only."""
    file = cwd / ".git/bench-peak"
    run([sys.executable, "-c", _BESIDE, str(file), *args], cwd=cwd, env=env)
    return int(file.read_text()) * 1024 / 1e6


def interleaved(rounds: int, jobs: Mapping[str, Callable[[], Took]], *, warm_up: bool = True) -> "Rounds":
    """Each job once a round, forwards and backwards in turn; the first round is thrown away."""
    found = Rounds({name: [] for name in jobs})
    for number in range(0 if warm_up else 1, rounds + 1):
        for name in sorted(jobs, key=list(jobs).index, reverse=number % 2 == 0):
            took = jobs[name]()
            print(f"  {name}: {took}", file=sys.stderr, flush=True)
            found.took[name] += [took] if number else []
    return found


@dataclass(slots=True)
class Rounds:
    """What each job took in each round."""

    took: dict[str, list[Took]] = field(default_factory=dict)

    def median(self, job: str) -> Took:
        walls, cpus = zip(*self.took[job], strict=True)
        return Took(statistics.median(walls), statistics.median(cpus))

    def ratio(self, job: str, other: str) -> Took:
        """Medians of pairs."""
        pairs = list(zip(self.took[job], self.took[other], strict=True))
        walls = statistics.median(one.wall / another.wall for one, another in pairs)
        return Took(walls, statistics.median(one.cpu / max(another.cpu, 1e-3) for one, another in pairs))

    def row(self, job: str, other: str, title: str = "") -> str:
        """A line of a table: the two jobs, the seconds of each, the ratio."""
        return f"| {title or job} | {other} | {self.median(job)} | {self.median(other)} | {self.ratio(job, other)} |"


HEAD = """\
| work | against | s | s of the other | ratio |
|---|---|---|---|---|"""
READ = "Seconds on the clock, in brackets those of all processors; ratios are medians of pairs."
