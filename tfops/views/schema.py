"""`schema`: JSON Schemas for editors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from tfops.dataclass import dataclass
from tfops.records.printed import NOT_PRINTED
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain


@dataclass(frozen=True, slots=True)
class SchemaResult:
    """The end of `schema`: file name to JSON Schema, and the folder that they were written to, if any. `environments`
    is where the files are that follow them."""

    folder: str
    schemas: Mapping[str, Mapping[str, Any]]
    environments: str = field(default="environments", metadata=NOT_PRINTED)


@text_report.register(SchemaResult)
def _schema(result: SchemaResult, view: View) -> draw.Renderable:
    if not result.folder:
        return draw.Text(json.dumps(result.schemas, indent=2), no_wrap=True)
    lines = [draw.Text.assemble(("✓ ", "green"), f"{plain(result.folder)}/{name}") for name in result.schemas]
    up = "../" * (result.environments.count("/") + 1)
    line = f"# yaml-language-server: $schema={up}{result.folder}/environment.schema.json"
    where = f"first line of a file in {plain(result.environments)}/ (base.schema.json for what others extend):"
    hint = [draw.Text(where, style="dim")]
    return draw.Group(*lines, *hint, draw.Text(plain(line), style="cyan"))
