"""What an expression of a module comes to, as far as that is certain without an engine.

Literals, variables, locals, comparisons, logic, and `contains`. Careful rather than complete: where the engine might
see another type or value than is written, nothing is decided.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tfops.config.modules.hcl import Node, unescape
from tfops.exact import is_number

# The value of `var.NAME` or `local.NAME`; raises Undecided where it isn't known.
Lookup = Callable[[str, str], Any]

_SYMBOLS = ("var", "local")
_WORDS = {"true": True, "false": False}


class Undecided(ValueError):
    """Only the engine can say what an expression comes to."""


def evaluate(node: Node, lookup: Lookup) -> Any:
    """The value of an expression. Raises Undecided."""
    inner = node.inner()
    rule = _RULES.get(inner.kind)
    if rule is not None:
        return rule(inner, lookup)
    try:
        return inner.literal()
    except ValueError as error:
        raise Undecided(str(error)) from error


def to_bool(value: Any) -> bool:
    """As the engine converts to a bool: the texts `true` and `false` are ones, too. Raises Undecided."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    raise Undecided("not a bool")


def _logic(node: Node, lookup: Lookup) -> Any:
    left, term = node.children()
    operator, right = term.children()
    if operator.text in ("&&", "||"):
        return _either(left, right, lookup, decides=operator.text == "||")
    compare = _COMPARISONS.get(operator.text)
    if compare is None:
        raise Undecided(operator.text)
    return compare(evaluate(left, lookup), evaluate(right, lookup))


def _either(left: Node, right: Node, lookup: Lookup, *, decides: bool) -> bool:
    """`||` is true as soon as one side is (`decides`), `&&` false as soon as one is, whatever the other may be."""
    unsure: Undecided | None = None
    for side in (left, right):
        try:
            if to_bool(evaluate(side, lookup)) is decides:
                return decides
        except Undecided as error:
            unsure = error
    if unsure is not None:
        raise unsure
    return not decides


def _equal(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    if _kind(left) is not _kind(right):
        raise Undecided("two types: the engine may convert one of them")
    return bool(left == right)


def _kind(value: Any) -> type:
    if is_number(value):
        return Decimal
    if isinstance(value, bool | str):
        return type(value)
    raise Undecided("neither a text, nor a number, nor a bool")


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def decided(left: Any, right: Any) -> bool:
        if not (is_number(left) and is_number(right)):
            raise Undecided("not two numbers")
        return compare(left, right)

    return decided


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(lambda left, right: bool(left < right)),
    "<=": _ordered(lambda left, right: bool(left <= right)),
    ">": _ordered(lambda left, right: bool(left > right)),
    ">=": _ordered(lambda left, right: bool(left >= right)),
}


def _unary(node: Node, lookup: Lookup) -> Any:
    if node.text.startswith("!"):
        return not to_bool(evaluate(node.children()[-1], lookup))
    try:
        return node.literal()
    except ValueError as error:
        raise Undecided(str(error)) from error


def _conditional(node: Node, lookup: Lookup) -> Any:
    condition, then, otherwise = node.children()
    return evaluate(then if to_bool(evaluate(condition, lookup)) else otherwise, lookup)


def _attribute(node: Node, lookup: Lookup) -> Any:
    whole, step = node.children()
    name, inner = step.text.removeprefix(".").strip(), whole.inner()
    if inner.kind == "identifier":
        if inner.text not in _SYMBOLS:
            raise Undecided(f"`{inner.text}` is known to the engine alone")
        return lookup(inner.text, name)
    return _part(evaluate(whole, lookup), name)


def _index(node: Node, lookup: Lookup) -> Any:
    whole, step = node.children()
    return _part(evaluate(whole, lookup), evaluate(step.children()[0], lookup))


def _part(value: Any, key: Any) -> Any:
    if isinstance(value, dict) and isinstance(key, str) and key in value:
        return value[key]
    if isinstance(value, list) and type(key) is int and 0 <= key < len(value):
        return value[key]
    raise Undecided("no such part")


def _call(node: Node, lookup: Lookup) -> bool:
    name, *rest = node.children()
    if name.text != "contains" or len(rest) != 1:
        raise Undecided(f"`{name.text}` is evaluated by the engine alone")
    within, wanted = (evaluate(one, lookup) for one in rest[0].children())
    if not isinstance(within, list):
        raise Undecided("not a list")
    return any([_equal(one, wanted) for one in within])


def _list(node: Node, lookup: Lookup) -> list[Any]:
    return [evaluate(one, lookup) for one in node.children()]


def _template(node: Node, lookup: Lookup) -> Any:
    """A text; `"${…}"` alone is what stands inside."""
    parts = node.children()
    inside = [found for part in parts for found in part.children()]
    if not inside:
        return "".join(unescape(part.raw) for part in parts)
    if len(parts) == 1 and inside[0].kind == "interpolation":
        return evaluate(inside[0].children()[0], lookup)
    raise Undecided("a text with a template inside")


_RULES: dict[str, Callable[[Node, Lookup], Any]] = {
    "binary_op": _logic,
    "unary_op": _unary,
    "conditional": _conditional,
    "get_attr_expr_term": _attribute,
    "index_expr_term": _index,
    "function_call": _call,
    "string": _template,
    "tuple": _list,
}
