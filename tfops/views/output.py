"""`output`: what the applied version gave."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from tfops import exact
from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.records.printed import NOT_PRINTED
from tfops.records.version import Version
from tfops.views import draw
from tfops.views.base import View, add_row, flat_outputs, text_report


class OutputForm(enum.StrEnum):
    """How the values are written: as a table, as JSON and nothing else, as the bare text of one."""

    TABLE = "table"
    JSON = "json"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class OutputResult:
    """The end of `output`: module to output to value, as the version's card has it.

    `hidden` are module to names of outputs that are sensitive, or hold a secret: their values are nowhere in Git.
    `not_recorded` are others that the card hasn't, `unseen` modules from elsewhere, of which no card has any.
    """

    env: EnvName
    version: Version
    outputs: Mapping[str, Mapping[str, Any]]
    hidden: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_recorded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    form: OutputForm = field(default=OutputForm.TABLE, metadata=NOT_PRINTED)
    is_one: bool = field(default=False, metadata=NOT_PRINTED)


@text_report.register(OutputResult)
def _output(result: OutputResult, view: View) -> draw.Renderable:
    if result.form is OutputForm.RAW:
        value = _only_value(result)
        return draw.ExactText(value if isinstance(value, str) else exact.dumps(value))
    if result.form is OutputForm.JSON:
        values = _only_value(result) if result.is_one else result.outputs
        return draw.ExactText(exact.dumps(values, indent=2, ensure_ascii=False))
    return draw.Group(*_lines(result))


def _only_value(result: OutputResult) -> Any:
    [values] = result.outputs.values()
    [value] = values.values()
    return value


def _lines(result: OutputResult) -> Iterator[draw.Renderable]:
    if not (result.outputs or result.hidden or result.not_recorded or result.unseen):
        yield draw.Text(f"{result.env} {result.version} has no outputs")
        return
    table = draw.Table("OUTPUT", "VALUE")
    for name, value in flat_outputs(result.outputs):
        add_row(table, name, value)
    for names, why in ((result.hidden, "(sensitive: never stored)"), (result.not_recorded, "(not on the card)")):
        for module, outputs in names.items():
            for name in outputs:
                add_row(table, f"{module}.{name}", draw.Text(why, style="dim"))
    if table.rows:
        yield table
    for module in result.unseen:
        yield draw.Text(f"{module}: a module from elsewhere, its outputs are not recorded", style="dim")
