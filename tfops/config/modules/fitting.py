"""Whether a value fits a type, where that is plain: what nearly all values are is known without a JSON Schema.

`fits` says True only where the type's schema (`json_schema.py`) has no objection; False means that the schema is
asked, which also knows what is wrong. Its library costs 0.1 s to load.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tfops.config.modules.json_schema import FORM_TEXT, NUMBER_TEXT
from tfops.config.modules.terraform_type import ANY, Attribute, Kind, Type
from tfops.exact import is_number

_BOOL_TEXTS = ("true", "false", "1", "0")

_SCALARS: Mapping[Kind, Callable[[Any], bool]] = {
    "any": lambda _: True,
    "string": lambda value: isinstance(value, str | bool) or is_number(value),
    "number": lambda value: re.search(NUMBER_TEXT, value) is not None if isinstance(value, str) else is_number(value),
    "bool": lambda value: isinstance(value, bool) or (isinstance(value, str) and value in _BOOL_TEXTS),
}


def fits(found: Type, value: Any, *, has_forms: bool) -> bool:
    """Whether Terraform converts the value to the type. With `has_forms` references and secrets fit anywhere."""
    if value is None or (has_forms and _is_form(value)):
        return True
    if found.kind in _SCALARS:
        return _SCALARS[found.kind](value)
    if found.kind == "object":
        return isinstance(value, dict) and _fit_attributes(found.attributes, value, has_forms=has_forms)
    if found.kind == "map":
        return isinstance(value, dict) and _all_fit(found, value.values(), has_forms=has_forms)
    if found.kind == "tuple":
        pairs = zip(found.items, value, strict=False) if isinstance(value, list) else ()
        return (
            isinstance(value, list)
            and len(value) == len(found.items)
            and all(fits(item, part, has_forms=has_forms) for item, part in pairs)
        )
    return isinstance(value, list) and _all_fit(found, value, has_forms=has_forms)


def _all_fit(found: Type, values: Any, *, has_forms: bool) -> bool:
    return all(fits(found.element or ANY, value, has_forms=has_forms) for value in values)


def _fit_attributes(attributes: Mapping[str, Attribute], value: Mapping[str, Any], *, has_forms: bool) -> bool:
    if not value.keys() <= attributes.keys():
        return False
    if any(not attribute.is_optional and name not in value for name, attribute in attributes.items()):
        return False
    return all(fits(attributes[name].type, item, has_forms=has_forms) for name, item in value.items())


def _is_form(value: Any) -> bool:
    if isinstance(value, str):
        return re.search(FORM_TEXT, value) is not None
    return isinstance(value, dict) and list(value) == ["from"] and isinstance(value["from"], str)
