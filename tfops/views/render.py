"""`render`: the files of a rendered root, or what changed in them."""

from __future__ import annotations

from collections.abc import Mapping

from tfops.dataclass import dataclass
from tfops.records.commit import Commit
from tfops.records.names import EnvName
from tfops.records.version import Version
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain


@dataclass(frozen=True, slots=True)
class RenderResult:
    """The end of `render`: the files of the rendered root."""

    env: EnvName
    commit: Commit | None
    digest: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RenderDiffResult:
    """The end of `render --diff`: the lines of a unified diff, none when both render to the same."""

    env: EnvName
    version: Version
    commit: Commit | None
    diff: tuple[str, ...]


@text_report.register(RenderResult)
def _render(result: RenderResult, view: View) -> draw.Renderable:
    parts: list[draw.Renderable] = []
    for name, text in result.files.items():
        parts += [draw.Text(f"# {name}", style="dim"), draw.Text(text.rstrip("\n")), draw.Text()]
    return draw.Group(*parts, draw.Text(f"# sha256 {result.digest}", style="dim"))


_DIFF_STYLES = (("+++", "bold"), ("---", "bold"), ("@@", "cyan"), ("+", "green"), ("-", "red"))


@text_report.register(RenderDiffResult)
def _render_diff(result: RenderDiffResult, view: View) -> draw.Renderable:
    if not result.diff:
        return draw.Text(f"{result.env} renders to the same as {result.version}", style="green")
    return draw.Group(*(_diff_line(line) for line in result.diff))


def _diff_line(line: str) -> draw.Text:
    style = next((style for start, style in _DIFF_STYLES if line.startswith(start)), "")
    return draw.Text(line[:1] + plain(line[1:]), style=style)
