"""The commands' `Ui` on a terminal or in a log. Everything goes to stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import field
from typing import TYPE_CHECKING

from tfops.dataclass import dataclass
from tfops.engine.mask import Masker
from tfops.system import environ
from tfops.system.streams import is_drawn_on
from tfops.views.draw import Text
from tfops.views.words import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

    from tfops.cli.plain_log import PlainLog
    from tfops.cli.progress import Progress
    from tfops.records.engine_events import Event
    from tfops.records.plan import Plan


_WORTH_TELLING_S = 3


@dataclass(slots=True)
class Terminal:
    """Notes, progress, questions. `quiet` leaves only warnings and questions, `verbose` adds detail."""

    quiet: bool = False
    verbose: bool = False
    full: bool = False
    given: Console | None = None
    mask: Masker = field(default_factory=Masker)
    _log: PlainLog | None = None
    _status: Status | None = None
    _phase: str = ""
    _phase_since: float = 0.0
    _progress: Progress | None = None

    @property
    def out(self) -> Console | PlainLog:
        """Where lines are told: the terminal, or a log."""
        if self.is_drawn or self.given is not None:
            return self.console
        if self._log is None:
            from tfops.cli.plain_log import PlainLog

            self._log = PlainLog()
        return self._log

    @property
    def console(self) -> Console:
        """What draws on the terminal."""
        if self.given is None:
            from tfops.cli.console import stderr_console

            self.given = stderr_console()
        return self.given

    @property
    def progress(self) -> Progress:
        """Made when there is an engine: most commands start none."""
        if self._progress is None:
            from tfops.cli.progress import Progress

            self._progress = Progress(self)
        return self._progress

    @property
    def is_drawing(self) -> bool:
        """Whether the line of what is under way stands there now."""
        return self._status is not None

    @property
    def is_drawn(self) -> bool:
        """Whether there is a terminal to draw on."""
        return self.given.is_terminal if self.given else is_drawn_on(sys.stderr) and self.console.is_terminal

    @property
    def is_interactive(self) -> bool:
        return sys.stdin.isatty() and self.is_drawn and not environ.in_ci()

    def hide(self, secrets: Iterable[str]) -> None:
        self.mask.add(secrets)

    def keep(self, texts: Iterable[str]) -> None:
        self.mask.keep(texts)

    def note(self, text: str) -> None:
        if not self.quiet:
            self.out.print(Text(plain(self.mask(text)), style="dim"))

    def warn(self, text: str) -> None:
        self.out.print(Text.assemble(("! ", "bold yellow"), (plain(self.mask(text)), "yellow")))

    def phase(self, text: str) -> None:
        self._phase, self._phase_since = text, time.monotonic()
        if self._progress is not None:
            self._progress.begin_phase()
        if text and environ.side_by_side():
            self.out.print(Text(plain(self.mask(text))))
        if self.quiet or not self.is_drawn:
            return
        if not text:
            self.stop()
        elif self._status is None:
            self._status = self.console.status(_Now(self), spinner_style="cyan")
            self._status.start()

    def now(self) -> Text:
        """What is being waited for, and for how long; asked some times a second by whoever draws it."""
        now_s, width = time.monotonic(), max(self.console.width - 4, 20)
        line = self._progress.line(now_s=now_s, width=width) if self._progress else ""
        if not line:
            waited = int(now_s - self._phase_since)
            line = f"{self._phase}…" + (f" {waited} s" if waited >= _WORTH_TELLING_S else "")
        return Text(line, no_wrap=True, overflow="ellipsis")

    def stop(self) -> None:
        """Leave the terminal as a person expects it."""
        for line in self._progress.rest() if self._progress else ():
            self.out.print(line)
        if self._status is not None:
            self._status.stop()
            self._status = None

    def engine_event(self, event: Event) -> None:
        self.progress.event(event)

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
        self.progress.show_plan(plan)

    def confirm(self, question: str) -> bool:
        return self._ask(f"\n{question} [y/N] ").lower() in ("y", "yes")

    def ask_for(self, question: str, word: str) -> bool:
        return self._ask(f"\n{question}: ") == word

    def ask(self, question: str, proposal: str) -> str:
        return self._ask(f"\n{question} [{proposal}]: ") or proposal

    def _ask(self, prompt: str) -> str:
        self.stop()
        try:
            return self.console.input(Text(prompt, style="bold").__rich__()).strip()
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
