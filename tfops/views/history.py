"""`history`: the versions of an environment, and what happened between them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.records.version import Kind, Verified, VersionRecord
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.words import age, commit_text, drill_words, plain

if TYPE_CHECKING:
    from tfops.records.commit import Commit
    from tfops.records.drill import Drill
    from tfops.records.event import LedgerEvent
    from tfops.records.promotion import PromotedVersion
    from tfops.records.verdict import Judgement


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A version with the commit that it applied, when this clone has that commit.

    `verdict` says what going back to it comes to, when that was asked for; the current version has none. `promoted` is
    what it became in other environments.
    """

    record: VersionRecord
    commit: Commit | None
    verdict: Judgement | None = None
    drill: Drill | None = None
    promoted: tuple[PromotedVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """The end of `history`, newest first."""

    env: EnvName
    entries: tuple[HistoryEntry, ...]
    foreign: tuple[str, ...]
    incidents: tuple[LedgerEvent, ...] = ()
    has_verdicts: bool = False
    unread: tuple[str, ...] = ()
    untagged: tuple[str, ...] = ()


@text_report.register(HistoryResult)
def _history(result: HistoryResult, view: View) -> draw.Renderable:
    if not (result.entries or result.incidents or result.foreign or result.unread):
        return draw.Text(f"{result.env} has no version yet")
    if result.has_verdicts:
        return _verdicts(result, view)
    table = draw.Table("VERSION", "WHAT", "WHEN", "BY", "COMMIT", "CHANGES")
    rows: list[HistoryEntry | LedgerEvent] = [*result.entries, *result.incidents]
    for row in sorted(rows, key=_moment, reverse=True)[: _most(view)]:
        add_row(table, *(_version_cells(row, view) if isinstance(row, HistoryEntry) else _incident_cells(row, view)))
    lines: list[draw.Renderable] = [table, *_left_out(len(rows), view)]
    lines += [draw.Text(f"{tag}: not made by tfops, ignored", style="yellow") for tag in result.foreign]
    lines += [draw.Text(f"{tag}: made by tfops, but it can't be read", style="bold red") for tag in result.unread]
    lines += [
        draw.Text(f"{tag}: the tag is gone; this is what the ledger has", style="yellow") for tag in result.untagged
    ]
    return draw.Group(*lines)


_MOST_ROWS = 100


def _most(view: View) -> int | None:
    return None if view.full else _MOST_ROWS


def _left_out(count: int, view: View) -> list[draw.Text]:
    more = 0 if view.full else max(count - _MOST_ROWS, 0)
    return [draw.Text(f"… and {more:,} older: --full, or --output json", style="dim")] if more else []


def _verdicts(result: HistoryResult, view: View) -> draw.Renderable:
    """Versions only: each with what going back to it comes to, and why."""
    from tfops.views.verdict import VERDICT_STYLES  # noqa: PLC0415 - for who asks for verdicts

    table = draw.Table("VERSION", "WHEN", "BACK TO IT", "WHY")
    for entry in result.entries[: _most(view)]:
        found, when = entry.verdict, age(entry.record.applied_at, view.now)
        version = draw.Text(str(entry.record.version), style="bold")
        if found is None:
            add_row(table, version, when, draw.Text("current", style="dim"), "")
            continue
        why = "; ".join(reason.text for reason in found.deciding or found.reasons)
        add_row(table, version, when, draw.Text(found.verdict, style=VERDICT_STYLES[found.verdict]), why)
    return draw.Group(table, *_left_out(len(result.entries), view))


def _moment(row: HistoryEntry | LedgerEvent) -> tuple[datetime, int]:
    """Newest last; within a second a version comes after what led to it."""
    return (row.record.applied_at, row.record.version.number) if isinstance(row, HistoryEntry) else (row.at, 0)


def _version_cells(entry: HistoryEntry, view: View) -> tuple[draw.Text | str, ...]:
    record = entry.record
    origin = f" of {record.promoted_from}" if record.promoted_from and record.kind is Kind.APPLY else ""
    what = f"{record.kind} to {record.restores}" if record.restores else f"{record.kind}{origin}"
    version, changed = draw.Text(str(record.version), style="bold"), _changes(entry)
    changes = draw.Text(changed, style="dim")
    changes.append(*_verified_words(record))
    if record.partial:
        only = "" if record.partial in changed else f": only {record.partial}"
        changes.append(plain(f" · partial{only}"), style="yellow")
    if entry.promoted:
        changes.append(plain(f" · now {', '.join(map(str, entry.promoted))}"))
    if entry.drill:
        changes.append(plain(f" · {drill_words(entry.drill)}"), style="" if entry.drill.is_ok else "red")
    when = age(record.applied_at, view.now)
    return version, what, when, record.applied_by, commit_text(entry.commit, record.commit), changes


def _incident_cells(event: LedgerEvent, view: View) -> tuple[draw.Text | str, ...]:
    style = "red" if event.kind == "failed" else "yellow"
    return (
        "-",
        draw.Text(event.kind, style=style),
        age(event.at, view.now),
        event.by,
        "",
        draw.Text(plain(event.text), style=style),
    )


def _changes(entry: HistoryEntry) -> str:
    """`3 created, 1 deleted`: the headline without its zeros."""
    parts = [part for part in entry.record.summary.split(", ") if not part.startswith("0 ")]
    return ", ".join(parts) or "no changes"


def _verified_words(record: VersionRecord) -> tuple[str, str]:
    words = {Verified.PASSED: (" · verified", "green"), Verified.FAILED: (" · not verified", "red")}
    return words.get(record.verified, ("", ""))
