"""Literals where Terraform's JSON syntax would read a template.

Strings in `*.tf.json` are templates; `${` and `%{` begin an interpolation unless doubled
(https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping). Values in
`*.tfvars.json` are literal and must not be escaped.
"""

import re
from typing import Any

from tfops import exact

_ESCAPE = re.compile(r"\\.")
_UNKNOWN_ESCAPES = {r"\b": r"\u0008", r"\f": r"\u000c"}


def escape_text(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")


def escape_literal(value: Any) -> Any:
    """`value` so that Terraform's JSON syntax reads it back unchanged; keys are templates too."""
    if isinstance(value, str):
        return escape_text(value)
    if isinstance(value, dict):
        return {escape_text(key): escape_literal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [escape_literal(item) for item in value]
    return value


def expression_text(value: Any) -> str:
    """`value` as an expression, the way that Terraform reads the text of a variable that may be anything.

    JSON is such an expression, but for strings being templates, and for two escapes that HCL doesn't know
    (https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#template-expressions).
    """
    text = exact.dumps(escape_literal(value), ensure_ascii=False)
    return _ESCAPE.sub(lambda found: _UNKNOWN_ESCAPES.get(found[0], found[0]), text)
