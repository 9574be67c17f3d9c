"""`config show`: the merged configuration."""

from __future__ import annotations

from collections.abc import Iterator

from tfops.dataclass import dataclass
from tfops.records.config_line import ConfigLine
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain


@dataclass(frozen=True, slots=True)
class StackLines:
    """One stack's merged configuration."""

    stack: StackName
    lines: tuple[ConfigLine, ...]


@dataclass(frozen=True, slots=True)
class ConfigResult:
    """The end of `config show`."""

    env: EnvName
    digest: str
    stacks: tuple[StackLines, ...]
    shows_sources: bool


_WIDTH = 80


@text_report.register(ConfigResult)
def _config(result: ConfigResult, view: View) -> draw.Renderable:
    longest = max((len(_origin(line)) for stack in result.stacks for line in stack.lines), default=0)
    texts = [len(line.text) for stack in result.stacks for line in stack.lines if line.mark]
    room = min(max(texts, default=0), _WIDTH - longest - 4)
    lines: list[draw.Text] = []
    for stack in result.stacks:
        if stack.stack != MAIN_STACK:
            lines.append(draw.Text(f"--- # stack {stack.stack}", style="bold"))
        lines += _config_lines(stack.lines, room if result.shows_sources else 0)
    return draw.Group(*lines)


def _config_lines(lines: tuple[ConfigLine, ...], room: int) -> Iterator[draw.Text]:
    for line in lines:
        key, colon, rest = plain(line.text).partition(":")
        text = draw.Text.assemble((key + colon, "cyan" if colon else ""), rest)
        if room and line.mark is not None:
            text.append(" " * max(room - len(text.plain), 0) + f"  # {_origin(line)}", style="dim")
        yield text


def _origin(line: ConfigLine) -> str:
    if line.mark is None:
        return ""
    return f"{line.mark.path}:{line.mark.line}" + (" (default)" if line.is_default else "")
