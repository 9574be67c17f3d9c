"""State buckets: what was made, what was found."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from tfops.records.names import MAIN_STACK
from tfops.report.base import View, finding_lines, text_report
from tfops.report.words import plural
from tfops.results.places import BackendMoveResult, BackendResult, BucketReport, MovedState, OldCopy


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
    OldCopy.MARKED: "the old copy is marked as moved; plans on it are refused",
    OldCopy.UNMARKED: "the old copy is there, and not marked",
    OldCopy.SAME_PLACE: "the same place under another name: there is no second copy",
}


@text_report.register
def _moved(result: BackendMoveResult, view: View) -> RenderableType:
    if not result.states:
        return Text(f"✓ the state of {result.env} is where tfops.yaml says: nothing to move", style="green")
    lines = [line for state in result.states for line in _moved_lines(result, state)]
    return Group(*lines, Text(f"Next: tfops plan {result.env}", style="bold"))


def _moved_lines(result: BackendMoveResult, state: MovedState) -> Iterator[Text]:
    whose = result.env if state.stack == MAIN_STACK else f"{result.env} (stack {state.stack})"
    holds = plural(state.resources, "resource")
    yield Text(f"✓ the state of {whose} is in {state.goal} ({holds})", style="green")
    yield Text(f"  {state.source}: {_OLD_COPIES[state.old_copy]}", style="dim")
