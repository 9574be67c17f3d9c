"""What an engine does, as it does it: on a terminal the resources under way in one line, in a log a line per event."""

import time
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from tfops.dataclass import dataclass
from tfops.records.engine_events import ActionEvent, Diagnostic, Event, ReadingEvent, ResourceEvent, SaidEvent, Step
from tfops.records.plan import Plan
from tfops.views.draw import Text
from tfops.views.live import Groups, Work, live_line
from tfops.views.plan_lines import plan_report
from tfops.views.progress import event_line, finished_line, said_line

if TYPE_CHECKING:
    from rich.console import Console

    from tfops.cli.plain_log import PlainLog


class Screen(Protocol):
    """Where progress is told: what it takes of the terminal."""

    quiet: bool
    verbose: bool
    full: bool

    @property
    def out(self) -> "Console | PlainLog": ...

    @property
    def is_drawing(self) -> bool: ...

    @property
    def is_drawn(self) -> bool: ...

    @property
    def is_interactive(self) -> bool: ...

    def phase(self, text: str) -> None: ...


@dataclass(slots=True)
class Progress:
    """The resources under way, and how many are done of those that the plan has."""

    terminal: Screen
    _running: dict[str, Work] = field(default_factory=dict)
    _groups: Groups = field(default_factory=Groups)
    _done: int = 0
    _planned: int = 0

    def begin_phase(self) -> None:
        """What was under way belongs to the phase before."""
        self._running.clear()

    def line(self, *, now_s: float, width: int) -> str:
        """What takes longest; empty while nothing was begun."""
        works = list(self._running.values())
        if not works and not self._done:
            return ""
        return live_line(works, done=self._done, planned=self._planned, now_s=now_s, width=width)

    def rest(self) -> list[Text]:
        """What was counted and isn't told yet."""
        return self._groups.rest()

    def show_plan(self, plan: Plan) -> None:
        ui = self.terminal
        self._groups = Groups.of(plan)
        self._planned, self._done = sum(2 if change.action == "replace" else 1 for change in plan.work), 0
        if ui.is_interactive or not ui.quiet:
            ui.out.print(plan_report(plan, full=ui.full))

    def event(self, event: Event) -> None:
        ui = self.terminal
        if ui.quiet and not isinstance(event, Diagnostic):
            return
        if isinstance(event, ReadingEvent):
            if ui.verbose:
                ui.out.print(Text(f"  {event.address}: reading", style="dim"))
        elif isinstance(event, ActionEvent | SaidEvent) and ui.verbose and (said := said_line(event)):
            ui.out.print(said)
        elif isinstance(event, ResourceEvent) and ui.is_drawn:
            self._move(event)
        else:
            self._print_line(event)

    def _print_line(self, event: Event) -> None:
        line = event_line(event)
        if line is not None:
            self.terminal.out.print(line)

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
        if not self.terminal.is_drawing:
            works = dict(self._running)
            self.terminal.phase("applying")
            self._running.update(works)

    def _finish(self, event: ResourceEvent) -> None:
        ui, is_grouped, line = self.terminal, False, None
        if event.step is Step.COMPLETED and not ui.verbose:
            is_grouped, line = self._groups.take(event.address, event.action)
        if not is_grouped:
            width = 0 if ui.verbose else ui.out.width
            line = finished_line(event, with_id=ui.verbose, width=width)
        if line is not None:
            ui.out.print(line)
