"""`state` and `engine`: what the engine said, what became of a state, its versions in S3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from tfops.dataclass import dataclass
from tfops.records.names import EnvName, StackName
from tfops.records.printed import NOT_PRINTED
from tfops.records.version import Version
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.words import age, plain, plural


@dataclass(frozen=True, slots=True)
class StateVersion:
    """One version of a state's object; `version` is the environment's latest one that left this content."""

    version_id: str
    at: datetime | None
    is_current: bool
    serial: int = 0
    resources: int = 0
    version: Version | None = None
    is_deleted: bool = False
    is_damaged: bool = False
    is_encrypted: bool = False


@dataclass(frozen=True, slots=True)
class StateVersionsResult:
    """The end of `state versions`, newest first; `hidden` are older ones that aren't listed."""

    env: EnvName
    address: str
    entries: tuple[StateVersion, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class StateRestoreResult:
    """The end of `state restore`."""

    env: EnvName
    version_id: str
    from_serial: int
    serial: int
    resources: int


@dataclass(frozen=True, slots=True)
class EngineResult:
    """The end of a command of the engine that read: what it said, as it said it. `is_exact`: for a program, which
    masked text would mislead."""

    env: EnvName
    stack: StackName
    command: str
    exit_code: int
    output: str
    errors: str
    is_exact: bool = field(default=False, metadata=NOT_PRINTED)


@dataclass(frozen=True, slots=True)
class SurgeryResult:
    """The end of something that was done to a state. Without `version` there was nothing to record.

    `moved` is the address of now to the one before, `backup` the file with the state before; `exit_code` and what was
    said are the engine's.
    """

    env: EnvName
    stack: StackName
    operation: str
    exit_code: int
    version: Version | None
    backup: str
    serial: int
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    output: str = ""
    errors: str = ""


@text_report.register(EngineResult)
def _engine(result: EngineResult, view: View) -> draw.Renderable:
    return draw.ExactText(result.output.rstrip("\n"))


@dataclass(frozen=True, slots=True)
class TransferResult:
    """The end of a move between stacks or environments: new address to old one, each environment's version."""

    operation: str
    moved: Mapping[str, str]
    versions: Mapping[str, Version] = field(default_factory=dict)
    backups: tuple[str, ...] = ()
    is_dry: bool = False


@text_report.register(TransferResult)
def _transfer(result: TransferResult, view: View) -> draw.Renderable:
    verb = "would move" if result.is_dry else "moved"
    lines = [draw.Text(f"  {plain(old)} → {plain(new)}") for new, old in result.moved.items()]
    if result.is_dry:
        return draw.Group(draw.Text(f"{plain(result.operation)} {verb}:"), *lines)
    became = ", ".join(f"{env} is now {version}" for env, version in result.versions.items())
    head = draw.Text.assemble(("✓ ", "bold green"), (became, "bold")).append(" · both plans do nothing", style="dim")
    backups = [draw.Text(f"  backup: {backup}") for backup in result.backups]
    return draw.Group(head, *lines, *backups)


@text_report.register(SurgeryResult)
def _surgery(result: SurgeryResult, view: View) -> draw.Renderable:
    said = [draw.Text(line) for line in result.output.split("\n") if line]
    if result.exit_code:
        kept = f", backup: {result.backup}" if result.backup and result.version else ""
        became = f"recorded as {result.version}{kept}" if result.version else "the state is as it was"
        return draw.Group(*said, draw.Text(f"✗ {plain(result.operation)} failed: {became}", style="red"))
    if result.version is None:
        return draw.Group(*said, draw.Text(f"✓ {plain(result.operation)}: no version to record", style="green"))
    lines = [
        draw.Text.assemble(("✓ ", "bold green"), (f"{result.env} is now {result.version}", "bold")).append(
            f" · {plain(result.operation)} · serial {result.serial}", style="dim"
        )
    ]
    if result.backup:
        lines.append(draw.Text(f"  backup: {result.backup}"))
    if result.removed:
        count = plural(len(result.removed), "thing")
        lines.append(draw.Text(f"  {count} left the state alive: nobody looks after it now", style="yellow"))
    lines.append(draw.Text(f"Next: tfops plan {result.env}", style="bold"))
    return draw.Group(*said, *lines)


@text_report.register(StateVersionsResult)
def _versions(result: StateVersionsResult, view: View) -> draw.Renderable:
    if not result.entries:
        return draw.Text(f"{result.address} has no versions")
    table = draw.Table("S3 VERSION", "WHEN", "SERIAL", "HOLDS", "LEFT BY")
    for entry in result.entries:
        when = age(entry.at, view.now) if entry.at else ""
        add_row(table, entry.version_id, when, str(entry.serial or "-"), _holds(entry), str(entry.version or "-"))
    more = [draw.Text(f"… and {result.hidden} older (--all)", style="dim")] if result.hidden else []
    return draw.Group(draw.Text(result.address, style="dim"), table, *more)


def _holds(entry: StateVersion) -> draw.Text:
    if entry.is_deleted:
        return draw.Text("deleted", style="red")
    if entry.is_damaged:
        return draw.Text("can't be read", style="red")
    text = draw.Text("encrypted" if entry.is_encrypted else plural(entry.resources, "resource"))
    return text.append(", current", style="green") if entry.is_current else text


@text_report.register(StateRestoreResult)
def _restore(result: StateRestoreResult, view: View) -> draw.Renderable:
    what = f"serial {result.serial}, with the {plural(result.resources, 'resource')} of serial {result.from_serial}"
    return draw.Group(
        draw.Text(f"✓ the state of {result.env} is now {what}", style="green"),
        draw.Text(
            f"Next: tfops plan {result.env}   (what was made since then is not in the state any more)", style="bold"
        ),
    )
