"""A JSON Schema with everything that it says more than once in one place: `$defs`, referred to by `$ref`.

Modules are much alike: the types of a cloud's tags, of text or a reference stand hundreds of times in the schema of a
project. An editor parses and checks the schema at every key stroke.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

Schema = dict[str, Any]

# Keywords with a schema, a list of schemas, and a mapping of names to schemas. What stands anywhere else is a value:
# https://json-schema.org/draft/2020-12/json-schema-core#section-10
_ONE = ("if", "then", "else", "items", "additionalProperties", "not")
_MANY = ("anyOf", "allOf", "oneOf", "prefixItems")
_NAMED = ("properties", "$defs")

_PREFIX = "shared-"
_SHORTEST = 40  # a reference is not much shorter


def with_shared_parts(schema: Schema) -> Schema:
    """The same schema. What is said twice moves to `$defs`, and is said there in terms of other such parts."""
    times: Counter[str] = Counter()
    _count(schema, times)
    worth = (text for text, count in times.items() if count > 1 and len(text) >= _SHORTEST)
    names = {text: f"{_PREFIX}{number}" for number, text in enumerate(sorted(worth), 1)}
    found = {name: _children_replaced(json.loads(text), names) for text, name in names.items()}
    whole = _children_replaced(schema, names)
    return {**whole, "$defs": {**whole.get("$defs", {}), **found}} if found else whole


def _text(part: Any) -> str:
    return json.dumps(part, sort_keys=True)


def _count(schema: Schema, times: Counter[str]) -> None:
    """How often every schema inside stands somewhere; what stands in a part that is met again counts once."""
    for part in _children(schema):
        if isinstance(part, dict):
            text = _text(part)
            times[text] += 1
            if times[text] == 1:
                _count(part, times)


def _children(schema: Schema) -> Iterator[Any]:
    yield from (schema[key] for key in _ONE if key in schema)
    for key in _MANY:
        yield from schema.get(key, ())
    for key in _NAMED:
        yield from schema.get(key, {}).values()


def _replaced(part: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(part, dict):
        return part
    name = names.get(_text(part))
    return {"$ref": f"#/$defs/{name}"} if name else _children_replaced(part, names)


def _children_replaced(schema: Schema, names: Mapping[str, str]) -> Schema:
    found = dict(schema)
    for key in _ONE:
        if key in found:
            found[key] = _replaced(found[key], names)
    for key in _MANY:
        if key in found:
            found[key] = [_replaced(part, names) for part in found[key]]
    for key in _NAMED:
        if key in found:
            found[key] = {name: _replaced(part, names) for name, part in found[key].items()}
    return found
