"""A state's versions in S3."""

from tfops.report.base import View, add_row, text_report_of
from tfops.report.shapes import Group, Renderable, Table, Text
from tfops.report.words import age, plural
from tfops.results.places import StateRestoreResult, StateVersion, StateVersionsResult


@text_report_of.register
def _versions(result: StateVersionsResult, view: View) -> Renderable:
    if not result.entries:
        return Text(f"{result.address} has no versions")
    table = Table("S3 VERSION", "WHEN", "SERIAL", "HOLDS", "LEFT BY")
    for entry in result.entries:
        when = age(entry.at, view.now) if entry.at else ""
        add_row(table, entry.version_id, when, str(entry.serial or "-"), _holds(entry), str(entry.version or "-"))
    more = [Text(f"… and {result.hidden} older (--all)", style="dim")] if result.hidden else []
    return Group(Text(result.address, style="dim"), table, *more)


def _holds(entry: StateVersion) -> Text:
    if entry.is_deleted:
        return Text("deleted", style="red")
    if entry.is_damaged:
        return Text("can't be read", style="red")
    text = Text("encrypted" if entry.is_encrypted else plural(entry.resources, "resource"))
    return text.append(", current", style="green") if entry.is_current else text


@text_report_of.register
def _restore(result: StateRestoreResult, view: View) -> Renderable:
    what = f"serial {result.serial}, with the {plural(result.resources, 'resource')} of serial {result.from_serial}"
    return Group(
        Text(f"✓ the state of {result.env} is now {what}", style="green"),
        Text(f"Next: tfops plan {result.env}   (what was made since then is not in the state any more)", style="bold"),
    )
