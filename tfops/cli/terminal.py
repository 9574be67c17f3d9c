"""The commands' `Ui` on a terminal or in a log. Everything goes to stderr."""

import sys
import time
from collections.abc import Iterable
from dataclasses import field

from rich.console import Console
from rich.status import Status
from rich.text import Text

from tfops.dataclass import dataclass
from tfops.engine.mask import Masker
from tfops.records.engine_events import ActionEvent, Diagnostic, Event, ReadingEvent, ResourceEvent, SaidEvent, Step
from tfops.records.plan import Plan
from tfops.system import environ
from tfops.system.streams import discard
from tfops.views.live import Groups, Work, live_line
from tfops.views.plan_lines import plan_report
from tfops.views.progress import event_line, finished_line, said_line
from tfops.views.words import plain


class _Progress(Console):
    """Whoever read the progress may be gone (`2>&1 | head`): the change goes on, and nothing more is told.

    rich's own answer to a closed pipe is to end the program with exit code 1, in the middle of whatever it does.
    """

    def on_broken_pipe(self) -> None:
        self.quiet = True
        discard(sys.stderr)


def stderr_console() -> Console:
    """Colours and movement on a terminal only; in a log, lines are never wrapped."""
    return _Progress(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def stdout_console() -> Console:
    """A log gets room enough that tables aren't squeezed into 80 columns."""
    is_terminal = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=not is_terminal, width=None if is_terminal else 200)


_WORTH_TELLING_S = 3


@dataclass(slots=True)
class Terminal:
    """Notes, progress, questions. `quiet` leaves only warnings and questions, `verbose` adds detail."""

    quiet: bool = False
    verbose: bool = False
    full: bool = False
    console: Console = field(default_factory=stderr_console)
    mask: Masker = field(default_factory=Masker)
    _status: Status | None = None
    _phase: str = ""
    _phase_since: float = 0.0
    _running: dict[str, Work] = field(default_factory=dict)
    _groups: Groups = field(default_factory=Groups)
    _done: int = 0
    _planned: int = 0

    @property
    def is_interactive(self) -> bool:
        return sys.stdin.isatty() and self.console.is_terminal and not environ.in_ci()

    def hide(self, secrets: Iterable[str]) -> None:
        self.mask.add(secrets)

    def keep(self, texts: Iterable[str]) -> None:
        self.mask.keep(texts)

    def note(self, text: str) -> None:
        if not self.quiet:
            self.console.print(Text(plain(self.mask(text)), style="dim"))

    def warn(self, text: str) -> None:
        self.console.print(Text.assemble(("! ", "bold yellow"), (plain(self.mask(text)), "yellow")))

    def phase(self, text: str) -> None:
        self._phase, self._phase_since = text, time.monotonic()
        self._running.clear()
        if self.quiet or not self.console.is_terminal:
            return
        if not text:
            self.stop()
        elif self._status is None:
            self._status = self.console.status(_Now(self), spinner_style="cyan")
            self._status.start()

    def now(self) -> Text:
        """What is being waited for, and for how long; asked some times a second by whoever draws it."""
        now_s, width = time.monotonic(), max(self.console.width - 4, 20)
        works = list(self._running.values())
        if works or self._done:
            line = live_line(works, done=self._done, planned=self._planned, now_s=now_s, width=width)
        else:
            waited = int(now_s - self._phase_since)
            line = f"{self._phase}…" + (f" {waited} s" if waited >= _WORTH_TELLING_S else "")
        return Text(line, no_wrap=True, overflow="ellipsis")

    def stop(self) -> None:
        """Leave the terminal as a person expects it."""
        for line in self._groups.rest():
            self.console.print(line)
        if self._status is not None:
            self._status.stop()
            self._status = None

    def engine_event(self, event: Event) -> None:
        if self.quiet and not isinstance(event, Diagnostic):
            return
        if isinstance(event, ReadingEvent):
            if self.verbose:
                self.console.print(Text(f"  {event.address}: reading", style="dim"))
        elif isinstance(event, ActionEvent | SaidEvent) and self.verbose and (said := said_line(event)):
            self.console.print(said)
        elif isinstance(event, ResourceEvent) and self.console.is_terminal:
            self._move(event)
        else:
            self._print_line(event)

    def _print_line(self, event: Event) -> None:
        line = event_line(event)
        if line is not None:
            self.console.print(line)

    def _move(self, event: ResourceEvent) -> None:
        """Finished resources scroll by, the ones under way stand in the status line."""
        if event.action == "read":
            return
        if event.step in (Step.COMPLETED, Step.ERRORED):
            self._done += 1
            self._running.pop(event.address, None)
            self._finish(event)
        elif event.address not in self._running:
            self._running[event.address] = Work(event.address, event.action, time.monotonic())
        if self._status is None:
            works = dict(self._running)
            self.phase("applying")
            self._running.update(works)

    def _finish(self, event: ResourceEvent) -> None:
        is_grouped, line = False, None
        if event.step is Step.COMPLETED and not self.verbose:
            is_grouped, line = self._groups.take(event.address, event.action)
        if not is_grouped:
            width = 0 if self.verbose else self.console.width
            line = finished_line(event, with_id=self.verbose, width=width)
        if line is not None:
            self.console.print(line)

    def engine_signal(self, count: int, *, kills: bool) -> None:
        if kills and count == 1:
            self.warn("interrupt sent: the engine stops after the call under way")
        elif kills:
            self.warn("the engine changes nothing now: when it doesn't stop within 3 s, the next interrupt kills it")
        elif count == 1:
            self.warn("interrupt sent: the engine stops after the call under way, saves its state and unlocks it")
        else:
            self.warn("still saving: killing the engine now would lose what it just did (its state, its lock)")

    def show_plan(self, plan: Plan) -> None:
        self._groups = Groups.of(plan)
        self._planned, self._done = sum(2 if change.action == "replace" else 1 for change in plan.work), 0
        if self.is_interactive or not self.quiet:
            self.console.print(plan_report(plan, full=self.full))

    def confirm(self, question: str) -> bool:
        return self._ask(f"\n{question} [y/N] ").lower() in ("y", "yes")

    def ask_for(self, question: str, word: str) -> bool:
        return self._ask(f"\n{question}: ") == word

    def _ask(self, prompt: str) -> str:
        self.stop()
        try:
            return self.console.input(Text(prompt, style="bold")).strip()
        except EOFError:
            self.console.print()
            return ""
        except KeyboardInterrupt:
            self.console.print()  # what comes next begins its own line, not behind the question
            raise


@dataclass(frozen=True, slots=True)
class _Now:
    """Drawn anew some times a second: the time goes on although the engine says nothing."""

    terminal: Terminal

    def __rich__(self) -> Text:
        return self.terminal.now()
