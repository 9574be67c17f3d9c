"""`providers`: what a provider lock holds, and what moved in it."""

from __future__ import annotations

from collections.abc import Iterator

from tfops.config.constraint import parse_version
from tfops.dataclass import dataclass
from tfops.records.addresses import TERRAFORM_REGISTRY, TOFU_REGISTRY, provider_of
from tfops.records.names import EnvName
from tfops.views import draw
from tfops.views.base import View, text_report


@dataclass(frozen=True, slots=True)
class ProviderMove:
    """A provider in a lock, before and after; empty for absent."""

    address: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ProvidersResult:
    """The end of `providers lock` and `providers update`."""

    env: EnvName
    path: str
    moves: tuple[ProviderMove, ...]
    is_written: bool


@text_report.register(ProvidersResult)
def _providers(result: ProvidersResult, view: View) -> draw.Renderable:
    if not result.moves:
        return draw.Text(f"{result.env} needs no providers: nothing to lock", style="green")
    lines = [_line(move) for move in result.moves]
    lines += [draw.Text(line, style="yellow") for line in _apart(result)]
    if not result.is_written:
        return draw.Group(*lines, draw.Text(f"{result.path} holds all of it already", style="green"))
    return draw.Group(*lines, draw.Text(f"Next: git add {result.path} && git commit", style="bold"))


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


def _line(move: ProviderMove) -> draw.Text:
    name = move.address.removeprefix(TERRAFORM_REGISTRY)
    if move.before == move.after:
        return draw.Text(f"  = {name} {move.after}", style="dim")
    if not move.after:
        return draw.Text(f"  - {name} {move.before}", style="red")
    if not move.before:
        return draw.Text(f"  + {name} {move.after}", style="green")
    return draw.Text(f"  ~ {name} {move.before} -> {move.after}", style="yellow")
