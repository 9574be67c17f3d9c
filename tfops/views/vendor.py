"""`vendor`: what was copied, and whether copies still are what was fetched."""

from __future__ import annotations

from collections.abc import Iterator

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.copied import CopiedModule
from tfops.records.names import EnvName
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain


@dataclass(frozen=True, slots=True)
class VendorResult:
    """The end of `vendor`: the copies, the files that call them now, whose files these are, and which calls of modules
    from elsewhere are left, in copies and in the project's own modules."""

    copies: tuple[CopiedModule, ...]
    changed: tuple[str, ...]
    environments: tuple[EnvName, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VendorCheckResult:
    """The end of `vendor --check`."""

    copies: tuple[CopiedModule, ...]

    @property
    def exit_code(self) -> Exit:
        return Exit.DONE if all(copy.is_as_fetched for copy in self.copies) else Exit.CHANGES


@text_report.register(VendorResult)
def _vendor(result: VendorResult, view: View) -> draw.Renderable:
    return draw.Group(*_lines(result))


def _lines(result: VendorResult) -> Iterator[draw.Text]:
    for copy in result.copies:
        words = "copied from" if copy.is_new else "is there already, from"
        yield draw.Text.assemble(("✓ ", "green"), (plain(copy.folder), "bold"), plain(f" {words} {_source(copy)}"))
    for path in result.changed:
        yield draw.Text(plain(f"  {path} calls it now"))
    if result.left:
        yield draw.Text("  still from elsewhere, by a call in a module:", style="yellow")
        yield from (draw.Text(plain(f"    {text}"), style="yellow") for text in result.left)
    env = result.environments[0] if len(result.environments) == 1 else "ENV"
    yield draw.Text(f"Next, it should find nothing to do: tfops plan {env} --worktree   (then commit)", style="dim")


def _source(copy: CopiedModule) -> str:
    exact = copy.version or copy.commit[:8]
    return f"{copy.source} ({exact})" if exact else copy.source


@text_report.register(VendorCheckResult)
def _check(result: VendorCheckResult, view: View) -> draw.Renderable:
    if not result.copies:
        return draw.Text("no module was copied from elsewhere")
    changed = [copy for copy in result.copies if not copy.is_as_fetched]
    lines = [
        draw.Text.assemble(("✗ ", "bold red"), plain(f"{one.folder} isn't what was fetched: {_source(one)}"))
        for one in changed
    ]
    fine = len(result.copies) - len(changed)
    if fine:
        words = "1 copy is" if fine == 1 else f"{fine} copies are"
        lines.append(draw.Text.assemble(("✓ ", "green"), f"{words} what was fetched"))
    return draw.Group(*lines)
