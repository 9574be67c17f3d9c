"""State buckets: what was made, what was found."""

from rich.console import Group, RenderableType
from rich.text import Text

from tfops.report.base import View, finding_lines, text_report
from tfops.results import BackendResult, BucketReport


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
