"""`diff`: what differs between two versions or two environments, why, by whom, and what a way back would take."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tfops import exact
from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.difference import Difference, DifferenceKind, Group
from tfops.records.names import EnvName
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import age, commit_text, plain

if TYPE_CHECKING:
    from tfops.records.commit import Commit
    from tfops.records.names import CommitSha
    from tfops.records.verdict import Judgement
    from tfops.records.version import VersionRecord

_LONGEST = 60
_MOST_COMMITS = 20


class DiffKind(enum.StrEnum):
    """What is held against each other; `head` is what runs against the branch's head."""

    VERSIONS = "versions"
    ENVIRONMENTS = "environments"
    HEAD = "head"


@dataclass(frozen=True, slots=True)
class DiffSide:
    """One of the two: `record` is None for a commit that wasn't applied."""

    env: EnvName
    record: VersionRecord | None
    sha: CommitSha
    commit: Commit | None
    approved_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.env} {self.record.version}" if self.record else f"{self.env} at {self.sha[:8]}"


@dataclass(frozen=True, slots=True)
class MergedRequest:
    """A merge request that brought a commit; `number` as its forge writes it."""

    number: str
    title: str


@dataclass(frozen=True, slots=True)
class DiffResult:
    """The end of `diff`. `commits` are those that the second one has and the first hasn't, `taken_back` the others.

    `not_compared` are groups that one of the two doesn't know; `applied_by` who applied the versions from one to the
    other. `way_back` is what going back to the first comes to, for a version that doesn't run.
    """

    kind: DiffKind
    before: DiffSide
    after: DiffSide
    differences: tuple[Difference, ...]
    not_compared: tuple[Group, ...] = ()
    commits: tuple[Commit, ...] = ()
    taken_back: tuple[Commit, ...] = ()
    merge_requests: tuple[MergedRequest, ...] = ()
    authors: tuple[str, ...] = ()
    applied_by: tuple[str, ...] = ()
    way_back: Judgement | None = None
    same_but: tuple[str, ...] = ()

    @property
    def exit_code(self) -> Exit:
        """Two environments that differ in what `same_but` doesn't name."""
        return Exit.CHANGES if self.kind is DiffKind.ENVIRONMENTS and self.unmeant else Exit.DONE

    @property
    def unmeant(self) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if not one.is_meant)

    def grouped(self) -> Mapping[Group, Sequence[Difference]]:
        """In the order in which people read them."""
        found: dict[Group, list[Difference]] = {}
        for one in self.differences:
            found.setdefault(one.group, []).append(one)
        return found


@text_report.register(DiffResult)
def _diff(result: DiffResult, view: View) -> draw.Renderable:
    return draw.Group(*_lines(result, view))


def _lines(result: DiffResult, view: View) -> Iterator[draw.Renderable]:
    yield draw.Text(f"{result.before.name} → {result.after.name}", style="bold")
    for mark, side in (("-", result.before), ("+", result.after)):
        yield draw.Text(f"  {mark} {_side_words(side, view)}", style="dim")
    if not result.differences:
        yield draw.Text("\nno difference", style="green")
    for group, found in result.grouped().items():
        yield draw.Text(f"\n{group}", style="dim")
        yield from (_line(one, view) for one in found)
    if result.not_compared:
        yield draw.Text(
            f"\nnot compared, as one of the two doesn't say: {', '.join(result.not_compared)}", style="yellow"
        )
    yield from _why(result, view)
    yield from _who(result)
    yield from _end(result)


def _side_words(side: DiffSide, view: View) -> str:
    commit = plain(commit_text(side.commit, side.sha))
    if side.record is None:
        return f"{commit} (not applied)"
    return (
        f"{side.record.version}, {age(side.record.applied_at, view.now)} by {plain(side.record.applied_by)}: {commit}"
    )


_MARKS = {
    DifferenceKind.ADDED: ("+", "green"),
    DifferenceKind.REMOVED: ("-", "red"),
    DifferenceKind.CHANGED: ("~", "yellow"),
    DifferenceKind.REPLACED: ("±", "red"),
    DifferenceKind.MOVED: ("»", "cyan"),
}


def _line(one: Difference, view: View) -> draw.Text:
    mark, style = _MARKS[one.kind]
    text = difference_text(one, None if view.full else _LONGEST)
    meant = ("  (meant)", "dim") if one.is_meant else ""
    return draw.Text.assemble("  ", (mark, "dim" if one.is_meant else style), f" {plain(text)}", meant)


def difference_text(one: Difference, longest: int | None) -> str:
    """`web.size: 2 → 3`, cut where a value is longer than `longest` characters."""
    before, after = (value_text(value, longest) for value in (one.before, one.after))
    if one.kind is DifferenceKind.MOVED:
        return f"{one.after} was {one.before}"
    name = one.name or str(one.group)
    if one.group is Group.RESOURCES and one.kind is not DifferenceKind.REPLACED:
        known = one.before or one.after
        return f"{name}  {known}" if known else name
    if one.kind is DifferenceKind.ADDED:
        return f"{name}: {after}"
    return f"{name}: {before}" if one.kind is DifferenceKind.REMOVED else f"{name}: {before} → {after}"


def value_text(value: Any, longest: int | None) -> str:
    """Texts as they are, all else as JSON."""
    text = value if isinstance(value, str) else exact.dumps(value, ensure_ascii=False)
    return text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…"


def _why(result: DiffResult, view: View) -> Iterator[draw.Renderable]:
    titles = ("commits", "commits that are taken back")
    if result.kind is DiffKind.ENVIRONMENTS:
        titles = (f"commits only in {result.after.env}", f"commits only in {result.before.env}")
    for title, commits in zip(titles, (result.commits, result.taken_back), strict=True):
        if commits:
            yield draw.Text(f"\n{title}", style="dim")
        shown = commits if view.full else commits[:_MOST_COMMITS]
        for commit in shown:
            yield draw.Text(f"  {commit.short} {plain(commit.subject)} ({plain(commit.author.name)})")
        if len(commits) > len(shown):
            yield draw.Text(f"  … and {len(commits) - len(shown):,} more: --full", style="dim")
    if result.merge_requests:
        yield draw.Text("\nmerge requests", style="dim")
    yield from (draw.Text(f"  {one.number} {plain(one.title)}") for one in result.merge_requests)


def _who(result: DiffResult) -> Iterator[draw.Renderable]:
    rows = [
        ("written by", result.authors),
        ("applied by", result.applied_by),
        ("approved by", result.after.approved_by),
    ]
    if any(names for _, names in rows):
        yield draw.Text()
    for title, names in rows:
        if names:
            yield draw.Text(f"{title} {plain(', '.join(names))}")


def _end(result: DiffResult) -> Iterator[draw.Renderable]:
    if result.way_back and result.before.record:
        from tfops.views.verdict import VERDICT_STYLES  # noqa: PLC0415 - for two versions

        found, version = result.way_back, result.before.record.version
        yield draw.Text.assemble(f"\nback to {version}: ", (str(found.verdict), VERDICT_STYLES[found.verdict]))
        for reason in found.deciding or found.reasons:
            yield draw.Indented(draw.Text(plain(reason.text) + (f" ({plain(reason.cure)})" if reason.cure else "")), 2)
        yield draw.Text(f"  tfops rollback {result.before.env} {version} --plan", style="dim")
    if result.kind is DiffKind.ENVIRONMENTS and result.differences:
        yield from _same_but_lines(result)


def _same_but_lines(result: DiffResult) -> Iterator[draw.Renderable]:
    count, meant = len(result.unmeant), len(result.differences) - len(result.unmeant)
    if count:
        text = f"{count} that nobody meant" if meant else f"{count} in all"
        hint = "what may differ: same_but in tfops.yaml"
        yield draw.Text.assemble("\n", (f"✗ {text}", "bold red"), (f"   {hint}", "dim"))
    else:
        yield draw.Text(f"\n✓ only what same_but in tfops.yaml says: {', '.join(result.same_but)}", style="green")
