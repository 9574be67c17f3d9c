"""That a copy is what it was copied from: the same graph, modules and providers; no difference but what was said."""

from collections.abc import Iterator, Mapping
from typing import Any

from tfops.change.project import Project
from tfops.commands.diff_contents import VersionRead, contents_of
from tfops.commands.named import applied_versions
from tfops.commands.replica_files import Draft
from tfops.ledger.versions import read_card
from tfops.records.difference import Group
from tfops.records.names import EnvName
from tfops.resolve.compared import between_environments, not_compared
from tfops.views.replica import ReplicaProof


def prove(project: Project, original: VersionRead, copy: EnvName, files: Draft) -> ReplicaProof:
    """As `diff` compares two environments; what was set may differ, and what `same_but` in tfops.yaml names."""
    _, listing, latest = applied_versions(project, copy)
    card = read_card(project.repository, latest)
    before, after = contents_of(project, original), contents_of(project, VersionRead(latest, card, listing))
    same_but = project.config_at(latest.commit).same_but
    return ReplicaProof(
        resources=len(card.inventory),
        modules=len(card.modules),
        providers=len(card.providers),
        differences=between_environments(before, after, [*same_but, *_meant(files.settings)]),
        not_compared=not_compared(before, after, [group for group in Group if group is not Group.OUTPUTS]),
    )


def _meant(settings: Mapping[str, Any]) -> Iterator[str]:
    """What was set, in the words of `same_but`."""
    for path in settings:
        yield path
        if path.startswith("backend."):
            yield f"backend.*.{path.partition('.')[2]}"
