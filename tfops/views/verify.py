"""`verify`: whether a ledger is whole."""

from __future__ import annotations

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.finding import Finding
from tfops.records.names import EnvName
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain, plural


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """The end of `verify`: what was checked, and every finding."""

    env: EnvName
    events: int
    versions: int
    signed_events: int
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> Exit:
        return Exit.REFUSED if self.findings else Exit.DONE


@text_report.register(VerifyResult)
def _verify(result: VerifyResult, view: View) -> draw.Renderable:
    signed = f"{result.signed_events} of {plural(result.events, 'event')} signed, {plural(result.versions, 'version')}"
    lines: list[draw.Renderable] = [
        draw.Text.assemble(("✗ ", "bold red"), plain(f"{finding.topic}: {finding.text}")) for finding in result.findings
    ]
    whole = draw.Text(f"✓ the ledger of {result.env} is whole: {signed}", style="green")
    return draw.Group(*lines, draw.Text(signed)) if lines else whole
