"""Each result as text: one function per result, chosen by its type."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tfops.model import Kind, VersionRecord
from tfops.report.plan import plan_report
from tfops.report.words import age, commit_text, duration, plain, plural
from tfops.results import (
    ChangeResult,
    DoctorResult,
    EnvironmentStatus,
    HistoryEntry,
    HistoryResult,
    InitResult,
    InventoryResult,
    LockFact,
    LockResult,
    LogEvent,
    LogResult,
    PlanResult,
    RecoverResult,
    RenderResult,
    ShowResult,
    StatusResult,
    VerifyResult,
)


@dataclass(frozen=True, slots=True)
class View:
    """How to look: times relative to `now`, long lists cut unless `full`."""

    now: datetime
    full: bool = False


@singledispatch
def text_report(result: object, view: View) -> RenderableType:
    """The result as people read it."""
    raise TypeError(f"no report for {type(result).__name__}")


def _row(table: Table, *cells: Text | str) -> None:
    """Cells as they are: a commit's subject may hold brackets that rich would take for markup."""
    table.add_row(*(cell if isinstance(cell, Text) else Text(plain(cell)) for cell in cells))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


@text_report.register
def _change(result: ChangeResult, view: View) -> RenderableType:
    if result.version is None:
        already = "destroyed already" if result.kind is Kind.DESTROY else f"already at {result.previous}"
        return Text(f"{result.env} is {already}: nothing to change", style="green")
    head = Text.assemble(("✓ ", "bold green"), (f"{result.env} is now {result.version}", "bold"))
    if result.restores:
        head.append(f", with what {result.restores} was")
    if result.kind is Kind.DESTROY:
        head.append(", destroyed")
    done = "nothing to change, recorded" if result.plan.is_empty else result.plan.headline()
    head.append(f" · {done} · {duration(result.duration_s)}", style="dim")
    lines: list[RenderableType] = [head]
    lines += [Text(f"  {name} = {value}") for name, value in _flat_outputs(result.outputs)]
    if result.hold:
        lines.append(Text(f"  held ({result.hold}): the next apply needs --lift-hold", style="yellow"))
    return Group(*lines)


def _flat_outputs(outputs: Any) -> Iterator[tuple[str, str]]:
    for module, values in outputs.items():
        for name, value in values.items():
            yield f"{module}.{name}", plain(json.dumps(value, ensure_ascii=False))


@text_report.register
def _plan(result: PlanResult, view: View) -> RenderableType:
    return plan_report(result.plan, full=view.full)


@text_report.register
def _status(result: StatusResult, view: View) -> RenderableType:
    table = _table("ENVIRONMENT", "VERSION", "COMMIT", "APPLIED", "BY", "STATE")
    for row in result.environments:
        current = row.current
        cells = _current_cells(current, view) if current else ("-", "-", "-", "-")
        words, style = _state_of(row)
        _row(
            table,
            Text(row.env + (" *" if row.is_protected else ""), style="bold") if row.is_configured else row.env,
            *cells,
            Text(words, style=style),
        )
    lines: list[RenderableType] = [table]
    if any(row.is_protected for row in result.environments):
        lines.append(Text("* protected", style="dim"))
    return Group(*lines)


def _current_cells(current: VersionRecord, view: View) -> tuple[str, str, str, str]:
    return str(current.version), current.commit[:8], age(current.applied_at, view.now), current.applied_by


def _state_of(row: EnvironmentStatus) -> tuple[str, str]:
    """The one thing to know about an environment now, most urgent first."""
    current = row.current
    states = (
        (row.unrecorded, f"applied, not recorded: tfops recover {row.env}", "bold red"),
        (row.lock is not None, _lock_words(row.lock) if row.lock else "", "yellow"),
        (row.holder is not None, f"locked: {row.holder.what} by {row.holder.who}" if row.holder else "", "yellow"),
        (bool(row.trouble), f"degraded: {row.trouble}", "bold red"),
        (not row.is_configured, "not in tfops.yaml any more", "red"),
        (current is None, "never applied", "dim"),
        (current is not None and current.kind is Kind.DESTROY, "destroyed", "dim"),
        (current is not None and bool(current.hold), f"held: {current.hold}" if current else "", "yellow"),
        (row.ahead > 0, f"{plural(row.ahead, 'commit')} behind its branch", "yellow"),
    )
    for applies, words, style in states:
        if applies:
            return words, style
    return "in sync", "green"


def _lock_words(lock: LockFact) -> str:
    if lock.expires_at is None:
        return f"locked by {lock.who}: {lock.reason or 'no reason given'}"
    return f"locked: {lock.what} by {lock.who} on {lock.host}"


@text_report.register
def _history(result: HistoryResult, view: View) -> RenderableType:
    if not (result.entries or result.incidents):
        return Text(f"{result.env} has no version yet")
    table = _table("VERSION", "WHAT", "WHEN", "BY", "COMMIT", "CHANGES")
    rows: list[HistoryEntry | LogEvent] = [*result.entries, *result.incidents]
    for row in sorted(rows, key=_moment, reverse=True):
        _row(table, *(_version_cells(row, view) if isinstance(row, HistoryEntry) else _incident_cells(row, view)))
    lines: list[RenderableType] = [table]
    lines += [Text(f"{tag}: not made by tfops, ignored", style="yellow") for tag in result.foreign]
    return Group(*lines)


def _moment(row: HistoryEntry | LogEvent) -> tuple[datetime, int]:
    """Newest last; within a second a version comes after what led to it."""
    return (row.record.applied_at, row.record.version.number) if isinstance(row, HistoryEntry) else (row.at, 0)


def _version_cells(entry: HistoryEntry, view: View) -> tuple[Text | str, ...]:
    record = entry.record
    what = f"{record.kind} to {record.restores}" if record.restores else record.kind.value
    version, changes = Text(str(record.version), style="bold"), Text(_changes(entry), style="dim")
    when = age(record.applied_at, view.now)
    return version, what, when, record.applied_by, commit_text(entry.commit, record.commit), changes


def _incident_cells(event: LogEvent, view: View) -> tuple[Text | str, ...]:
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


@text_report.register
def _show(result: ShowResult, view: View) -> RenderableType:
    record, card = result.record, result.card
    stack: dict[str, Any] = next(iter(card["stacks"].values()), {})
    rows: list[tuple[str, str]] = [
        ("version", f"{record.version} of {record.env} ({record.tag})"),
        ("what", f"{record.kind}, {record.summary}"),
        ("restores", str(record.restores or "")),
        ("commit", commit_text(result.commit, record.commit)),
        ("author", f"{card['author']['name']} <{card['author']['email']}>"),
        ("applied", f"{record.applied_at:%Y-%m-%d %H:%M:%S} UTC, {age(record.applied_at, view.now)}"),
        ("by", f"{card['applied_by']['name']} <{card['applied_by']['email']}>"),
        ("approved", ", ".join(f"{item['who']} ({item['how']})" for item in card["approvals"])),
        ("took", duration(card["duration_s"])),
        ("run", card["run"]),
        ("branch", card["branch"]),
        ("held", record.hold),
        ("engine", f"{card['engine']['name']} {card['engine']['version']}"),
        ("providers", ", ".join(f"{name} {version}" for name, version in card["providers"].items())),
        ("modules", ", ".join(f"{name} ({part['source']})" for name, part in card["modules"].items())),
        ("state", f"{stack.get('backend')}, serial {stack.get('serial_after')}, lineage {stack.get('lineage')}"),
    ]
    table = _table("", "")
    table.show_header = False
    for name, value in rows:
        if value:
            _row(table, Text(name, style="dim"), value)
    inventory = stack.get("inventory", {})
    listed = [Text(f"  {address}" + (f"  {known}" if known else "")) for address, known in inventory.items()]
    outputs = [Text(f"  {name} = {value}") for name, value in _flat_outputs(card["outputs"])]
    parts: list[RenderableType] = [table]
    parts += [Text(f"\n{plural(len(listed), 'resource')}", style="dim"), *listed] if listed else []
    parts += [Text("\noutputs", style="dim"), *outputs] if outputs else []
    return Group(*parts)


@text_report.register
def _render(result: RenderResult, view: View) -> RenderableType:
    parts: list[RenderableType] = []
    for name, text in result.files.items():
        parts += [Text(f"# {name}", style="dim"), Text(text.rstrip("\n")), Text()]
    return Group(*parts, Text(f"# sha256 {result.digest}", style="dim"))


@text_report.register
def _init(result: InitResult, view: View) -> RenderableType:
    lines = [Text(f"  + {path}", style="green") for path in result.written]
    lines += [Text(f"  = {path} (kept as it was)", style="dim") for path in result.kept]
    where = "" if result.folder == "." else f"cd {result.folder} && "
    if result.commit:
        after = f"Committed as {result.commit[:8]}. Next: {where}tfops apply {result.environment}"
    else:
        after = f"Next: {where}git add -A && git commit, then tfops apply {result.environment}"
    return Group(*lines, Text(), Text(after, style="bold"))


@text_report.register
def _doctor(result: DoctorResult, view: View) -> RenderableType:
    width = max(len(finding.topic) for finding in result.findings)
    lines: list[RenderableType] = []
    for finding in result.findings:
        mark = ("✗", "bold red") if finding.is_problem else ("✓", "green")
        lines.append(Text.assemble(mark, " ", (f"{finding.topic:<{width}}", "dim"), "  ", finding.text))
        if finding.hint:
            lines.append(Text(f"  {'':<{width}}  {finding.hint}", style="dim"))
    return Group(*lines)


@text_report.register
def _recover(result: RecoverResult, view: View) -> RenderableType:
    if not result.story:
        return Text(f"{result.env}: nothing to recover", style="green")
    end = f": recorded as {result.recorded}" if result.recorded else ""
    return Text(f"✓ {result.story}{end}", style="green")


@text_report.register
def _lock(result: LockResult, view: View) -> RenderableType:
    return Text(f"✓ {plain(result.text)}", style="green")


@text_report.register
def _log(result: LogResult, view: View) -> RenderableType:
    if not result.events:
        return Text(f"the ledger of {result.env} is empty")
    table = _table("EVENT", "WHEN", "BY", "WHAT", "COMMIT")
    for event in result.events:
        _row(table, event.kind, age(event.at, view.now), event.by, event.text, Text(event.sha[:8], style="dim"))
    return table


@text_report.register
def _inventory(result: InventoryResult, view: View) -> RenderableType:
    table = _table("ENVIRONMENT", "ADDRESS", "ID")
    for env, addresses in result.environments.items():
        for address, known in sorted(addresses.items()):
            _row(table, env, address, Text(plain(known), style="dim"))
    return table


@text_report.register
def _verify(result: VerifyResult, view: View) -> RenderableType:
    signed = f"{result.signed_events} of {plural(result.events, 'event')} signed, {plural(result.versions, 'version')}"
    lines: list[RenderableType] = [
        Text.assemble(("✗ ", "bold red"), plain(f"{finding.topic}: {finding.text}")) for finding in result.findings
    ]
    whole = Text(f"✓ the ledger of {result.env} is whole: {signed}", style="green")
    return Group(*lines, Text(signed)) if lines else whole
