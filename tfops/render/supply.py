"""What other stacks give to a stack: values for its variables, and a file that says what only they know of them.

The rendered root is the same at every commit, so a variable for another stack's output is of type `any` there, and
sensitive unless a module of the repository says otherwise. Of which type the output is, the state knows: a set that
arrived as a list would be no set any more. Whether it is sensitive, a module says that was downloaded since.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tfops.dataclass import dataclass
from tfops.render.escape import expression_text

# Beside the rendered root, while it is planned. An override file changes what another file declares:
# https://developer.hashicorp.com/terraform/language/files/override
SUPPLY_FILE = "tfops_stacks_override.tf.json"

_WORDS = {"string": "string", "number": "number", "bool": "bool", "dynamic": "any"}
_COLLECTIONS = ("list", "set", "map")


@dataclass(frozen=True, slots=True)
class Supply:
    """An output of another stack; `kind` is its type as states write it (`["set", "string"]`)."""

    value: Any
    kind: Any
    is_public: bool

    @property
    def text(self) -> str:
        return expression_text(self.value)


def supply_file(supplies: Mapping[str, Supply]) -> str:
    """The text of SUPPLY_FILE for the variables of a root."""
    blocks = {
        name: {"type": _declared(supply.kind), "sensitive": not supply.is_public}
        for name, supply in sorted(supplies.items())
    }
    return json.dumps({"variable": blocks}, indent=2) + "\n"


def _declared(kind: Any) -> str:
    """A text, number or truth says by itself what it is; declared as such, its text would no longer be read as an
    expression (https://developer.hashicorp.com/terraform/language/values/variables#complex-typed-values)."""
    return "any" if isinstance(kind, str) else type_constraint(kind)


def type_constraint(kind: Any) -> str:
    """A type of a state as a type constraint. What can't be written as one is `any`.

    States write types as cty does: https://github.com/zclconf/go-cty/blob/main/docs/json.md#type-encoding
    """
    match kind:
        case str():
            return _WORDS.get(kind, "any")
        case [str() as name, element] if name in _COLLECTIONS:
            return f"{name}({type_constraint(element)})"
        case ["tuple", list() as items]:
            return f"tuple([{', '.join(map(type_constraint, items))}])"
        case ["object", dict() as attributes, *_] if all(map(_is_attribute, attributes)):
            return f"object({{{', '.join(_attributes(attributes))}}})"
    return "any"


def _attributes(attributes: Mapping[str, Any]) -> Iterator[str]:
    return (f"{name} = {type_constraint(kind)}" for name, kind in attributes.items())


def _is_attribute(name: str) -> bool:
    """Whether a type constraint can name it; any other key may well stand in an object."""
    return name.replace("-", "_").isidentifier() and not name.startswith("-") and name.isascii()


def kind_of(value: Any) -> Any:
    """The type of a value that says by itself what it is; None for lists and mappings, which are of many."""
    match value:
        case None:
            return "dynamic"
        case bool():
            return "bool"
        case str():
            return "string"
        case list() | dict():
            return None
    return "number"


def kind_in(module: Any, name: str) -> Any:
    """The type of an output in the type of its module, where that is known."""
    match module:
        case ["object", dict() as attributes, *_]:
            return attributes.get(name)
    return None
