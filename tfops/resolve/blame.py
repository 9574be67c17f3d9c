"""Which version made a thing what it is: told from versions that are gone through once, newest first."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from tfops.dataclass import dataclass
from tfops.records.addresses import is_same_id, qualified, split
from tfops.records.blame import BlameKind
from tfops.records.card import Card
from tfops.records.rendered import ROOT_MODULE
from tfops.records.version import Version

_MODULE = re.compile(r"module\.([^.\[]+)")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a version did. `before` and `after` are ids, addresses, contents of a module, or values."""

    kind: BlameKind
    version: Version
    before: Any = None
    after: Any = None


@dataclass(slots=True)
class ResourceTrail:
    """A resource, followed back by the moves that the cards recorded.

    `address` is what it was called where the walk has come to; `found` is what made it what it is, newest first. Of
    replacements and of changes of its module's code only the last counts, and how many `replacements` there were.
    """

    address: str
    known: str | None = None
    newest_id: str = ""
    found: list[Found] = field(default_factory=list)
    replacements: int = 0
    is_over: bool = False
    _newer: Version | None = None
    _newer_moves: Mapping[str, str] = field(default_factory=dict)
    _code: str = ""

    def step(self, card: Card) -> None:
        """Look at the next older version."""
        here = card.inventory.get(self.address)
        if here is None:
            self._absent()
        else:
            self._present(card, here)
        self._newer, self._newer_moves = Version(card.version), card.moved

    def end(self) -> None:
        """There is no older version."""
        if self.known is not None and not self.is_over and self._newer:
            self.found.append(Found(BlameKind.CREATED, self._newer, None, self.address))

    def _absent(self) -> None:
        """Before it was made; or after it went, and then the walk goes on until it is met."""
        if self.known is not None:
            self.end()
            self.is_over = True

    def _present(self, card: Card, here: str) -> None:
        code = _code_of(card, self.address)
        if self.known is None:
            self.newest_id = here
            self._note_gone(here)
        else:
            self._compare(here, code)
        self.known, self._code = here, code
        if source := card.moved.get(self.address):
            self.found.append(Found(BlameKind.MOVED, Version(card.version), source, self.address))
            self.address = source

    def _note_gone(self, here: str) -> None:
        """Newer versions haven't it: it was moved away, or is no more."""
        goals = [target for target, source in self._newer_moves.items() if source == self.address]
        if self._newer and goals:
            self.found.append(Found(BlameKind.MOVED, self._newer, self.address, goals[0]))
        elif self._newer:
            self.found.append(Found(BlameKind.REMOVED, self._newer, here, None))

    def _compare(self, here: str, code: str) -> None:
        """With the version after it, which is the one that changed it."""
        assert self._newer
        if not is_same_id(here, self.known or ""):
            self.replacements += 1
            self._note(Found(BlameKind.REPLACED, self._newer, here, self.known))
        if code != self._code:
            self._note(Found(BlameKind.CODE, self._newer, code, self._code))

    def _note(self, found: Found) -> None:
        if not any(one.kind is found.kind for one in self.found):
            self.found.append(found)


def module_of(address: str) -> str:
    """The module of the environment's file that a resource belongs to, `stack/module` where there are several."""
    stack, own = split(address)
    match = _MODULE.match(own)
    return qualified(stack, match[1]) if match else ""


def _code_of(card: Card, address: str) -> str:
    module = card.modules.get(module_of(address)) or card.modules.get(qualified(split(address)[0], ROOT_MODULE))
    return f"{module.source} {module.digest[:8]}".strip() if module else ""


MISSING = object()


@dataclass(slots=True)
class ValueTrail:
    """A value that versions had, newest first: when it got to be what it is, when it was first there.

    Versions that don't say (`step` isn't called) are passed over.
    """

    found: list[Found] = field(default_factory=list)
    value: Any = MISSING
    changes: int = 0
    is_over: bool = False
    _newer: Version | None = None
    _older_value: Any = MISSING

    def step(self, version: Version, value: Any) -> None:
        """Look at the next older version; `MISSING` where it isn't there."""
        if self.value is MISSING:
            if value is not MISSING:
                self.value = value
                if self._newer:
                    self.found.append(Found(BlameKind.REMOVED, self._newer, value, None))
        elif value is MISSING:
            self.end()
            self.is_over = True
        elif value != self._older_value:
            self.changes += 1
            if self.changes == 1 and self._newer:
                self.found.append(Found(BlameKind.CHANGED, self._newer, value, self._older_value))
        self._newer, self._older_value = version, value

    def end(self) -> None:
        """There is no older version."""
        if self.value is not MISSING and not self.is_over and self._newer:
            self.found.append(Found(BlameKind.SET, self._newer, None, self._older_value))


def value_of(inputs: Mapping[str, Any], name: str) -> Any:
    """The value at `module.input`, or of the parts below it; `MISSING` where there is none."""
    if name in inputs:
        return inputs[name]
    parts = {key.removeprefix(f"{name}."): value for key, value in inputs.items() if key.startswith(f"{name}.")}
    return parts or MISSING


def input_names(inputs: Iterable[str], asked: str) -> list[str]:
    """The inputs that a word means: `web.size`, or `size` of whatever module has it; or what they are parts of."""
    keys = tuple(inputs)
    if any(key == asked or key.startswith(f"{asked}.") for key in keys):
        return [asked]
    ends = {key.partition(".")[0] for key in keys if f"{key.partition('.')[2]}.".startswith(f"{asked}.")}
    return sorted(f"{module}.{asked}" for module in ends)
