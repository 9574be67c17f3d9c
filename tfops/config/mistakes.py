"""What is wrong with a value, in a developer's words."""

import difflib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tfops.config.document import Written
from tfops.config.modules.module import Variable
from tfops.config.modules.terraform_type import Type, short_type, type_at
from tfops.config.names import did_you_mean, shown
from tfops.config.values import Path, walk
from tfops.dataclass import dataclass
from tfops.exact import Number, number_text

if TYPE_CHECKING:
    from jsonschema import ValidationError


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake inside of an input; `path` leads to it from the input's own value."""

    path: Path
    message: str
    hint: str = ""


def is_close(word: str, others: Iterable[str]) -> bool:
    """Whether one of the others is probably this word, misspelt."""
    return bool(difflib.get_close_matches(word, list(others), n=1, cutoff=0.6))


def explain(variable: Variable, errors: "Iterable[ValidationError]") -> Iterator[Mistake]:
    """The errors of a variable's schema as mistakes."""
    for error in errors:
        path, value = tuple(error.absolute_path), _instance(error)
        expected = type_at(variable.type, path)
        what = f"`{_words(variable.name, path)}`"
        match error.validator:
            case "additionalProperties":
                yield from _unknown_attributes(path, what, value, expected)
            case "required":
                yield from _missing_attributes(path, what, error, expected)
            case "minItems" | "maxItems":
                count = len(expected.items)
                yield Mistake(path, f"{what} must be a list of exactly {count} values, not {len(value)}")
            case _ if _is_almost_secret(value):
                given = _given(value["from"])
                message = f"`from` names a secret, as text: {{from: env:NAME}}, not {given}"
                yield Mistake((*path, "from"), f"{what}: {message}", "a mapping with such a key: {literal: {from: …}}")
            case _:
                yield Mistake(path, f"{what} must be {_wanted(expected)}, not {_given(value)}", _hint(value, expected))


def _is_almost_secret(value: Any) -> bool:
    """Whether a value has the form of a secret, but for what it is called."""
    return isinstance(value, dict) and list(value) == ["from"] and not isinstance(value["from"], str)


def _instance(error: "ValidationError") -> Any:
    return error.instance


def _words(name: str, path: Path) -> str:
    return name + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


_DROPPED = "(Terraform would drop it silently)"


def _unknown_attributes(path: Path, what: str, value: Any, expected: Type) -> Iterator[Mistake]:
    for key in value:
        if key not in expected.attributes:
            hint = did_you_mean(key, expected.attributes.keys() - value.keys())
            yield Mistake((*path, key), f"{what} has no attribute `{key}`", " ".join(filter(None, (hint, _DROPPED))))


def _missing_attributes(path: Path, what: str, error: "ValidationError", expected: Type) -> Iterator[Mistake]:
    """jsonschema reports each missing attribute by itself, and names it in the message alone."""
    [name] = (word for word in expected.attributes if f"{word!r} is a required" in error.message)
    unknown = [key for key in _instance(error) if key not in expected.attributes]
    if not is_close(name, unknown):
        hint = f"{name}: {short_type(expected.attributes[name].type)}"
        yield Mistake(path, f"{what} needs the attribute `{name}`", hint)


_WANTED = {"string": "text", "number": "a number", "bool": "true or false", "list": "a list", "set": "a list"}


def _wanted(expected: Type) -> str:
    if expected.kind == "object":
        listed = ", ".join(f"`{name}`" for name in list(expected.attributes)[:6])
        return f"a mapping with {listed}" + (", …" if len(expected.attributes) > 6 else "")
    if expected.kind == "tuple":
        return f"a list of {len(expected.items)} values"
    return _WANTED.get(expected.kind, "a mapping (`key: value` lines)")


def _given(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case None:
            return "null"
        case str():
            return f"the text {shown(value)}"
        case int() | float() | Decimal():
            return f"the number {number_text(value)}"
        case list():
            return "a list"
    return "a mapping"


def _hint(value: Any, expected: Type) -> str:
    if expected.kind == "bool" and isinstance(value, str) and value.lower() in ("yes", "no", "on", "off"):
        return f"write {'true' if value.lower() in ('yes', 'on') else 'false'}: to YAML 1.2 `{value}` is text"
    if isinstance(value, str | Number) and expected.kind in ("list", "set"):
        return "a list of one value is written with brackets: [value]"
    return ""


def changed_texts(variable: Variable, value: Any) -> Iterator[Mistake]:
    """Numbers that stand where text is wanted, and whose text YAML would change."""
    for path, item in walk(value):
        if isinstance(item, Written) and type_at(variable.type, path).kind == "string":
            what = _words(variable.name, path)
            message = f"`{what}` is text, but YAML makes a number of `{item.written}`: {number_text(item)}"
            yield Mistake(path, message, f'put it in quotes: "{item.written}"')
