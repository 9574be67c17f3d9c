"""`history`: the versions of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfops.commands.drills import drills_of, promotions_of
from tfops.commands.named import environment_with_versions
from tfops.ledger.chain import read_events, read_present
from tfops.ledger.versions import Listing, versions_of
from tfops.records.event import EventKind
from tfops.records.version import Version
from tfops.views.history import HistoryEntry, HistoryResult

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.change.ui import Ui
    from tfops.records.verdict import Judgement


def history(
    project: Project, env: str | None, *, verdict: bool, limit: int | None = None, fetch: bool, ui: Ui
) -> HistoryResult:
    """The versions of an environment, newest first; with `verdict`, what going back to each comes to.

    With `limit` the newest, and what happened since the oldest of them.
    """
    if fetch:
        project.fetch_here(ui)
    name = environment_with_versions(project, env)
    listing = versions_of(project.repository, name)
    verdicts = _verdicts(project, listing) if verdict else {}
    kept = listing.versions[-limit:] if limit else listing.versions
    commits = project.repository.commits(record.commit for record in kept)
    present = read_present(project.repository, name)
    drills, promoted = drills_of(present), promotions_of(present)
    entries = [
        HistoryEntry(
            record, commits.get(record.commit), verdicts.get(record.version), drills.get(record.version),
            promoted.get(record.version, ()),
        )
        for record in kept
    ]  # fmt: skip
    since = kept[0].applied_at if kept and len(kept) < len(listing.versions) else None
    incidents = [
        event
        for event in read_events(project.repository, name)
        if event.kind in _INCIDENTS and (since is None or event.at >= since)
    ]
    return HistoryResult(
        name,
        tuple(reversed(entries)),
        listing.foreign,
        tuple(incidents),
        has_verdicts=verdict,
        unread=listing.unread,
        untagged=listing.untagged,
    )


def _verdicts(project: Project, listing: Listing) -> dict[Version, Judgement]:
    from tfops.change.verdicts import verdicts_of  # noqa: PLC0415 - cards, states, the engine: for who asks

    return verdicts_of(project, listing)


# What belongs between the versions of a history; begun, renewed and recorded would only repeat them.
_INCIDENTS = frozenset(
    {EventKind.FAILED, EventKind.LOCKED, EventKind.UNLOCKED, EventKind.FORCED, EventKind.RESTORED, EventKind.SURGERY}
)
