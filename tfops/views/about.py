"""`version` and `docs`."""

from __future__ import annotations

from collections.abc import Mapping

from tfops.dataclass import dataclass
from tfops.views import draw
from tfops.views.base import View, text_report


@dataclass(frozen=True, slots=True)
class VersionResult:
    """The end of `version`; `installed` says by what and from where."""

    version: str
    installed: str


@dataclass(frozen=True, slots=True)
class DocumentsResult:
    """The end of `docs`: the name of each page, and its title."""

    pages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """The end of `docs PAGE`: its Markdown."""

    page: str
    text: str


@text_report.register(VersionResult)
def _version(result: VersionResult, view: View) -> draw.Renderable:
    return draw.Text(f"tfops {result.version}\ninstalled {result.installed}")


_KINDS = {
    "tutorial": "Tutorial",
    "how-to": "How to",
    "reference": "Reference",
    "explanation": "Explanation",
    "adr": "Decisions",
}


@text_report.register(DocumentsResult)
def _documents(result: DocumentsResult, view: View) -> draw.Renderable:
    lines: list[draw.Renderable] = []
    kind = ""
    for name, title in result.pages.items():
        folder, _, short = name.rpartition("/")
        if folder != kind:
            kind = folder
            lines += [draw.Text(), draw.Text(_KINDS.get(kind, kind), style="bold")]
        lines.append(
            draw.Text(
                f"  {short[:4] if kind == 'adr' else short:28}  {title.partition(': ')[2] if kind == 'adr' else title}"
            )
        )
    return draw.Group(*lines[1:], draw.Text(), draw.Text("Read one: tfops docs go-back"))


@text_report.register(DocumentResult)
def _document(result: DocumentResult, view: View) -> draw.Renderable:
    return draw.Text(result.text.rstrip("\n"))
