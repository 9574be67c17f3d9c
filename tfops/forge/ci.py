"""What the environment of a CI job says, on a forge or elsewhere."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfops.records.complaint import Complaint
from tfops.system import environ

if TYPE_CHECKING:
    from tfops.forge.base import Counts, Forge

# Jenkins, Buildkite, CircleCI: no forges, but their jobs say where and for what they run.
_ADDRESSES = ("BUILD_URL", "BUILDKITE_BUILD_URL")
_BRANCHES = ("BUILDKITE_BRANCH", "CIRCLE_BRANCH", "BRANCH_NAME")
_TARGETS = ("BUILDKITE_PULL_REQUEST_BASE_BRANCH",)


def job_address() -> str:
    """The address of the CI job that runs us, empty on a laptop."""
    return _said(forge.job_address for forge in _forges()) or _first(_ADDRESSES)


def branch_named_by_ci() -> str:
    """The branch that a CI job says it runs for, empty when no variable says so.

    CI systems check out a commit, not a branch; the name is in a variable of their own.
    """
    return environ.variable("TFOPS_BRANCH") or _said(forge.branch for forge in _forges()) or _first(_BRANCHES)


def merge_target_named_by_ci() -> str:
    """The branch that a merge request's pipeline says it is merged into, empty in any other job."""
    return _said(forge.merge_target for forge in _forges()) or _first(_TARGETS)


def annotations(complaints: Iterable[Complaint]) -> Iterator[str]:
    """Lines for the log that show the complaints at the lines of the change under review; none off a forge."""
    forge = _here()
    if forge is not None:
        yield from filter(None, map(forge.log.annotation, complaints))


def write_summary(text: str) -> bool:
    """Append Markdown to the job's summary page; False where the forge has none, or off a forge."""
    forge = _here()
    path = forge.summary_file() if forge is not None else ""
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")
    return bool(path)


def report_files(counts: "Counts | None", complaints: Sequence[Complaint]) -> dict[str, str]:
    """Name to text of the files that a job of this forge hands over as `artifacts:reports`; none elsewhere. Without
    `counts` those about a plan are left out."""
    forge = _here()
    return dict(forge.reports(counts, complaints)) if forge is not None else {}


def is_thrown_away() -> bool:
    """Whether this is a job whose machine is gone afterwards, as far as its forge says so."""
    forge = _here()
    return forge is not None and forge.throws_away()


def log_group(title: str) -> tuple[str, str] | None:
    """What stands before and behind a part of a job's log that can be folded; None off a forge."""
    forge = _here()
    return (forge.log.open_group(title), forge.log.close_group(title)) if forge is not None else None


def _forges() -> "tuple[Forge, ...]":
    from tfops.forge.known import FORGES  # noqa: PLC0415 - most commands never ask

    return FORGES


def _here() -> "Forge | None":
    from tfops.forge.known import forge_here  # noqa: PLC0415

    return forge_here()


def _said(answers: Iterable[Callable[[], str]]) -> str:
    return next(filter(None, (answer() for answer in answers)), "")


def _first(names: tuple[str, ...]) -> str:
    return next(filter(None, map(environ.variable, names)), "")
