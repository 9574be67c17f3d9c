"""One run of the engine in one root: private files for its output, events while it works."""

import itertools
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from tfops.dataclass import dataclass
from tfops.engine.commands import only_reads
from tfops.engine.events import Progress, masked
from tfops.engine.mask import Masker
from tfops.engine.text import safe_lines
from tfops.records.engine_events import Diagnostic, Event, ResourceEvent, Step
from tfops.system import failpoint, process, signals

Observer = Callable[[Event], None]

# The engine's warnings of `-target`, which is tfops' own: what it takes in by id is all that such a plan is to touch.
_OF_TARGETS = ("Resource targeting is in effect", "Applied changes may be incomplete")


@dataclass(frozen=True, slots=True)
class Ended:
    """A finished engine process."""

    code: int
    signals: int
    progress: Progress
    stdout: Path
    stderr: str

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What went wrong: its diagnostics, or what it wrote to stderr, or its bare exit code."""
        if self.progress.errors:
            return self.progress.errors
        text = safe_lines(self.stderr.strip()) or f"{self.stdout.stem} {self._end}"
        return (Diagnostic(is_error=True, summary=text),)

    @property
    def _end(self) -> str:
        if self.code >= 0:
            return f"ended with exit code {self.code}"
        cause = ": was the memory full?" if self.code == -signal.SIGKILL else ""
        return f"was killed by {signal.Signals(-self.code).name}{cause}"


@dataclass(slots=True)
class Runner:
    """Starts the engine in `root`; its output files go to `folder` (0700) and stay until it goes.

    `placed` is asked where people find what a diagnostic is about.
    """

    root: Path
    folder: Path
    env: Mapping[str, str]
    mask: Masker
    observe: Observer
    on_signal: signals.OnSignal
    placed: Callable[[Diagnostic], Diagnostic] = lambda said: said
    started: int = 0
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def run(
        self,
        argv: Sequence[str],
        *,
        shielded: bool = False,
        holds_words: bool = False,
        on_tick: Callable[[Progress], None] = lambda _: None,
    ) -> Ended:
        """Run to the end. Nothing is raised for a failure of the engine: the caller knows what it means.

        With `holds_words` diagnostics are kept as they are and not shown: it isn't known yet what in them is secret.
        """
        name = f"{next(self._numbers):02d}-{argv[1].lstrip('-')}"
        stdout, stderr = self.folder / f"{name}.out", self.folder / f"{name}.err"
        progress = Progress()

        def on_line(line: str) -> None:
            event = progress.hear(line)
            if event is None:
                return
            if isinstance(event, Diagnostic):
                if event.summary in _OF_TARGETS:
                    return
                event = self.placed(event)
            if holds_words and isinstance(event, Diagnostic):
                progress.add(event)
                return
            shown = masked(event, self.mask)
            progress.add(shown if isinstance(shown, Diagnostic) else event)  # addresses and ids as they are
            self.observe(shown)
            if isinstance(event, ResourceEvent) and event.step is Step.COMPLETED:
                failpoint.reach("engine-working")

        self.started += 1
        code, signals = process.follow(
            process.Command(argv, self.root, self.env, stdout, stderr),
            process.Listener(on_line, self.on_signal, lambda: on_tick(progress)),
            shielded=shielded,
            only_reads=only_reads(argv),
        )
        return Ended(code, signals, progress, stdout, self.mask(stderr.read_text("utf-8", "replace")))
