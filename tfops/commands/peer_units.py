"""What another tool's tree is made of, whichever tool that is: its units, as the tool itself prints them."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol

from tfops import exact
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.system import process
from tfops.views.adopt_all import NotTaken as NotTaken  # noqa: PLC0414 - what a reader tells is shown as it is

_STAMP = re.compile(r"^\d\d:\d\d:\d\d\.\d+ +[A-Z]+ +")
_MOST_SAID = 600
_LONGEST_WHY = 240


@dataclass(frozen=True, slots=True)
class UnitOutput:
    """A value that is another unit's output: its path, and the output with what is taken of it (`ids[0]`). `value` is
    what it is today."""

    unit: str
    output: str
    value: Any = field(default=None, repr=False)
    is_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class HiddenValue:
    """A value that must not be written down: something sensitive is in it."""


@dataclass(frozen=True, slots=True)
class UnitBackend:
    """Where the unit's state is, with its settings as the tool gives them to the engine."""

    kind: str = "local"
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unit:
    """One state of another tool. Paths are relative to the repository's top.

    `source` is a folder of the repository (`is_local`), or an address, with the `version` that a registry takes.
    `inputs` are values with UnitOutputs in them, `providers` what the tool generates of provider blocks, plain values.
    `lock` is the text of the provider lock that is committed beside it.
    """

    path: str
    source: str
    version: str = ""
    is_local: bool = True
    workspace: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    backend: UnitBackend = field(default_factory=UnitBackend)
    dependencies: tuple[str, ...] = ()
    providers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lock: str = field(default="", repr=False)


@dataclass(slots=True)
class Units:
    """All that was found, and what of it can't be taken over."""

    units: list[Unit] = field(default_factory=list)
    not_taken: list[NotTaken] = field(default_factory=list)


class Peer(Protocol):
    """Another tool, as far as it can be asked."""

    def read(self) -> Units:
        """Every unit. Raises Refused (guard `peer`) where the tool can't say."""

    def state(self, unit: Unit) -> str:
        """The state of a unit, as the tool finds it. Raises Refused."""


def outputs_in(value: Any) -> Iterator[UnitOutput]:
    """Every UnitOutput inside of a value."""
    if isinstance(value, UnitOutput):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from outputs_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from outputs_in(item)


def depth_first(units: Mapping[str, Sequence[str]]) -> list[str]:
    """Names in an order in which each comes after those that it needs; what isn't among them doesn't count."""
    found: list[str] = []

    def visit(name: str, above: frozenset[str]) -> None:
        if name in found or name in above or name not in units:
            return
        for needed in units[name]:
            visit(needed, above | {name})
        found.append(name)

    for name in units:
        visit(name, frozenset())
    return found


def asked(argv: Sequence[str], *, folder: Path, env: Mapping[str, str], hides: Collection[str] = ()) -> str:
    """What a peer prints. Raises Refused (guard `peer`) where it isn't there or ends badly.

    `hides` are words of its command line that nobody needs to see in the message.
    """
    done = process.run(argv, env=env, cwd=folder)
    if done.code != 0:
        words = " ".join(word for word in (Path(argv[0]).name, *argv[1:]) if word not in hides)
        said = [_STAMP.sub("", line) for line in done.stderr.splitlines()]
        why = "\n".join(line for line in said if line.strip("╷│╵ "))[:_MOST_SAID]
        raise Refused("peer", f"`{words}` failed in {folder}", why=why, hint=f"run it there: {words}")
    return done.text


def why_in_a_line(error: Refused) -> str:
    """What a peer said, for a list."""
    why = " ".join((error.why or error.what).split())
    return why if len(why) <= _LONGEST_WHY else f"{why[: _LONGEST_WHY - 1]}…"


def json_of(text: str, words: str) -> Any:
    """Raises Refused (guard `peer`) for what isn't JSON."""
    try:
        return exact.loads(text)
    except ValueError as error:
        raise Refused("peer", f"`{words}` printed no JSON", why=text.strip()[:200]) from error


def place_of(top: Path, files: Sequence[str], pattern: str) -> tuple[str, int]:
    """The first file and line that a pattern fits; the first file alone where none does."""
    for name in files:
        path = top / name
        if path.is_file():
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                if re.search(pattern, line):
                    return name, number
    return files[0], 0
