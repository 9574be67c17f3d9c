"""The flows' `Ui` on a terminal or in a log. Everything goes to stderr."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status
from rich.text import Text

from tfops.engine.mask import Masker
from tfops.events import ActionEvent, Diagnostic, Event, ReadingEvent, ResourceEvent, Step
from tfops.model import Plan
from tfops.report.plan import plan_report
from tfops.report.progress import doing, event_line, finished_line, said_line
from tfops.report.words import plain
from tfops.system import environ


def stderr_console() -> Console:
    """Colours and movement on a terminal only; in a log, lines are never wrapped."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def stdout_console() -> Console:
    """A log gets room enough that tables aren't squeezed into 80 columns."""
    is_terminal = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=not is_terminal, width=None if is_terminal else 200)


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
    _running: dict[str, str] = field(default_factory=dict)
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
        self._phase = text
        self._running.clear()
        if self.quiet or not self.console.is_terminal:
            return
        if not text:
            self.stop()
        elif self._status is None:
            self._status = self.console.status(f"{text}…", spinner_style="cyan")
            self._status.start()
        else:
            self._status.update(f"{text}…")

    def stop(self) -> None:
        """Leave the terminal as a person expects it."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def engine_event(self, event: Event) -> None:
        if self.quiet and not isinstance(event, Diagnostic):
            return
        if isinstance(event, ReadingEvent):
            if self.verbose:
                self.console.print(Text(f"  {event.address}: reading", style="dim"))
        elif isinstance(event, ActionEvent) and self.verbose and (said := said_line(event)):
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
            self.console.print(finished_line(event, with_id=self.verbose))
        else:
            self._running[event.address] = doing(event)
        if self._status is None:
            self.phase("applying")
        self._show_running()

    def _show_running(self) -> None:
        if self._status is None:
            return
        first = next(iter(self._running.items()), None)
        now = f" · {first[0]}: {first[1]}" if first else ""
        more = f" (and {len(self._running) - 1} more)" if len(self._running) > 1 else ""
        width = max(self.console.width - 6, 20)
        line = Text(f"{self._done} of {self._planned} done{now}{more}")
        line.truncate(width, overflow="ellipsis")
        self._status.update(line)

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
            return ""
