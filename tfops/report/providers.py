"""Provider locks: what they hold and what moved."""

from rich.console import Group, RenderableType
from rich.text import Text

from tfops.report.base import View, text_report
from tfops.results.places import ProviderMove, ProvidersResult


@text_report.register
def _providers(result: ProvidersResult, view: View) -> RenderableType:
    if not result.moves:
        return Text(f"{result.env} needs no providers: nothing to lock", style="green")
    lines = [_line(move) for move in result.moves]
    if not result.is_written:
        return Group(*lines, Text(f"{result.path} holds all of it already", style="green"))
    return Group(*lines, Text(f"Next: git add {result.path} && git commit", style="bold"))


def _line(move: ProviderMove) -> Text:
    name = move.address.removeprefix("registry.terraform.io/")
    if move.before == move.after:
        return Text(f"  = {name} {move.after}", style="dim")
    if not move.after:
        return Text(f"  - {name} {move.before}", style="red")
    if not move.before:
        return Text(f"  + {name} {move.after}", style="green")
    return Text(f"  ~ {name} {move.before} -> {move.after}", style="yellow")
