"""`explain`: what a module needs and gives."""

from __future__ import annotations

from collections.abc import Iterator

from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.words import plain, plural


@dataclass(frozen=True, slots=True)
class InputFact:
    """An input of a module in a developer's words. `default` is JSON or, where only Terraform can tell, its text."""

    name: str
    type: str
    is_required: bool
    default: str
    description: str
    is_sensitive: bool
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutputFact:
    """What a module gives to others."""

    name: str
    description: str
    is_sensitive: bool


@dataclass(frozen=True, slots=True)
class ExplainResult:
    """The end of `explain MODULE`; `example` is YAML to paste."""

    module: str
    inputs: tuple[InputFact, ...]
    outputs: tuple[OutputFact, ...]
    example: str


@dataclass(frozen=True, slots=True)
class ModuleFact:
    """One line of `explain` without a module."""

    name: str
    required: tuple[str, ...]
    optional: int
    outputs: int
    used_by: tuple[EnvName, ...]


@dataclass(frozen=True, slots=True)
class ModulesResult:
    """The end of `explain` without a module."""

    modules: tuple[ModuleFact, ...]


@text_report.register(ExplainResult)
def _explain(result: ExplainResult, view: View) -> draw.Renderable:
    return draw.Group(*_explain_lines(result))


def _explain_lines(result: ExplainResult) -> Iterator[draw.Renderable]:
    yield draw.Text(plain(result.module), style="bold")
    for title, wanted in (("needs", True), ("may have", False)):
        inputs = [item for item in result.inputs if item.is_required is wanted]
        if inputs:
            yield draw.Text(f"\n{title}", style="dim")
        for item in inputs:
            yield from _input_lines(item)
    if result.outputs:
        yield draw.Text("\ngives", style="dim")
    for output in result.outputs:
        secret = "   (sensitive)" if output.is_sensitive else ""
        yield draw.Text.assemble("  ", (output.name, "bold"), secret)
        yield from _indented(output.description)
    yield draw.Text("\nexample", style="dim")
    yield draw.Indented(draw.Text(plain_lines(result.example)), 2)


def _input_lines(item: InputFact) -> Iterator[draw.Renderable]:
    default = f" = {plain(item.default)}" if not item.is_required else ""
    secret = "   (sensitive: give a reference to a secret)" if item.is_sensitive else ""
    first, *more = item.type.splitlines()
    yield draw.Text.assemble(
        "  ", (item.name, "bold"), "  ", (plain(first) + ("" if more else default), "cyan"), secret
    )
    for line in more:
        yield draw.Text(f"    {plain_lines(line)}" + (default if line is more[-1] else ""), style="cyan")
    yield from _indented(item.description)
    for rule in item.rules:
        yield from _indented(f"rule: {rule}", style="dim")


def _indented(text: str, style: str = "") -> Iterator[draw.Renderable]:
    if text:
        yield draw.Indented(draw.Text(plain_lines(text), style=style), 4)


def plain_lines(text: str) -> str:
    """`plain`, but lines stay lines."""
    return "\n".join(plain(line) for line in text.splitlines())


@text_report.register(ModulesResult)
def _modules(result: ModulesResult, view: View) -> draw.Renderable:
    if not result.modules:
        return draw.Text("there is no module in `modules/`")
    table = draw.Table("MODULE", "NEEDS", "MAY HAVE", "GIVES", "USED BY")
    for fact in result.modules:
        used_by = ", ".join(fact.used_by[:5]) + (f" and {len(fact.used_by) - 5} more" if len(fact.used_by) > 5 else "")
        add_row(
            table,
            draw.Text(plain(fact.name), style="bold"),
            ", ".join(fact.required) or "-",
            plural(fact.optional, "input"),
            plural(fact.outputs, "output"),
            used_by or "-",
        )
    return draw.Group(table, draw.Text("tfops explain MODULE shows one", style="dim"))
