"""`show`: one version's identity card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfops.commands.drills import drills_of
from tfops.commands.named import environment_with_versions
from tfops.errors import ProjectError, Refused
from tfops.ledger.chain import read_present
from tfops.ledger.versions import Listing, read_plain_card, require_known, versions_of
from tfops.records.version import VersionRecord
from tfops.resolve.versions import pick_version
from tfops.system.repository import Repository
from tfops.views.show import ShowResult

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.records.commit import Commit
    from tfops.records.verdict import Judgement


def show(project: Project, env: str | None, version: str | None) -> ShowResult:
    """One version's identity card; the latest when none is named."""
    name = environment_with_versions(project, env)
    listing = versions_of(project.repository, name)
    if version is None:
        require_known(name, listing)
    if listing.latest is None:
        raise Refused("never-applied", f"{name} has no version yet", hint=f"tfops apply {name}")
    record = pick_version(version, name, listing.versions) if version else listing.latest
    card = read_plain_card(project.repository, record)
    verdict = _verdict(project, listing, record) if record != listing.latest else None
    trouble = read_present(project.repository, name).trouble if record is listing.latest else None
    commit = _commit_or_none(project.repository, record)
    drill = drills_of(project, name).get(record.version)
    return ShowResult(record, commit, card, verdict, trouble, drill)


def _verdict(project: Project, listing: Listing, record: VersionRecord) -> Judgement | None:
    from tfops.change.verdicts import verdicts_of  # noqa: PLC0415 - states, the engine: only of an older version

    return verdicts_of(project, listing, only=record).get(record.version)


def _commit_or_none(repository: Repository, record: VersionRecord) -> Commit | None:
    try:
        return repository.commit(record.commit)
    except ProjectError:
        return None
