"""JSON whose numbers keep their digits.

Terraform computes with 512 bits (https://developer.hashicorp.com/terraform/language/expressions/types#number), a
binary float has 53. A number is a `float` here only where that float's shortest text is the very number; any other
with a fraction or an exponent is a `Decimal`, which the functions of this module write as it is.
"""

import json
import math
import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any

Number = int | float | Decimal

# Python turns no longer text into an int (sys.int_info.default_max_str_digits).
_MOST_DIGITS = 4300


def to_number(text: str) -> float | Decimal:
    """The number that a text of JSON or YAML means, all its digits kept. Raises ArithmeticError when it is none."""
    exact, near = Decimal(text), float(text)
    return near if math.isfinite(near) and Decimal(repr(near)) == exact else exact


def is_number(value: object) -> bool:
    """Whether it is one of the kinds that `loads` makes; to Python a boolean is a number too."""
    return isinstance(value, Number) and not isinstance(value, bool)


def number_text(value: Number) -> str:
    """What Terraform makes of a number when text is wanted: all digits, no exponent."""
    if isinstance(value, int):
        return str(int(value))
    text = format(value if isinstance(value, Decimal) else Decimal(float.__repr__(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def loads(text: str, *, objects: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """What a JSON text holds. Raises ValueError when it isn't one; JSON knows neither `NaN` nor `Infinity`.

    `objects` makes an object of its pairs, where a name that stands twice means something.
    """
    try:
        return json.loads(
            text, parse_float=to_number, parse_int=_to_int, parse_constant=_refuse, object_pairs_hook=objects
        )
    except ArithmeticError as error:
        raise ValueError("a number that is out of all bounds") from error


def _to_int(text: str) -> Number:
    return int(text) if len(text) < _MOST_DIGITS else Decimal(text)


def _refuse(text: str) -> float:
    raise ValueError(f"not a number of JSON: {text}")


def dumps(value: Any, **options: Any) -> str:
    """`json.dumps`, with numbers as they are."""
    kept: list[Decimal] = []
    mark = os.urandom(16).hex()  # the encoder can't be taught another number: a text that nobody has stands for it

    def stand_in(item: object) -> str:
        if not isinstance(item, Decimal):
            raise TypeError(f"{type(item).__name__} is not JSON")
        kept.append(item)
        return f"{mark}{len(kept) - 1}."

    text = json.dumps(value, default=stand_in, **options)
    for index, item in enumerate(kept):
        text = text.replace(f'"{mark}{index}."', Decimal.__str__(item), 1)
    return text
