"""What a CI job hands over as files: the whole review in Markdown, and what its forge shows beside a merge request."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfops.commands.review import as_markdown
from tfops.commands.written_files import write_into
from tfops.errors import ConfigError
from tfops.forge.base import Counts
from tfops.forge.ci import report_files
from tfops.records.complaint import Complaint
from tfops.records.plan import Action, Plan
from tfops.views.review_result import ReviewResult

_MOST_BYTES = 20_000_000


def write_review(start: Path, folder: str, result: ReviewResult) -> None:
    """Write the review to a folder, as long as it is. Raises Refused (guards `disk`, `outside-repository`)."""
    markdown = {"tfops-review.md": as_markdown(result, most_bytes=_MOST_BYTES)}
    counts = _counts([one.plan for one in result.reviews if one.plan is not None])
    write_into(start, folder, markdown | report_files(counts, ()), "write the review")


@contextlib.contextmanager
def mistakes_written(start: Path, folder: str | None) -> Iterator[None]:
    """Write what is wrong with the files that are read meanwhile, or that nothing is; without a folder nothing."""

    def write(complaints: Sequence[Complaint]) -> None:
        if folder is not None:
            write_into(start, folder, report_files(None, complaints), "write the report")

    try:
        yield
    except ConfigError as error:
        write(error.complaints)
        raise
    write(())


def _counts(plans: Sequence[Plan]) -> Counts:
    """A replacement is one that goes and one that comes."""

    def sum_of(*actions: Action) -> int:
        return sum(plan.count(action) for plan in plans for action in actions)

    return Counts(
        create=sum_of(Action.CREATE, Action.REPLACE, Action.DETACH),
        update=sum_of(Action.UPDATE),
        delete=sum_of(Action.DELETE, Action.REPLACE, Action.CLEAN_UP),
    )
