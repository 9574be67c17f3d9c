"""Provider locks: what they hold and what moved."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from tfops.config.constraint import parse_version
from tfops.records.addresses import TERRAFORM_REGISTRY, TOFU_REGISTRY, provider_of
from tfops.report.base import View, text_report
from tfops.results.places import ProviderMove, ProvidersResult


@text_report.register
def _providers(result: ProvidersResult, view: View) -> RenderableType:
    if not result.moves:
        return Text(f"{result.env} needs no providers: nothing to lock", style="green")
    lines = [_line(move) for move in result.moves]
    lines += [Text(line, style="yellow") for line in _apart(result)]
    if not result.is_written:
        return Group(*lines, Text(f"{result.path} holds all of it already", style="green"))
    return Group(*lines, Text(f"Next: git add {result.path} && git commit", style="bold"))


def _apart(result: ProvidersResult) -> Iterator[str]:
    """Providers that the two engines would run in different versions: what the newer wrote the older may not read."""
    locked = {move.address: move.after for move in result.moves if move.after}
    for address, other in locked.items():
        own = locked.get(provider_of(address), other)
        if other != own:
            name = address.removeprefix(TOFU_REGISTRY)
            behind = "tofu" if parse_version(other) < parse_version(own) else "terraform"
            same = f"tfops providers update {result.env} {name} --engine {behind}"
            yield f"{name} is {own} for Terraform and {other} for OpenTofu. To run one version: {same}"


def _line(move: ProviderMove) -> Text:
    name = move.address.removeprefix(TERRAFORM_REGISTRY)
    if move.before == move.after:
        return Text(f"  = {name} {move.after}", style="dim")
    if not move.after:
        return Text(f"  - {name} {move.before}", style="red")
    if not move.before:
        return Text(f"  + {name} {move.after}", style="green")
    return Text(f"  ~ {name} {move.before} -> {move.after}", style="yellow")
