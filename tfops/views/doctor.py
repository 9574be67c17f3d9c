"""`doctor`: what this machine lacks."""

from __future__ import annotations

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.finding import Finding
from tfops.views import draw
from tfops.views.base import View, finding_lines, text_report


@dataclass(frozen=True, slots=True)
class DoctorResult:
    """The end of `doctor`."""

    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> Exit:
        return Exit.BAD_PROJECT if any(finding.is_problem for finding in self.findings) else Exit.DONE


@text_report.register(DoctorResult)
def _doctor(result: DoctorResult, view: View) -> draw.Renderable:
    return draw.Group(*finding_lines(result.findings))
