"""Random types with random values: right ones, ones that Terraform converts, and wrong ones."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfops.config.modules.terraform_type import ANY, Attribute, Kind, Type, type_text

_NAMES = ("a", "b", "name", "size", "tags")
_TEXTS = ("", "x", "1", "0", "true", "false", "1.5", "1e3", "-7", " 1", "0x1f", "yes", "é", "${x}", "%{ if", "null")
_NUMBERS = (0, 1, -1, 8080, 1.5, -0.25, 1e21, 123456789012345678901234567890, 1e-7)

_SCALARS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "string": (_TEXTS, _NUMBERS, (True, False)),
    "number": (_NUMBERS, ("1", "-1.5", "1e3", ".5", "+2")),
    "bool": ((True, False), ("true", "false")),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A variable's declaration and a value for it."""

    type: Type
    nullable: bool
    value: Any

    def declaration(self, name: str) -> str:
        nullable = "" if self.nullable else "\n  nullable = false"
        return f'variable "{name}" {{\n  type = {type_text(self.type)}{nullable}\n}}\n'


def random_pair(dice: random.Random) -> Pair:
    found = random_type(dice, depth=dice.randint(0, 3))
    return Pair(found, dice.random() > 0.1, random_value(dice, found, wrong=dice.choice((0.0, 0.0, 0.1, 0.4))))


def random_type(dice: random.Random, *, depth: int) -> Type:
    if depth == 0:
        return dice.choice((Type("string"), Type("number"), Type("bool"), ANY))
    kinds: tuple[Kind, ...] = ("list", "set", "map", "object", "tuple")
    kind = dice.choice(kinds)
    inner: Callable[[], Type] = lambda: random_type(dice, depth=dice.randint(0, depth - 1))  # noqa: E731
    if kind == "object":
        names = dice.sample(_NAMES, dice.randint(0, 3))
        return Type("object", attributes={name: _attribute(dice, inner()) for name in names})
    if kind == "tuple":
        return Type("tuple", items=tuple(inner() for _ in range(dice.randint(0, 3))))
    return Type(kind, inner())


def _attribute(dice: random.Random, found: Type) -> Attribute:
    if dice.random() < 0.5:
        return Attribute(found)
    has_default = dice.random() < 0.4 and "any" not in type_text(found)  # a default that can't be one is no pair
    return Attribute(found, is_optional=True, default=random_value(dice, found, wrong=0.0) if has_default else None)


def random_value(dice: random.Random, found: Type, *, wrong: float) -> Any:
    """A value that fits, as JSON: with the conversions that Terraform makes; at any place wrong with a probability."""
    if found.kind == "any" or dice.random() < wrong:
        return _anything(dice)
    if dice.random() < 0.05:
        return None
    if found.kind in _SCALARS:
        return dice.choice(dice.choice(_SCALARS[found.kind]))
    if found.kind == "tuple":
        return [random_value(dice, item, wrong=wrong) for item in found.items]
    if found.kind == "object":
        return _object(dice, found, wrong=wrong)
    values = [random_value(dice, found.element or ANY, wrong=wrong) for _ in range(dice.randint(0, 3))]
    return values if found.kind != "map" else dict(zip(_NAMES, values, strict=False))


def _object(dice: random.Random, found: Type, *, wrong: float) -> dict[str, Any]:
    value = {
        name: random_value(dice, attribute.type, wrong=wrong)
        for name, attribute in found.attributes.items()
        if not (attribute.is_optional and dice.random() < 0.5) and dice.random() >= wrong / 2
    }
    return value | ({dice.choice(_NAMES): "more"} if dice.random() < wrong / 2 else {})


def _anything(dice: random.Random) -> Any:
    simple = [None, True, False, *dice.sample(_TEXTS, 2), *dice.sample(_NUMBERS, 2)]
    lists = [[], ["a", "b"], [1, "b"], [True, 1], [["a"], "b"], [{"a": 1}, {"b": "x"}]]
    return dice.choice([*simple, *lists, {}, {"a": 1}, {"a": "x", "b": [1]}, {"name": None, "size": {"a": True}}])
