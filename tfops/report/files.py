"""What `config show` and `new` answer."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from tfops.records.names import MAIN_STACK
from tfops.report.base import View, text_report
from tfops.report.words import plain, plural
from tfops.results.changes import AdoptResult
from tfops.results.files import ConfigLine, ConfigResult, NewResult, RenderDiffResult

_WIDTH = 80


@text_report.register
def _config(result: ConfigResult, view: View) -> RenderableType:
    longest = max((len(_origin(line)) for stack in result.stacks for line in stack.lines), default=0)
    texts = [len(line.text) for stack in result.stacks for line in stack.lines if line.mark]
    room = min(max(texts, default=0), _WIDTH - longest - 4)
    lines: list[Text] = []
    for stack in result.stacks:
        if stack.stack != MAIN_STACK:
            lines.append(Text(f"--- # stack {stack.stack}", style="bold"))
        lines += _config_lines(stack.lines, room if result.shows_sources else 0)
    return Group(*lines)


def _config_lines(lines: tuple[ConfigLine, ...], room: int) -> Iterator[Text]:
    for line in lines:
        key, colon, rest = plain(line.text).partition(":")
        text = Text.assemble((key + colon, "cyan" if colon else ""), rest)
        if room and line.mark is not None:
            text.append(" " * max(room - len(text), 0) + f"  # {_origin(line)}", style="dim")
        yield text


def _origin(line: ConfigLine) -> str:
    if line.mark is None:
        return ""
    return f"{line.mark.path}:{line.mark.line}" + (" (default)" if line.is_default else "")


@text_report.register
def _new(result: NewResult, view: View) -> RenderableType:
    lines = [Text(f"  + {plain(path)}", style="green") for path in result.written]
    lines += [Text(f"  ~ {plain(path)}", style="yellow") for path in result.changed]
    if result.kind == "environment":
        after = f"Bound to branch {result.branch}. Next: tfops validate {result.name}, then commit."
    else:
        after = f"Next: tfops explain {result.name}, then use it: an environment's `source: {result.name}`"
    return Group(*lines, Text(), Text(plain(after), style="bold"))


@text_report.register
def _adopt(result: AdoptResult, view: View) -> RenderableType:
    moved = plural(len(result.plan.work), "resource")
    get = "gets a new address" if len(result.plan.work) == 1 else "get new addresses"
    if result.version is not None:
        head = Text.assemble(("✓ ", "bold green"), (f"{result.env} is now {result.version}", "bold"))
        head.append(f", taken over from {plain(result.folder)} · {moved} moved, nothing touched", style="dim")
        return Group(head, Text(f"  Don't apply in {plain(result.folder)} any more.", style="yellow"))
    lines = [Text(f"  + {plain(path)}", style="green") for path in result.written]
    lines += [Text(f"  ~ {plain(path)}", style="yellow") for path in result.changed]
    notes = [f"set {name.upper()} in the environment: `{name}` is a secret" for name in result.secrets]
    notes += [
        f"provider `{name}` stays in the module: its block has more than plain values" for name in result.kept_providers
    ]
    lines += [Text(f"  {plain(note)}", style="yellow") for note in notes]
    lines += [Text(), Text(f"The first plan is empty: {moved} {get}, nothing is touched.", style="green")]
    after = f"Next: commit, bring it to its branch, then the same again: tfops adopt {result.env} {result.folder}"
    return Group(*lines, Text(plain(after), style="bold"))


_DIFF_STYLES = (("+++", "bold"), ("---", "bold"), ("@@", "cyan"), ("+", "green"), ("-", "red"))


@text_report.register
def _render_diff(result: RenderDiffResult, view: View) -> RenderableType:
    if not result.diff:
        return Text(f"{result.env} renders to the same as {result.version}", style="green")
    return Group(*(_diff_line(line) for line in result.diff))


def _diff_line(line: str) -> Text:
    style = next((style for start, style in _DIFF_STYLES if line.startswith(start)), "")
    return Text(line[:1] + plain(line[1:]), style=style)
