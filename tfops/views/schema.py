"""`schema`: JSON Schemas for editors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tfops.dataclass import dataclass
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain


@dataclass(frozen=True, slots=True)
class SchemaResult:
    """The end of `schema`: file name to JSON Schema, and the folder that they were written to, if any."""

    folder: str
    schemas: Mapping[str, Mapping[str, Any]]


@text_report.register(SchemaResult)
def _schema(result: SchemaResult, view: View) -> draw.Renderable:
    if not result.folder:
        return draw.Text(json.dumps(result.schemas, indent=2), no_wrap=True)
    lines = [draw.Text.assemble(("✓ ", "green"), f"{plain(result.folder)}/{name}") for name in result.schemas]
    line = f"# yaml-language-server: $schema=../{result.folder}/environment.schema.json"
    hint = [draw.Text("first line of a file in environments/ (base.schema.json for what others extend):", style="dim")]
    return draw.Group(*lines, *hint, draw.Text(plain(line), style="cyan"))
