"""Complaints at the lines of a change under review."""

from tfops.records.complaint import Complaint, Mark
from tfops.views.annotations import github_annotation


def test_github_shows_a_complaint_at_its_line() -> None:
    complaint = Complaint(Mark("environments/a,b.yaml", 3, 7), "`x` is 100% wrong\nand\x1b more", "x: 1", "write y")
    assert github_annotation(complaint) == (
        "::error file=environments/a%2Cb.yaml,line=3,col=7::`x` is 100%25 wrong and  more (write y)"
    )
