"""`validate`: nothing is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from tfops import exact
from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain, plural


@dataclass(frozen=True, slots=True)
class Converted:
    """An input that becomes something else than what is written: `"80"` becomes 80, left-out attributes appear."""

    module: str
    input: str
    given: Any
    becomes: Any


@dataclass(frozen=True, slots=True)
class ValidateResult:
    """The end of `validate` when nothing is wrong. `values` are what the engine makes of one environment's inputs;
    `off` is what each environment switches off, with its place."""

    environments: tuple[EnvName, ...]
    modules: int
    is_committed: bool
    is_deep: bool
    unseen: tuple[str, ...]
    values: Mapping[str, Mapping[str, Any]]
    converted: tuple[Converted, ...]
    off: Mapping[EnvName, tuple[str, ...]] = field(default_factory=dict)


@text_report.register(ValidateResult)
def _validate(result: ValidateResult, view: View) -> draw.Renderable:
    count, modules = plural(len(result.environments), "environment"), plural(result.modules, "module")
    judge = ", and so says the engine" if result.is_deep else ""
    lines = [draw.Text.assemble(("✓ ", "green"), f"nothing wrong: {count}, {modules}{judge}")]
    if result.unseen:
        lines.append(draw.Text(f"  not checked: {plain(', '.join(result.unseen))}", style="yellow"))
    for env, names in result.off.items():
        lines.append(draw.Text(f"  switched off in {env}: {plain(', '.join(names))}", style="yellow"))
    for item in result.converted:
        lines.append(
            draw.Text.assemble("  ", (f"{item.module}.{item.input}", "bold"), f" {_short(item.given)} becomes ")
        )
        lines.append(draw.Text(f"    {_short(item.becomes)}", style="cyan"))
    return draw.Group(*lines)


def _short(value: Any) -> str:
    text = plain(exact.dumps(value, ensure_ascii=False))
    return text if len(text) <= 300 else text[:299] + "…"
