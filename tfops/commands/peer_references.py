"""Which of a unit's inputs are outputs of other units: told by the marks of `engine.marked_outputs`."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tfops.commands.peer_units import HiddenValue, UnitOutput
from tfops.dataclass import dataclass
from tfops.engine.marked_outputs import PREFIX, marked

_MARK = re.compile(re.escape(PREFIX) + "[0-9a-f]{20}")


@dataclass(frozen=True, slots=True)
class References:
    """What marks stand for: one alone; lists and mappings with marks in them; and those that are sensitive."""

    texts: Mapping[str, UnitOutput]
    wholes: Sequence[tuple[UnitOutput, Any]]
    sensitive: frozenset[str]

    @classmethod
    def of(cls, given: Mapping[str, Mapping[str, Any]]) -> "References":
        """`given` is unit to what `output -json` says there."""
        texts: dict[str, UnitOutput] = {}
        wholes: list[tuple[UnitOutput, Any]] = []
        sensitive = set[str]()
        for unit, outputs in given.items():
            for name, one in marked(outputs).items():
                is_sensitive = bool(one.get("sensitive"))
                for place, mark, real in _places(one["value"], outputs[name].get("value"), name):
                    found = UnitOutput(unit, place, real, is_sensitive)
                    if isinstance(mark, str):
                        texts[mark] = found
                    else:
                        wholes.append((found, mark))
                sensitive |= set(_marks(one["value"])) if is_sensitive else set()
        return cls(texts, wholes, frozenset(sensitive))

    def put_into(self, real: Any, seen: Any, tell: Callable[[str], None]) -> Any:
        """A value with what other units give in the place of what it is today. `seen` is the value with marks."""
        if isinstance(seen, str) and seen in self.texts:
            return self.texts[seen]
        whole = next((output for output, value in self.wholes if value == seen), None)
        if whole is not None:
            return whole
        if isinstance(seen, dict) and isinstance(real, dict) and seen.keys() == real.keys():
            return {key: self.put_into(item, seen[key], tell) for key, item in real.items()}
        if isinstance(seen, list) and isinstance(real, list) and len(real) == len(seen):
            return [self.put_into(one, other, tell) for one, other in zip(real, seen, strict=True)]
        return self._of_today(real, seen, tell)

    def _of_today(self, real: Any, seen: Any, tell: Callable[[str], None]) -> Any:
        marks = set(_marks(seen))
        if marks & self.sensitive:
            tell("is made of a sensitive output and more: give it as a secret")
            return HiddenValue()
        if marks:
            tell("is made of an output and more: its value of today is taken")
        return real


def _marks(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _MARK.findall(value)
    elif isinstance(value, dict | list):
        for key, item in _items(value):
            yield from _marks(key)
            yield from _marks(item)


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    yield from value.items() if isinstance(value, dict) else enumerate(value)


def _places(value: Any, real: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Every mark, and every list and mapping with marks in it, the outer ones first: where it stands, what it is."""
    if not any(_marks(value)):
        return
    yield place, value, real
    if isinstance(value, dict | list):
        for key, item in _items(value):
            step = f"[{key}]" if isinstance(key, int) else f".{key}"
            yield from _places(item, real[key], place + step)
