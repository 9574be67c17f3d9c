"""Literals where Terraform's JSON syntax would read a template.

Strings in `*.tf.json` are templates; `${` and `%{` begin an interpolation unless doubled
(https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping). Values in
`*.tfvars.json` are literal and must not be escaped.
"""

from typing import Any


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
