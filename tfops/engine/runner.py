"""One run of the engine in one root: private files for its output, events while it works."""

import contextlib
import itertools
import json
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tfops.config.project import RetryRule
from tfops.dataclass import dataclass
from tfops.engine.commands import only_reads
from tfops.engine.events import Progress, masked
from tfops.engine.mask import Masker
from tfops.engine.standby import Standby, standby
from tfops.engine.text import safe_lines
from tfops.records.engine_events import Diagnostic, Event, ResourceEvent, Step
from tfops.records.names import MAIN_STACK, StackName
from tfops.system import clock, failpoint, following, signals
from tfops.system.process import open_private, talk

if TYPE_CHECKING:
    from tfops.records.tries import FailedTry

Observer = Callable[[Event], None]

# The engine's warnings of `-target`, which is tfops' own: what it takes in by id is all that such a plan is to touch.
_LOOKS = ("show", "state")  # the root stays as it was planned
_FINE = (0, 2)  # 2: a plan with changes
TRIES = "retry"  # the files of a run that tell of tries
_OF_TARGETS = ("Resource targeting is in effect", "Applied changes may be incomplete")


@dataclass(frozen=True, slots=True)
class Ended:
    """A finished engine process. `held` is what it said that wasn't shown yet, as it is."""

    code: int
    signals: int
    progress: Progress
    stdout: Path
    stderr: str
    held: Sequence[Event] = ()

    def take_output(self) -> str:
        """What it printed. Its file may hold every secret, and goes at once."""
        text = self.stdout.read_text(encoding="utf-8")
        self.stdout.unlink()
        return text

    @property
    def exit_code(self) -> int:
        """As a shell has it: 128 and the number of the signal for one that was killed."""
        return as_exit_code(self.code)

    @property
    def said_why(self) -> str:
        """What it wrote to stderr; for one that failed without a word, how it ended."""
        return self.stderr or (f"{self.errors[0].text}\n" if self.code else "")

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


def as_exit_code(code: int) -> int:
    return code if code >= 0 else 128 - code


@dataclass(frozen=True, slots=True)
class Retry:
    """What the stack's runs are tried again for, besides what is known; `tell` hears of each try that failed."""

    rules: Sequence[RetryRule] = ()
    stack: StackName = MAIN_STACK
    tell: "Callable[[FailedTry], None]" = lambda _: None


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
    retry: Retry = field(default_factory=Retry)
    started: int = 0
    _waiting: Standby | None = None
    _is_spent: bool = False
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def run(
        self,
        argv: Sequence[str],
        *,
        shielded: bool = False,
        holds: Callable[[Event], bool] = lambda _: False,
        stays: bool = False,
        on_tick: Callable[[Progress], None] = lambda _: None,
    ) -> Ended:
        """Run to the end. Nothing is raised for a failure of the engine: the caller knows what it means.

        What `holds` says yes to is kept as it is and not shown: it isn't known yet what in it is secret.
        What `stays` is a plan, in a process that may go on with the apply of it.
        """
        command = self._command(argv)
        progress, held = Progress(), list[Event]()

        def on_line(line: str) -> None:
            event = progress.hear(line)
            if event is None:
                return
            if isinstance(event, Diagnostic):
                if event.summary in _OF_TARGETS:
                    return
                event = self.placed(event)
            if holds(event):
                progress.add(event)
                held.append(event)
                return
            shown = masked(event, self.mask)
            progress.add(shown if isinstance(shown, Diagnostic) else event)  # addresses and ids as they are
            self.observe(shown)
            if isinstance(event, ResourceEvent) and event.step is Step.COMPLETED:
                failpoint.reach("engine-working")

        code, signals = following.follow(
            command,
            following.Listener(on_line, self.on_signal, lambda: on_tick(progress)),
            shielded=shielded,
            only_reads=only_reads(argv),
            starter=self._stay if stays else self._start,
        )
        if self._waiting and not self._waiting.is_waiting:
            self.dismiss()
        return Ended(code, signals, progress, command.stdout, self._said(command), held)

    def run_until_settled(
        self,
        argv: Sequence[str],
        *,
        holds: Callable[[Event], bool] = lambda _: False,
        stays: bool = False,
        within: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> Ended:
        """As `run`, of what changes nothing; and again, after a pause, where it failed with errors that pass.

        Each try is `within` a context of its own. What the engine says of an error that passes isn't shown.
        """

        def holds_errors(event: Event) -> bool:
            return holds(event) or (isinstance(event, Diagnostic) and event.is_error)

        for number in itertools.count(1):
            with within():
                ended = self.run(argv, holds=holds_errors, stays=stays)
            if ended.code in _FINE or ended.signals:
                break
            pause_s = self.pause_after(" ".join(argv[1:3] if argv[1] == "state" else argv[1:2]), number, ended.errors)
            if pause_s is None:
                break
            if not signals.wait(pause_s):
                ended = replace(ended, signals=1)
                break
        return self._shown(ended, holds)

    def pause_after(self, command: str, number: int, errors: Sequence[Diagnostic]) -> float | None:
        """After how many seconds the `number`th try that failed is followed by another: it is told, and stands in the
        run's folder. None where it is the last one."""
        from tfops.engine.passing_errors import rule_for  # noqa: PLC0415 - most runs end well
        from tfops.records.tries import FailedTry  # noqa: PLC0415 - as above

        rule = rule_for(errors, self.retry.rules)
        if rule is None or self._is_spent:
            return None
        if number >= rule.tries:
            self._is_spent = True  # what is asked next would fail as often
            return None
        failed = FailedTry(self.retry.stack, command, number, rule.tries, rule.name, rule.wait_s)
        line = json.dumps({"@message": failed.text, "@timestamp": clock.now().isoformat()})
        with open_private(self.folder / f"{next(self._numbers):02d}-{TRIES}.out") as file:
            file.write(f"{line}\n".encode())
        self.retry.tell(failed)
        return rule.wait_s

    def _shown(self, ended: Ended, holds: Callable[[Event], bool]) -> Ended:
        """With what was held back but for `holds` shown."""
        told = {id(event): masked(event, self.mask) for event in ended.held if not holds(event)}
        for event in told.values():
            self.observe(event)
        diagnostics = ended.progress.diagnostics
        diagnostics[:] = [
            shown if isinstance(shown := told.get(id(one), one), Diagnostic) else one for one in diagnostics
        ]
        return replace(ended, held=[event for event in ended.held if id(event) not in told])

    def pass_on(self, argv: Sequence[str], *, reads: bool, shielded: bool) -> Ended:
        """Run a command of the user's own, whose output nobody here reads: signals reach it as in `run`."""
        command = self._command(argv)

        def on_tick() -> None:
            if not reads:
                failpoint.reach("surgery-working")

        listener = following.Listener(lambda _: None, self.on_signal, on_tick)
        code, signals = following.follow(command, listener, only_reads=reads, shielded=shielded)
        return Ended(code, signals, Progress(), command.stdout, self._said(command))

    def talk(self, argv: Sequence[str]) -> int:
        """Let a person talk to the engine on our own terminal, or a program through our own streams; the exit code."""
        self.started += 1
        return as_exit_code(talk(argv, env=self.env, cwd=self.root))

    def _command(self, argv: Sequence[str]) -> following.Command:
        name = f"{next(self._numbers):02d}-{argv[1].lstrip('-')}"
        self.started += 1
        return following.Command(argv, self.root, self.env, self.folder / f"{name}.out", self.folder / f"{name}.err")

    def _said(self, command: following.Command) -> str:
        return self.mask(command.stderr.read_text("utf-8", "replace"))

    def tell(self, ended: Ended) -> Ended:
        """Show what was held back, now that all that is secret in it is masked; and the process with words to show."""
        for event in ended.held:
            self.observe(masked(event, self.mask))
        diagnostics = ended.progress.diagnostics
        diagnostics[:] = [said for one in diagnostics if isinstance(said := masked(one, self.mask), Diagnostic)]
        return replace(ended, stderr=self.mask(ended.stderr), held=())

    def dismiss(self) -> None:
        """End the process that waits for an apply, where there is one."""
        if self._waiting:
            self._waiting.dismiss()
            self._waiting = None

    def _stay(self, command: following.Command) -> following.Running:
        self.dismiss()
        self._waiting = standby(command)
        return self._waiting or following.start(command)

    def _start(self, command: following.Command) -> following.Running:
        """The apply goes on in the process of its plan, if that had the same variables; what isn't a look ends that."""
        waiting = self._waiting
        if waiting is None or command.argv[1] in _LOOKS:
            return following.start(command)
        if command.argv[1] == "apply" and waiting.env == command.env:
            self._waiting = None
            return waiting.go_on(command)
        self.dismiss()
        return following.start(command)
