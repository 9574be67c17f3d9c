"""What policy tools have in common: what they are given, and how their answers become findings."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from tfops.config.checks import PolicyTool
from tfops.dataclass import dataclass
from tfops.records.check import SEVERITIES, CheckFinding

_OTHER_FORM = "its answer has another form than tfops knows"
_RANKS = {severity: rank for rank, severity in enumerate(SEVERITIES)}


class NotUnderstood(Exception):
    """A tool's answer says nothing about the plan; the text says why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One stack that is judged: `plan` is the file with the engine's JSON, `root` the folder of its rendered root.

    `top` is the clone's, where tools run, and `resources` how many resources the plan says that there will be.
    """

    plan: Path
    root: Path
    top: Path
    resources: int


@dataclass(frozen=True, slots=True)
class Said:
    """How a tool ended, and what it said."""

    code: int
    stdout: str
    stderr: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """How a tool is called (`argv`), and what its answer means (`read`, which may raise NotUnderstood).

    `get` says where to get it. `variables` are those of our environment that it may see besides what every check may,
    `settings` are given to it.
    """

    argv: Callable[[PolicyTool, Subject], Sequence[str]]
    read: Callable[[PolicyTool, Said, Subject], Iterable[CheckFinding]]
    get: str
    variables: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    def findings(self, tool: PolicyTool, said: Said, subject: Subject) -> list[CheckFinding]:
        """Those that aren't skipped. Raises NotUnderstood."""
        try:
            found = list(self.read(tool, said, subject))
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise NotUnderstood(_OTHER_FORM) from error
        if any(not isinstance(text, str) for one in found for text in (one.rule, one.address, one.message)):
            raise NotUnderstood(_OTHER_FORM)
        return [one for one in found if one.rule not in tool.skip]


def worst_first(findings: Iterable[CheckFinding]) -> list[CheckFinding]:
    """What fails, by severity, before what is only told."""
    return sorted(findings, key=lambda one: (not one.fails, _RANKS[one.severity], one.address, one.rule, one.message))


def json_in(said: Said, *, codes: Sequence[int]) -> Any:
    """Its answer. Raises NotUnderstood for another exit code, and for what isn't JSON."""
    if said.code not in codes:
        raise NotUnderstood(f"exit code {said.code}")
    try:
        return json.loads(said.stdout)
    except ValueError:
        raise NotUnderstood("it said nothing" if not said.stdout.strip() else "its answer is not JSON") from None


def severity_of(word: object) -> str:
    """A tool's word for it, as one of SEVERITIES."""
    known = word.lower() if isinstance(word, str) else ""
    return known if known in _RANKS else "unknown"


def is_at_least(severity: str, lowest: str) -> bool:
    """Whether a severity counts; all do where none is asked for, and one that nobody knows always does."""
    return not lowest or severity == "unknown" or _RANKS[severity] <= _RANKS[lowest]


def text_of(value: object) -> str:
    """A text of an answer; empty where there is none."""
    return value if isinstance(value, str) else ""


def dicts_in(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects of a list that may be missing. Raises NotUnderstood for anything else."""
    if not isinstance(value, list | None) or any(not isinstance(item, dict) for item in value or ()):
        raise NotUnderstood(_OTHER_FORM)
    yield from value or ()
