"""Listings: status, history, log, inventory."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from tfops.records.addresses import natural
from tfops.records.event import LedgerEvent
from tfops.records.version import Kind, Verified, VersionRecord
from tfops.report.base import View, add_row, many_rows, new_table, text_report
from tfops.report.trouble import trouble_lines
from tfops.report.words import VERDICT_STYLES, age, commit_text, drill_words, plain, plural
from tfops.results.environments import (
    EnvironmentStatus,
    HistoryEntry,
    HistoryResult,
    InventoryResult,
    LogResult,
    StatusResult,
)
from tfops.results.facts import LockStatus
from tfops.results.sync import SyncReason

_MANY = 1000
_LONGEST_WHY = 300  # the log has all of it


@text_report.register
def _status(result: StatusResult, view: View) -> RenderableType:
    table = new_table("ENVIRONMENT", "VERSION", "COMMIT", "APPLIED", "BY", "STATE")
    for row in result.environments:
        current = row.current
        cells = _current_cells(current, view) if current else ("-", "-", "-", "-")
        words, style = _state_of(row)
        add_row(
            table,
            Text(row.env + (" *" if row.is_protected else ""), style="bold") if row.is_configured else row.env,
            *cells,
            Text(plain(words), style=style),
        )
    lines: list[RenderableType] = [many_rows(table) if len(result.environments) > _MANY else table]
    if any(row.is_protected for row in result.environments):
        lines.append(Text("* protected", style="dim"))
    return Group(*lines)


def _current_cells(current: VersionRecord, view: View) -> tuple[str, str, str, str]:
    return str(current.version), current.commit[:8], age(current.applied_at, view.now), current.applied_by


def _state_of(row: EnvironmentStatus) -> tuple[str, str]:
    """The one thing to know about an environment now, most urgent first."""
    current = row.current
    states = (
        (bool(row.damage), f"{row.damage}: tfops verify {row.env}", "bold red"),
        (row.unrecorded, f"applied, not recorded: tfops recover {row.env}", "bold red"),
        (
            row.lock is not None,
            _lock_words(row.lock) if row.lock else "",
            "bold red" if row.lock and row.lock.is_gone else "yellow",
        ),
        (row.holder is not None, f"locked: {row.holder.what} by {row.holder.who}" if row.holder else "", "yellow"),
        (bool(row.trouble), _trouble_words(row), "bold red"),
        (not row.is_configured, "not in tfops.yaml any more", "red"),
        (bool(_drill_words(row)), _drill_words(row), "dim"),
        (current is None and not _is_refused(row), "never applied", "dim"),
        (current is not None and current.kind is Kind.DESTROY, "destroyed", "dim"),
        (current is not None and current.verified is Verified.FAILED, _unverified_words(current), "bold red"),
        (current is not None and bool(current.hold), f"held: {current.hold}" if current else "", "yellow"),
        (current is not None and bool(current.only), _only_words(current), "yellow"),
        *_decided(row),
        (bool(row.drifted), _drift_words(row.drifted), "yellow"),
    )
    for applies, words, style in states:
        if applies:
            return words, style
    return "in sync", "green"


def _trouble_words(row: EnvironmentStatus) -> str:
    why = row.trouble_why if len(row.trouble_why) <= _LONGEST_WHY else f"{row.trouble_why[: _LONGEST_WHY - 1]}…"
    return f"degraded: {row.trouble} {f'Why: {why}. ' if why else ''}Next: tfops resume {row.env}"


def _drill_words(row: EnvironmentStatus) -> str:
    is_place = row.decision is not None and row.decision.reason is SyncReason.DRILL
    return row.decision.text if row.decision and is_place else ""


# What says more than how many commits the branch is ahead; the rest has a line of its own above.
_TELLING = frozenset(SyncReason) - {
    SyncReason.SYNCED,
    SyncReason.UNCHANGED,
    SyncReason.NEW,
    SyncReason.CHANGED,
    SyncReason.MANUAL,
    SyncReason.NOT_VERIFIED,
    SyncReason.BUSY,
}


def _is_refused(row: EnvironmentStatus) -> bool:
    """Whether its branch's head could not be applied, or may not be."""
    return (
        row.decision is not None and row.decision.reason in _TELLING and row.decision.reason is not SyncReason.NO_BRANCH
    )


def _decided(row: EnvironmentStatus) -> tuple[tuple[bool, str, str], ...]:
    found, behind = row.decision, f"{plural(row.ahead, 'commit')} behind its branch"
    is_unchanged = found is not None and found.reason is SyncReason.UNCHANGED
    return (
        (_is_refused(row), f"{found.word}: {found.text}" if found else "", "yellow"),
        (
            row.ahead > 0 and is_unchanged,
            f"in sync (untouched by {plural(row.ahead, 'newer commit')})",
            "green",
        ),
        (row.ahead > 0, behind, "yellow"),
    )


def _drift_words(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
    return f"drifted: {addresses[0]}{more}" if addresses else ""


def _unverified_words(current: VersionRecord | None) -> str:
    return f"not verified; held: {current.hold}" if current and current.hold else "not verified"


def _only_words(current: VersionRecord | None) -> str:
    return f"only {current.only} is at {current.commit[:8]}" if current else ""


def _lock_words(status: LockStatus) -> str:
    lock = status.lock
    if lock.is_manual:
        return f"locked by {lock.who}: {lock.reason or 'no reason given'}"
    if status.hint:
        return f"stopped: {lock.what} by {lock.who} on {lock.host}; {status.fate}. Next: {status.hint}"
    return f"locked: {lock.what} by {lock.who} on {lock.host}"


@text_report.register
def _history(result: HistoryResult, view: View) -> RenderableType:
    if not (result.entries or result.incidents or result.foreign or result.unread):
        return Text(f"{result.env} has no version yet")
    if result.has_verdicts:
        return _verdicts(result, view)
    table = new_table("VERSION", "WHAT", "WHEN", "BY", "COMMIT", "CHANGES")
    rows: list[HistoryEntry | LedgerEvent] = [*result.entries, *result.incidents]
    for row in sorted(rows, key=_moment, reverse=True)[: _most(view)]:
        add_row(table, *(_version_cells(row, view) if isinstance(row, HistoryEntry) else _incident_cells(row, view)))
    lines: list[RenderableType] = [table, *_left_out(len(rows), view)]
    lines += [Text(f"{tag}: not made by tfops, ignored", style="yellow") for tag in result.foreign]
    lines += [Text(f"{tag}: made by tfops, but it can't be read", style="bold red") for tag in result.unread]
    lines += [Text(f"{tag}: the tag is gone; this is what the ledger has", style="yellow") for tag in result.untagged]
    return Group(*lines)


_MOST_ROWS = 100


def _most(view: View) -> int | None:
    return None if view.full else _MOST_ROWS


def _left_out(count: int, view: View) -> list[Text]:
    more = 0 if view.full else max(count - _MOST_ROWS, 0)
    return [Text(f"… and {more:,} older: --full, or --output json", style="dim")] if more else []


def _verdicts(result: HistoryResult, view: View) -> RenderableType:
    """Versions only: each with what going back to it comes to, and why."""
    table = new_table("VERSION", "WHEN", "BACK TO IT", "WHY")
    for entry in result.entries[: _most(view)]:
        found, when = entry.verdict, age(entry.record.applied_at, view.now)
        version = Text(str(entry.record.version), style="bold")
        if found is None:
            add_row(table, version, when, Text("current", style="dim"), "")
            continue
        why = "; ".join(reason.text for reason in found.deciding or found.reasons)
        add_row(table, version, when, Text(found.verdict, style=VERDICT_STYLES[found.verdict]), why)
    return Group(table, *_left_out(len(result.entries), view))


def _moment(row: HistoryEntry | LedgerEvent) -> tuple[datetime, int]:
    """Newest last; within a second a version comes after what led to it."""
    return (row.record.applied_at, row.record.version.number) if isinstance(row, HistoryEntry) else (row.at, 0)


def _version_cells(entry: HistoryEntry, view: View) -> tuple[Text | str, ...]:
    record = entry.record
    what = f"{record.kind} to {record.restores}" if record.restores else record.kind.value
    version, changes = Text(str(record.version), style="bold"), Text(_changes(entry), style="dim")
    changes.append(*_verified_words(record))
    if entry.drill:
        changes.append(plain(f" · {drill_words(entry.drill)}"), style="" if entry.drill.is_ok else "red")
    when = age(record.applied_at, view.now)
    return version, what, when, record.applied_by, commit_text(entry.commit, record.commit), changes


def _incident_cells(event: LedgerEvent, view: View) -> tuple[Text | str, ...]:
    style = "red" if event.kind == "failed" else "yellow"
    return (
        "-",
        Text(event.kind, style=style),
        age(event.at, view.now),
        event.by,
        "",
        Text(plain(event.text), style=style),
    )


def _changes(entry: HistoryEntry) -> str:
    """`3 created, 1 deleted`: the headline without its zeros."""
    parts = [part for part in entry.record.summary.split(", ") if not part.startswith("0 ")]
    return ", ".join(parts) or "no changes"


def _verified_words(record: VersionRecord) -> tuple[str, str]:
    words = {Verified.PASSED: (" · verified", "green"), Verified.FAILED: (" · not verified", "red")}
    return words.get(record.verified, ("", ""))


@text_report.register
def _log(result: LogResult, view: View) -> RenderableType:
    if not result.events:
        return Text(f"the ledger of {result.env} is empty")
    table = new_table("EVENT", "WHEN", "BY", "WHAT", "COMMIT")
    for event in result.events:
        add_row(table, event.kind, age(event.at, view.now), event.by, event.text, Text(event.sha[:8], style="dim"))
    return Group(table, *trouble_lines(result.env, result.trouble, view))


@text_report.register
def _inventory(result: InventoryResult, view: View) -> RenderableType:
    table = new_table("ENVIRONMENT", "ADDRESS", "ID")
    for env, addresses in result.environments.items():
        for address, known in sorted(addresses.items(), key=lambda item: natural(item[0])):
            add_row(table, env, address, Text(plain(known), style="dim"))
    return table
