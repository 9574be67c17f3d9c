"""Why two commits differ: the commits between them, who wrote those, and the merge requests that brought them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tfops.resolve.merge_request import merge_requests
from tfops.views.diff import DiffResult, MergedRequest

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.records.names import CommitSha


def with_history(project: Project, found: DiffResult, older: CommitSha, newer: CommitSha) -> DiffResult:
    """With the commits between the two, who wrote them, and the merge requests that brought them."""
    if older == newer:
        return found
    repository = project.repository
    commits, taken_back = repository.commits_between(older, newer), repository.commits_between(newer, older)
    requests = merge_requests(repository.messages_between(older, newer)) if commits else ()
    return replace(
        found,
        commits=commits,
        taken_back=taken_back,
        merge_requests=tuple(MergedRequest(one.number, one.title) for one in requests),
        authors=tuple(dict.fromkeys(commit.author.name for commit in commits)),
    )
