"""`blame`: which version, commit and person made a resource or an input what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfops import exact
from tfops.dataclass import dataclass
from tfops.records.blame import BlameKind
from tfops.records.commit import Commit
from tfops.records.names import EnvName
from tfops.records.version import VersionRecord
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import age, plain

_MOST_COMMITS = 5
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class BlameStep:
    """What a version did. `commits` are those that it brought and that may have done it, newest first; `before` and
    `after` are ids, addresses, contents of a module, or values."""

    kind: BlameKind
    record: VersionRecord
    commits: tuple[Commit, ...]
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class BlameResult:
    """The end of `blame`, newest first. `known` is the id of a resource or the value of an input; `times` how often it
    was replaced or changed. `looked_at` is how many versions were read, `unread` how many can't be."""

    env: EnvName
    name: str
    known: Any
    steps: tuple[BlameStep, ...]
    times: int
    looked_at: int
    unread: int = 0


@text_report.register(BlameResult)
def _blame(result: BlameResult, view: View) -> draw.Renderable:
    return draw.Group(*_lines(result, view))


def _lines(result: BlameResult, view: View) -> Iterator[draw.Renderable]:
    known = _text(result.known, view)
    yield draw.Text.assemble((f"{result.env} {plain(result.name)}", "bold"), f"  {known}" if known else "")
    for step in result.steps:
        yield from _step_lines(result, step, view)
    if result.unread:
        yield draw.Text(f"\n{result.unread} of {result.looked_at} versions can't be read: tfops verify {result.env}")


def _step_lines(result: BlameResult, step: BlameStep, view: View) -> Iterator[draw.Renderable]:
    record = step.record
    often = f" (the last of {result.times})" if _is_one_of_many(result, step) else ""
    back = f", a rollback to {record.restores}" if record.restores else ""
    when = f"{age(record.applied_at, view.now)}, applied by {plain(record.applied_by)}{back}"
    yield draw.Text.assemble("\n", (str(step.kind), "bold"), f" in {record.version}{often}: {when}")
    if detail := _detail(step, view):
        yield draw.Indented(draw.Text(detail), 2)
    shown = step.commits if view.full else step.commits[:_MOST_COMMITS]
    for commit in shown:
        yield draw.Indented(draw.Text(f"{commit.short} {plain(commit.subject)} ({plain(commit.author.name)})"), 2)
    if len(step.commits) > len(shown):
        yield draw.Text(f"  … and {len(step.commits) - len(shown):,} more: --full", style="dim")


def _is_one_of_many(result: BlameResult, step: BlameStep) -> bool:
    return result.times > 1 and step.kind in (BlameKind.REPLACED, BlameKind.CHANGED)


def _detail(step: BlameStep, view: View) -> str:
    before, after = _text(step.before, view), _text(step.after, view)
    if step.kind is BlameKind.INPUTS:
        pairs = {**dict.fromkeys(step.before), **dict.fromkeys(step.after)}
        return "\n".join(
            f"{name}: {_part(step.before, name, view)} → {_part(step.after, name, view)}" for name in pairs
        )
    if step.kind in (BlameKind.CREATED, BlameKind.SET):
        return f"as {after}" if after else ""
    return "" if step.kind is BlameKind.REMOVED else f"{before} → {after}"


def _part(values: Any, name: str, view: View) -> str:
    return _text(values[name], view) if name in values else "(none)"


def _text(value: Any, view: View) -> str:
    if value is None or value == "":
        return ""
    text = plain(value if isinstance(value, str) else exact.dumps(value, ensure_ascii=False))
    return text if view.full or len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
