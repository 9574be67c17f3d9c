"""Complaints as CI systems want them, to be shown at the line of a change that is under review.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions#setting-an-error-message
"""

from tfops.records.complaint import Complaint
from tfops.views.words import plain


def github_annotation(complaint: Complaint) -> str:
    """One workflow command of GitHub."""
    mark = complaint.mark
    text = f"{complaint.message} ({complaint.hint})" if complaint.hint else complaint.message
    place = f"file={_property(mark.path)},line={mark.line},col={mark.column}"
    return f"::error {place}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return plain(text).replace("%", "%25")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
