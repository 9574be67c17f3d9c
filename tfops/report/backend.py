"""State buckets: what was made, what was found."""

from rich.console import Group, RenderableType
from rich.text import Text

from tfops.report.base import View, finding_lines, text_report
from tfops.report.words import plural
from tfops.results import BackendMoveResult, BackendResult, BucketReport, OldCopy


@text_report.register
def _backend(result: BackendResult, view: View) -> RenderableType:
    return Group(*(_bucket(bucket, is_check=result.is_check) for bucket in result.buckets))


def _bucket(bucket: BucketReport, *, is_check: bool) -> RenderableType:
    head = Text.assemble((bucket.address, "bold"), (f" · {', '.join(bucket.environments)}", "dim"))
    if is_check:
        return Group(head, *finding_lines(bucket.findings))
    if not bucket.done:
        return Group(head, Text("✓ has everything already: nothing was changed", style="green"))
    return Group(head, *(Text.assemble(("✓ ", "green"), text) for text in bucket.done))


_OLD_COPIES = {
    OldCopy.MARKED: "the old copy is marked: nobody plans on it",
    OldCopy.UNMARKED: "the old copy is there, and not marked",
    OldCopy.SAME_PLACE: "the same place under another name: there is no second copy",
}


@text_report.register
def _moved(result: BackendMoveResult, view: View) -> RenderableType:
    if result.old_copy is OldCopy.NOTHING_TO_DO:
        return Text(f"✓ the state of {result.env} is in {result.goal} already: nothing to move", style="green")
    holds = plural(result.resources, "resource")
    return Group(
        Text(f"✓ the state of {result.env} is in {result.goal} ({holds})", style="green"),
        Text(f"  {result.source}: {_OLD_COPIES[result.old_copy]}", style="dim"),
        Text(f"Next: tfops plan {result.env}", style="bold"),
    )
