"""The same as Markdown: for a merge request, a ticket, a report. Text from anyone stands in code spans."""

from collections.abc import Iterator

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.diff import DiffKind, DiffResult, difference_text
from tfops.views.markdown import code

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class DiffMarkdown:
    """The end of `diff --markdown`."""

    result: DiffResult

    @property
    def exit_code(self) -> Exit:
        return self.result.exit_code


@text_report.register(DiffMarkdown)
def _markdown(shown: DiffMarkdown, view: View) -> draw.Renderable:
    return draw.ExactText("\n".join(_lines(shown.result)))


def _lines(result: DiffResult) -> Iterator[str]:
    yield f"### {code(result.before.name)} → {code(result.after.name)}"
    if not result.differences:
        yield from ("", "No difference.")
    for group, found in result.grouped().items():
        yield from ("", f"**{group}**", "")
        for one in found:
            yield f"- {one.kind} {code(difference_text(one, _LONGEST))}" + (" (meant)" if one.is_meant else "")
    if result.not_compared:
        yield from ("", f"Not compared, as one of the two doesn't say: {', '.join(result.not_compared)}")
    yield from _why(result)
    yield from _who(result)


def _why(result: DiffResult) -> Iterator[str]:
    titles = ("commits", "commits that are taken back")
    if result.kind is DiffKind.ENVIRONMENTS:
        titles = (f"commits only in {result.after.env}", f"commits only in {result.before.env}")
    for title, commits in zip(titles, (result.commits, result.taken_back), strict=True):
        if commits:
            yield from ("", f"**{title}**", "")
        yield from (f"- {one.short} {code(one.subject)} ({code(one.author.name)})" for one in commits)
    if result.merge_requests:
        yield from ("", "**merge requests**", "")
    # The bare number becomes a link on the forge: it is digits behind a sign, and nothing else.
    yield from (f"- {one.number} {code(one.title)}" for one in result.merge_requests)


def _who(result: DiffResult) -> Iterator[str]:
    rows = (
        ("Written by", result.authors),
        ("Applied by", result.applied_by),
        ("Approved by", result.after.approved_by),
    )
    for title, names in rows:
        if names:
            yield from ("", f"{title} {', '.join(map(code, names))}")
    if result.way_back and result.before.record:
        found, version = result.way_back, result.before.record.version
        yield from ("", f"**back to {version}**: {found.verdict}")
        reasons = found.deciding or found.reasons
        yield from ("", *(f"- {code(reason.text)}" for reason in reasons)) if reasons else ()
