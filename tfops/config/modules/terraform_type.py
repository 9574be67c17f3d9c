"""Terraform's type expressions: `map(object({ a = string, b = optional(number, 1) }))`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Literal

from tfops.config.modules.hcl import Node, pairs
from tfops.dataclass import dataclass

Kind = Literal["any", "string", "number", "bool", "list", "set", "map", "object", "tuple"]

_COLLECTIONS: dict[str, Kind] = {"list": "list", "set": "set", "map": "map"}
_WORDS: dict[str, Kind] = {"any": "any", "string": "string", "number": "number", "bool": "bool"}


@dataclass(frozen=True, slots=True)
class Type:
    """One type. `element` is of a collection, `items` of a tuple, `attributes` of an object."""

    kind: Kind
    element: "Type | None" = None
    items: tuple["Type", ...] = ()
    attributes: Mapping[str, "Attribute"] = field(default_factory=dict)

    @property
    def is_compound(self) -> bool:
        """Whether its values have parts."""
        return self.kind not in ("any", "string", "number", "bool")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an object; `default` is what an optional one becomes when it is left out.

    `default_text` is set instead where only Terraform can say what the default is (`60 * 60`).
    """

    type: Type
    is_optional: bool = False
    default: Any = None
    default_text: str = ""


ANY = Type("any")

_LONGEST = 100


def parse_type(node: Node) -> Type:
    """Raises ValueError for what isn't a type."""
    inner = node.inner()
    if inner.kind == "function_call":
        return _constructed(inner)
    word = inner.text.strip('"')  # quotes: the form of Terraform 0.11
    if word in _WORDS:
        return Type(_WORDS[word])
    if word in _COLLECTIONS:
        return Type(_COLLECTIONS[word], ANY)
    raise ValueError(f"not a type: {inner.text[:60]}")


def _call(node: Node) -> tuple[str, list[Node]]:
    name, *rest = node.children()
    return name.text, rest[0].children() if rest else []


def _constructed(node: Node) -> Type:
    name, arguments = _call(node)
    if len(arguments) != 1:
        raise ValueError(f"not a type: {node.text[:60]}")
    [argument] = arguments
    if name in _COLLECTIONS:
        return Type(_COLLECTIONS[name], parse_type(argument))
    if name == "tuple" and argument.inner().kind == "tuple":
        return Type("tuple", items=tuple(parse_type(item) for item in argument.inner().children()))
    if name == "object" and argument.inner().kind == "object":
        return Type("object", attributes={key: _attribute(value) for key, value in pairs(argument.inner())})
    raise ValueError(f"not a type: {node.text[:60]}")


def _attribute(node: Node) -> Attribute:
    inner = node.inner()
    if inner.kind == "function_call" and _call(inner)[0] == "optional":
        _, arguments = _call(inner)
        value, text = read_default(arguments[1].literal, arguments[1].text) if len(arguments) > 1 else (None, "")
        return Attribute(parse_type(arguments[0]), is_optional=True, default=value, default_text=text)
    return Attribute(parse_type(inner))


def read_default(value: Callable[[], Any], text: str) -> tuple[Any, str]:
    """(value, empty), or (None, the text) of what can't be read, or has more digits than a float."""
    try:
        found = value()
        json.dumps(found)
    except (ValueError, TypeError):
        return None, text
    return found, ""


def type_text(found: Type, indent: str = "") -> str:
    """The type as one would write it; objects over several lines."""
    match found.kind:
        case "object":
            inner = indent + "  "
            lines = [f"{inner}{key} = {_attribute_text(item, inner)}" for key, item in found.attributes.items()]
            return "\n".join(["object({", *lines, f"{indent}}})"]) if lines else "object({})"
        case "tuple":
            return f"tuple([{', '.join(type_text(item, indent) for item in found.items)}])"
        case "list" | "set" | "map":
            return f"{found.kind}({type_text(found.element or ANY, indent)})"
    return found.kind


def _attribute_text(attribute: Attribute, indent: str) -> str:
    text = type_text(attribute.type, indent)
    if not attribute.is_optional:
        return text
    default = attribute.default_text or ("" if attribute.default is None else _hcl_text(attribute.default))
    return f"optional({text}, {default})" if default else f"optional({text})"


def _hcl_text(value: Any) -> str:
    """JSON is HCL but for the signs that begin a template."""
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def type_at(found: Type, path: tuple[str | int, ...]) -> Type:
    """The type of what lies at a path inside a value of this type."""
    for step in path:
        if found.kind == "object" and step in found.attributes:
            found = found.attributes[str(step)].type
        elif found.kind == "tuple" and isinstance(step, int) and step < len(found.items):
            found = found.items[step]
        else:
            found = found.element or ANY
    return found


def is_settled(found: Type) -> bool:
    """Whether a value of this type is one whatever it was made of: `any` is nowhere inside."""
    inner = (*found.items, *(item.type for item in found.attributes.values()), *filter(None, (found.element,)))
    return found.kind != "any" and all(map(is_settled, inner))


def short_type(found: Type) -> str:
    """The type on one line, cut where it gets long."""
    text = " ".join(type_text(found).split())
    text = text.replace("({ ", "({").replace(" })", "})")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
