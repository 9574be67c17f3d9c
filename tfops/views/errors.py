"""An error for people: what, where, why, the state of the world, the next command."""

from collections.abc import Iterator

from tfops.errors import ConfigError, Refused, TfopsError
from tfops.records.complaint import Complaint
from tfops.views.draw import Group, Renderable, Text
from tfops.views.words import plain


def error_report(error: TfopsError) -> Renderable:
    """Lines for stderr."""
    return Group(*_lines(error))


def _lines(error: TfopsError) -> Iterator[Text]:
    kind = f"{error.name} ({error.guard})" if isinstance(error, Refused) else error.name
    begun = "" if error.what.startswith(error.name) else f"{kind}: "  # not `interrupted: interrupted while …`
    yield Text.assemble(("✗ ", "bold red"), (begun, "red"), (plain(error.what), "bold"))
    if isinstance(error, ConfigError):
        for complaint in error.complaints:
            yield from _complaint_lines(complaint)
    for line in error.why.splitlines():
        yield Text(f"  {plain(line)}")
    for line in error.state.splitlines():
        yield Text(f"  {plain(line)}", style="dim")
    for number, line in enumerate(error.hint.splitlines()):
        yield Text.assemble(("        " if number else "  next: ", "dim"), (plain(line.strip()), "cyan"))


def _complaint_lines(complaint: Complaint) -> Iterator[Text]:
    mark = complaint.mark
    yield Text.assemble("  ", (plain(str(mark)), "bold"), f": {plain(complaint.message)}")
    if complaint.source_line.strip():
        number = str(mark.line)
        yield Text(f"    {number} | {plain(complaint.source_line)[:200]}", style="dim")
        yield Text(f"    {' ' * len(number)} | {' ' * (mark.column - 1)}^", style="red")
    if complaint.hint:
        yield Text(f"    {plain(complaint.hint)}", style="cyan")
