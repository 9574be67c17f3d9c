"""What `validate`, `explain` and `schema` answer."""

import json
from collections.abc import Iterator
from typing import Any

from tfops import exact
from tfops.report.base import View, add_row, text_report_of
from tfops.report.shapes import Group, Indented, Renderable, Table, Text
from tfops.report.words import plain, plural
from tfops.results.files import ExplainResult, InputFact, ModulesResult, SchemaResult, ValidateResult


@text_report_of.register
def _validate(result: ValidateResult, view: View) -> Renderable:
    count, modules = plural(len(result.environments), "environment"), plural(result.modules, "module")
    judge = ", and so says the engine" if result.is_deep else ""
    lines = [Text.assemble(("✓ ", "green"), f"nothing wrong: {count}, {modules}{judge}")]
    if result.unseen:
        lines.append(Text(f"  not checked: {plain(', '.join(result.unseen))}", style="yellow"))
    for item in result.converted:
        lines.append(Text.assemble("  ", (f"{item.module}.{item.input}", "bold"), f" {_short(item.given)} becomes "))
        lines.append(Text(f"    {_short(item.becomes)}", style="cyan"))
    return Group(*lines)


def _short(value: Any) -> str:
    text = plain(exact.dumps(value, ensure_ascii=False))
    return text if len(text) <= 300 else text[:299] + "…"


@text_report_of.register
def _explain(result: ExplainResult, view: View) -> Renderable:
    return Group(*_explain_lines(result))


def _explain_lines(result: ExplainResult) -> Iterator[Renderable]:
    yield Text(plain(result.module), style="bold")
    for title, wanted in (("needs", True), ("may have", False)):
        inputs = [item for item in result.inputs if item.is_required is wanted]
        if inputs:
            yield Text(f"\n{title}", style="dim")
        for item in inputs:
            yield from _input_lines(item)
    if result.outputs:
        yield Text("\ngives", style="dim")
    for output in result.outputs:
        secret = "   (sensitive)" if output.is_sensitive else ""
        yield Text.assemble("  ", (output.name, "bold"), secret)
        yield from _indented(output.description)
    yield Text("\nexample", style="dim")
    yield Indented(Text(plain_lines(result.example)), 2)


def _input_lines(item: InputFact) -> Iterator[Renderable]:
    default = f" = {plain(item.default)}" if not item.is_required else ""
    secret = "   (sensitive: give a reference to a secret)" if item.is_sensitive else ""
    first, *more = item.type.splitlines()
    yield Text.assemble("  ", (item.name, "bold"), "  ", (plain(first) + ("" if more else default), "cyan"), secret)
    for line in more:
        yield Text(f"    {plain_lines(line)}" + (default if line is more[-1] else ""), style="cyan")
    yield from _indented(item.description)
    for rule in item.rules:
        yield from _indented(f"rule: {rule}", style="dim")


def _indented(text: str, style: str = "") -> Iterator[Renderable]:
    if text:
        yield Indented(Text(plain_lines(text), style=style), 4)


def plain_lines(text: str) -> str:
    """`plain`, but lines stay lines."""
    return "\n".join(plain(line) for line in text.splitlines())


@text_report_of.register
def _modules(result: ModulesResult, view: View) -> Renderable:
    if not result.modules:
        return Text("there is no module in `modules/`")
    table = Table("MODULE", "NEEDS", "MAY HAVE", "GIVES", "USED BY")
    for fact in result.modules:
        used_by = ", ".join(fact.used_by[:5]) + (f" and {len(fact.used_by) - 5} more" if len(fact.used_by) > 5 else "")
        add_row(
            table,
            Text(plain(fact.name), style="bold"),
            ", ".join(fact.required) or "-",
            plural(fact.optional, "input"),
            plural(fact.outputs, "output"),
            used_by or "-",
        )
    return Group(table, Text("tfops explain MODULE shows one", style="dim"))


@text_report_of.register
def _schema(result: SchemaResult, view: View) -> Renderable:
    if not result.folder:
        return Text(json.dumps(result.schemas, indent=2), no_wrap=True)
    lines = [Text.assemble(("✓ ", "green"), f"{plain(result.folder)}/{name}") for name in result.schemas]
    line = f"# yaml-language-server: $schema=../{result.folder}/environment.schema.json"
    hint = [Text("first line of a file in environments/ (base.schema.json for what others extend):", style="dim")]
    return Group(*lines, *hint, Text(plain(line), style="cyan"))
