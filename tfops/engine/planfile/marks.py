"""Which parts of a value are sensitive, from the paths that a plan lists.

The paths are those of the configuration and those of the provider's schema, but for one case: the new side of a
replacement lacks the schema's. What they are is seen on its old side, as far as that reaches.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from tfops.engine.planfile.layouts import PATH, STEP, VALUE
from tfops.engine.planfile.unfamiliar import Budget, Unfamiliar
from tfops.engine.planfile.values import Typed, read_value
from tfops.engine.planfile.wire import read_message


class Step(NamedTuple):
    """One step into a value: an attribute's name, or the key of an element. None is every element."""

    key: str | int | None
    is_element: bool


Path = tuple[Step, ...]
_EVERY: Final = Step(None, is_element=True)


def read_paths(data: Iterable[bytes], budget: Budget) -> list[Path]:
    """Paths as a plan writes them. An element of a set has no key: its path ends at the set."""
    return [tuple(_steps(read_message(path, PATH, budget)["steps"], budget)) for path in data]


def keys_of(path: Path) -> list[str | int]:
    """The path as `show -json` writes it."""
    return [step.key for step in path if step.key is not None]


def _steps(data: Iterable[bytes], budget: Budget) -> Iterator[Step]:
    for raw in data:
        step = read_message(raw, STEP, budget)
        if step["key"] is None:
            yield Step(step["attribute"], is_element=False)
            continue
        key = read_value(read_message(step["key"], VALUE, budget)["msgpack"] or b"", budget)
        if isinstance(key, Typed):
            key = key.value
        if isinstance(key, bool) or not isinstance(key, str | int):
            return
        yield Step(key, is_element=True)


def marks(value: Any, paths: Sequence[Path]) -> Any:
    """The sensitive parts of a value, in its own shape: True where everything is, False where nothing is.

    A path that doesn't fit the value marks the whole of what it leaves.
    """
    if not paths:
        return False
    if isinstance(value, dict) and all(path and not isinstance(path[0].key, int) for path in paths):
        return {key: mark for key, item in value.items() if (mark := marks(item, _below(key, paths))) is not False}
    if isinstance(value, list) and all(path and not isinstance(path[0].key, str) for path in paths):
        return [marks(item, _below(index, paths)) for index, item in enumerate(value)]
    return True


def _below(key: str | int, paths: Iterable[Path]) -> list[Path]:
    return [path[1:] for path in paths if path[0].key is None or path[0].key == key]


def of_replacement(before: Any, after: Any, old: Sequence[Path], new: Sequence[Path]) -> list[Path]:
    """The sensitive paths of a replacement's new side, the schema's among them.

    Raises Unfamiliar where the new side has a part that the old side has no like of: nothing says what the schema
    marks in it.
    """
    if not _has_like(after, [before]):
        raise Unfamiliar("a replacement with a part that was not there before")
    return [*new, *map(_in_every_element, old)]


def _in_every_element(path: Path) -> Path:
    """What the schema marks in one element, it marks in all; nothing that ends at an element is the schema's."""
    last = max((place for place, step in enumerate(path) if not step.is_element), default=-1)
    return tuple(_EVERY if step.is_element and place < last else step for place, step in enumerate(path))


def _has_like(after: Any, before: list[Any]) -> bool:
    """Whether every object in the new value, however deep, has one at its place, or in the same list or map, before.

    Objects and maps look the same, so a map counts as an object. A value of any type isn't in the schema.
    """
    if isinstance(after, dict):
        maps = [item for item in before if isinstance(item, dict)]
        return not after or (bool(maps) and all(_has_like(item, _likes(key, maps)) for key, item in after.items()))
    if isinstance(after, list):
        lists = [item for old in before if isinstance(old, list) for item in old]
        return all(_has_like(item, lists) for item in after)
    return True


def _likes(key: str, maps: list[dict[str, Any]]) -> list[Any]:
    """The values of a key; those of all keys where nobody has it, which then is a map's."""
    return [found[key] for found in maps if key in found] or [item for found in maps for item in found.values()]
