"""Terraform's types as JSON Schema (2020-12): what `validate` and editors check a value with.

A schema accepts whatever Terraform would convert to the type, and no attribute that Terraform would
drop. What can't be said in JSON Schema (that all elements of a `list(any)` must become one type) is
let through: the engine judges.
"""

from collections.abc import Mapping
from typing import Any

from tfops.config.modules.module import Interface, Variable
from tfops.config.modules.terraform_type import ANY, Attribute, Type, short_type, type_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

# What an editor shows beside an input; `tfops explain` has it all.
_LONGEST_TYPE = 1000

# What Terraform takes for a number when it is written as text.
NUMBER_TEXT = r"^[+-]?([Ii]nf|([0-9]+\.?[0-9]*|\.[0-9]+)([eEpP][+-]?[0-9]+)?)$"

_SCALARS: dict[str, Schema] = {
    "any": {},
    "string": {"type": ["string", "number", "boolean", "null"]},
    "number": {"type": ["number", "string", "null"], "pattern": NUMBER_TEXT},
    "bool": {"enum": [True, False, "true", "false", "1", "0", None]},
}

_NAMED = r"(module|stack|local)\..*|(git|env|aws)\.[a-z_]+|each\.(key|value.*)|count\.index"
FORM_TEXT = rf"^\$\{{({_NAMED}|[a-z][a-z0-9_]*\(.*\))\}}$"

# A reference or a secret: it stands for a value that nobody knows before the engine runs.
FORM: Schema = {
    "anyOf": [
        {"type": "string", "pattern": FORM_TEXT},
        {"type": "object", "properties": {"from": {"type": "string"}}, "required": ["from"], "maxProperties": 1},
        {"type": "object", "properties": {"literal": {}}, "required": ["literal"], "maxProperties": 1},
    ]
}


def type_schema(found: Type, *, is_strict: bool = True) -> Schema:
    """The schema of a type's literal values. Without `is_strict`, attributes may be missing: another file has them."""
    if found.kind == "object":
        return _object_schema(found.attributes, is_strict=is_strict)
    if found.kind == "tuple":
        items = [type_schema(item, is_strict=is_strict) for item in found.items]
        return {"type": ["array", "null"], "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if found.kind in _SCALARS:
        return dict(_SCALARS[found.kind])
    inner = type_schema(found.element or ANY, is_strict=is_strict)
    if found.kind == "map":
        return {"type": ["object", "null"], "additionalProperties": inner}
    return {"type": ["array", "null"], "items": inner}


def _object_schema(attributes: Mapping[str, Attribute], *, is_strict: bool) -> Schema:
    properties = {
        name: type_schema(attribute.type, is_strict=is_strict)
        | ({"default": attribute.default} if attribute.default is not None else {})
        for name, attribute in attributes.items()
    }
    required = [name for name, attribute in attributes.items() if not attribute.is_optional]
    schema: Schema = {"type": ["object", "null"], "properties": properties, "additionalProperties": False}
    return schema | {"required": required} if required and is_strict else schema


def with_forms(schema: Schema) -> Schema:
    """The same schema, but a reference or a secret may stand in the place of any value."""
    inner = dict(schema)
    for key in ("items", "additionalProperties"):
        if isinstance(inner.get(key), dict):
            inner[key] = with_forms(inner[key])
    if "properties" in inner:
        inner["properties"] = {name: with_forms(value) for name, value in inner["properties"].items()}
    if "prefixItems" in inner:
        inner["prefixItems"] = [with_forms(value) for value in inner["prefixItems"]]
    return {"if": FORM, "else": inner} if inner else inner


def inputs_schema(interface: Interface, *, is_strict: bool = True) -> Schema:
    """The schema of a module's whole `inputs`, with what an editor shows beside them."""
    variables = interface.variables
    schema: Schema = {
        "type": "object",
        "properties": {name: _input_schema(variable, is_strict=is_strict) for name, variable in variables.items()},
    }
    if interface.is_whole:
        schema["additionalProperties"] = False
    required = [name for name, variable in variables.items() if not variable.has_default]
    return schema | {"required": required} if required and is_strict else schema


def _input_schema(variable: Variable, *, is_strict: bool) -> Schema:
    schema = with_forms(type_schema(variable.type, is_strict=is_strict))
    deprecated = f"deprecated: {variable.deprecated}" if variable.deprecated else ""
    words, whole, short = (deprecated, variable.description), type_text(variable.type), short_type(variable.type)
    schema |= {"deprecated": True} if variable.deprecated else {}
    schema["description"] = "\n\n".join(filter(None, (*words, f"type: {short}")))
    if whole != short and len(whole) <= _LONGEST_TYPE:
        schema["markdownDescription"] = "\n\n".join(filter(None, (*words, f"```hcl\n{whole}\n```")))
    return schema | {"default": variable.default} if variable.has_default and not variable.default_text else schema
