"""`show`: one version's identity card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfops.commands.drills import drills_of, promotions_of
from tfops.commands.named import environment_with_versions
from tfops.errors import ConfigError, ProjectError, Refused
from tfops.ledger.chain import read_present
from tfops.ledger.versions import Listing, read_plain_card, require_known, versions_of
from tfops.records.version import VersionRecord
from tfops.resolve.versions import pick_version
from tfops.system.repository import Repository
from tfops.views.show import ShowResult

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.records.commit import Commit
    from tfops.records.names import EnvName
    from tfops.records.verdict import Judgement


def show(project: Project, env: str | None, version: str | None, *, with_labels: bool = False) -> ShowResult:
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
    present = read_present(project.repository, name)
    trouble = present.trouble if record is listing.latest else None
    commit = _commit_or_none(project.repository, record)
    drill, promoted = drills_of(present).get(record.version), promotions_of(present).get(record.version, ())
    labels = _labels(project, name) if with_labels else {}
    return ShowResult(record, commit, card, verdict, trouble, drill, promoted, labels)


def _labels(project: Project, env: EnvName) -> dict[str, str]:
    """None where today's files can't be read, or don't have the environment any more: a card is shown all the same."""
    from tfops.commands.labels import Labels  # noqa: PLC0415 - rules and files, that a card needs none of

    try:
        rules = project.config_at(project.repository.head)
    except (ConfigError, ProjectError):
        return {}
    if env not in rules.environments:
        return {}
    labels = Labels.here(project, rules)
    found = labels.readable(env)
    labels.save()
    return found


def _verdict(project: Project, listing: Listing, record: VersionRecord) -> Judgement | None:
    from tfops.change.verdicts import verdicts_of  # noqa: PLC0415 - states, the engine: only of an older version

    return verdicts_of(project, listing, only=record).get(record.version)


def _commit_or_none(repository: Repository, record: VersionRecord) -> Commit | None:
    try:
        return repository.commit(record.commit)
    except ProjectError:
        return None
