"""What a flow may ask of whoever runs it: a terminal, a CI log, an agent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tfops.records.engine_events import Event
    from tfops.records.plan import Plan


class Ui(Protocol):
    """Everything human. Answers never come this way: they are the flow's result."""

    @property
    def is_interactive(self) -> bool:
        """Whether questions can be asked."""

    def hide(self, secrets: Iterable[str]) -> None:
        """From now on, mask these values in everything that is shown, the command's answer and its errors included."""

    def keep(self, texts: Iterable[str]) -> None:
        """Mask nothing that is a part of these: they are code, which hides nothing."""

    @property
    def mask(self) -> Callable[[str], str]:
        """What hides the values that are hidden."""

    def note(self, text: str) -> None:
        """Say what is going on."""

    def warn(self, text: str) -> None:
        """Say what the user should know although the command goes on."""

    def phase(self, text: str) -> None:
        """Say what is being waited for now; empty when it is over."""

    def engine_event(self, event: Event) -> None:
        """Show one step of the engine."""

    def engine_signal(self, count: int, *, kills: bool) -> None:
        """Say what an interrupt did; `count` is 1 for the first, `kills` when a later one kills the engine."""

    def show_plan(self, plan: Plan) -> None:
        """Show what will be done, before anyone is asked to consent."""

    def confirm(self, question: str) -> bool:
        """Ask a yes-or-no question; anything but yes is no."""

    def ask_for(self, question: str, word: str) -> bool:
        """Ask to type a word exactly."""

    def ask(self, question: str, proposal: str) -> str:
        """Ask for a value; the proposal where nothing is typed."""
