"""`state`: the versions of a state in S3."""

from __future__ import annotations

from datetime import datetime

from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.records.version import Version
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.words import age, plural


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
