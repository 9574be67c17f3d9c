"""Environments that are worked on side by side: a line each, as far as a terminal has room."""

from collections.abc import Sequence

from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.views.draw import Text
from tfops.views.live import shortened
from tfops.views.words import plain

_LEFT_FREE = 2  # lines of a terminal: the prompt, and what warns
_LONGEST_NAME = 30


@dataclass(slots=True)
class EnvironmentLine:
    """What is known of one: `text` is what it told last, `since_s` by our own clock when it began (0: not yet)."""

    env: EnvName
    text: str = ""
    since_s: float = 0.0
    is_over: bool = False
    is_failed: bool = False

    @property
    def is_running(self) -> bool:
        return self.since_s > 0 and not self.is_over


def many_lines(found: Sequence[EnvironmentLine], *, now_s: float, width: int, height: int) -> list[Text]:
    """All of them; where there are too many, those that failed and that are worked on, and the rest counted."""
    room = max(height - _LEFT_FREE, 3)
    shown, rest = list(found), ""
    if len(shown) > room:
        shown = [one for one in found if one.is_failed or one.is_running][: room - 1]
        done = sum(one.is_over and not one.is_failed for one in found)
        rest = f"{done} of {len(found)} done, {sum(not (one.since_s or one.is_over) for one in found)} waiting"
    wide = min(max((len(one.env) for one in shown), default=0), _LONGEST_NAME)
    lines = [_line(one, now_s=now_s, wide=wide, width=width) for one in shown]
    return [*lines, Text(rest, style="dim")] if rest else lines


def _line(one: EnvironmentLine, *, now_s: float, wide: int, width: int) -> Text:
    if one.is_over:
        sign = ("✗ ", "bold red") if one.is_failed else ("✓ ", "green")
    else:
        sign = ("» ", "cyan") if one.is_running else ("· ", "dim")
    time = f" {int(now_s - one.since_s)} s" if one.is_running else ""
    room = width - wide - len(time) - 6
    text = shortened(plain(one.text or ("starting" if one.is_running else "waiting")), room)
    style = "" if one.is_over else "dim"
    return Text.assemble(sign, (f"{shortened(one.env, wide):<{wide}}", "bold"), "  ", (text, style), (time, "dim"))
