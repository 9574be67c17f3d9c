"""How many environments at once are watched: on a terminal a line for each, in a log a line when one is done."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.views.draw import Text
from tfops.views.many import EnvironmentAnswer
from tfops.views.many_lines import EnvironmentLine, many_lines
from tfops.views.words import duration

if TYPE_CHECKING:
    from rich.live import Live

    from tfops.cli.terminal import Terminal

_PERIOD_S = 0.125


@dataclass(slots=True)
class ManyLines:
    """A `Watcher` on the command's terminal."""

    terminal: "Terminal"
    _lines: dict[EnvName, EnvironmentLine] = field(default_factory=dict)
    _live: "Live | None" = None
    _drawn_at: float = 0.0

    @contextlib.contextmanager
    def watching(self, envs: Sequence[EnvName]) -> Iterator[None]:
        """The lines go when the work is over: the table of all comes then."""
        self._lines = {env: EnvironmentLine(env) for env in envs}
        if self.terminal.quiet or not self.terminal.is_drawn:
            yield
            return
        from rich.live import Live

        # Drawn by `tick`: a thread that does it would keep us from being forked.
        with Live(_Drawn(self), console=self.terminal.console, auto_refresh=False, transient=True) as live:
            self._live = live
            yield
        self._live = None

    def started(self, env: EnvName) -> None:
        self._lines[env].since_s = time.monotonic()

    def said(self, env: EnvName, line: str) -> None:
        self._lines[env].text = line

    def ended(self, answer: EnvironmentAnswer) -> None:
        line = self._lines[answer.env]
        line.text, line.is_over, line.is_failed = answer.text, True, not answer.ok
        if self.terminal.is_drawn:
            return
        tell = self.terminal.note if answer.ok else self.terminal.warn
        tell(f"{answer.env}: {answer.text} ({duration(answer.duration_s)})")

    def tick(self) -> None:
        now = time.monotonic()
        if self._live is not None and now - self._drawn_at >= _PERIOD_S:
            self._drawn_at = now
            self._live.refresh()

    def stopping(self, envs: Sequence[EnvName]) -> None:
        self.terminal.warn(f"interrupt passed on; waiting for {', '.join(envs) or 'nothing'}")

    def drawn(self) -> list[Text]:
        """A line for each, as far as there is room."""
        size = self.terminal.console.size
        return many_lines(list(self._lines.values()), now_s=time.monotonic(), width=size.width, height=size.height)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Drawn anew some times a second: the time goes on although nobody says anything."""

    lines: ManyLines

    def __rich__(self) -> Text:
        whole = Text(no_wrap=True, overflow="ellipsis")
        for number, line in enumerate(self.lines.drawn()):
            whole.append("\n" if number else "").append_text(line)
        return whole
