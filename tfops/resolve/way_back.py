"""What is compared when a way back is judged: a card of then and today's, stack by stack, in the same form."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import lru_cache

from tfops.dataclass import dataclass
from tfops.records.card import StackRecord
from tfops.records.version import Kind

_NO_STACK = StackRecord(backend="", lineage="", serial_before=0, serial_after=0, state_sha256="")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card says about one stack, as it can be held against another card.

    In `stack`, addresses are told apart in the whole environment, ids are led back to a thing's first one and hidden
    if they are on either card, and providers have the same address for both engines' registries: `registries` are
    those that the provider lock has entries of. `types` is resource type to provider, `modules` what the code asks of
    each module, `actions` how many were run.
    """

    kind: Kind = Kind.APPLY
    engine: tuple[str, str] = ("", "")
    stack: StackRecord = _NO_STACK
    types: Mapping[str, str] = field(default_factory=dict)
    registries: frozenset[str] = frozenset()
    modules: Mapping[str, str] = field(default_factory=dict)
    actions: int = 0


@dataclass(frozen=True, slots=True)
class WayBack:
    """The way from today back to then. `moved` is the address of then to today's, `alive` the address of then to
    the id of what left the state without being destroyed, `here` the engine at hand (empty: not known), `turned` the
    address of then to today's of what became another type."""

    today: Facts
    then: Facts
    moved: Mapping[str, str]
    alive: Mapping[str, str]
    here: tuple[str, str]
    turned: Mapping[str, str]


def is_older(version: str, *, than: str) -> bool:
    """By major and minor: patch releases don't change what a state means."""
    return numbers(version)[:2] < numbers(than)[:2]


@lru_cache(maxsize=1024)
def numbers(version: str) -> tuple[int, ...]:
    """The release of a version as numbers; the pre-release doesn't count."""
    return tuple(int(part) for part in re.findall(r"\d+", re.split(r"[-+]", version, maxsplit=1)[0]))


_MOST_LISTED = 3


def listed(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
    return ", ".join(found[:_MOST_LISTED]) + more


def counted(things: Iterable[str]) -> str:
    number = len(list(things))
    return f"{number} resource" if number == 1 else f"{number} resources"
