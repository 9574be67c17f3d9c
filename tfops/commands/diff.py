"""`diff`: two versions of an environment, two environments, or what runs and the branch's head. From Git alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfops.commands.diff_contents import VersionRead, contents_of, moved_between
from tfops.commands.diff_history import with_history
from tfops.commands.named import applied_versions
from tfops.config.names import is_environment_name
from tfops.dataclass import dataclass
from tfops.errors import UsageError
from tfops.ledger.versions import read_card, versions_of
from tfops.records.difference import Group
from tfops.records.names import EnvName
from tfops.resolve.branches import require_environment
from tfops.resolve.compared import between_environments, between_versions, not_compared
from tfops.resolve.versions import is_version, pick_version
from tfops.views.diff import DiffKind, DiffResult

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.change.ui import Ui
    from tfops.records.verdict import Judgement


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """What stands behind `diff`: an environment, then another one or a version, then a second version."""

    env: str | None = None
    other: str | None = None
    version: str | None = None


def diff(project: Project, asked: DiffRequest, *, fetch: bool, ui: Ui) -> DiffResult:
    """Raises Refused: `unknown-version`, `unknown-environment`, `never-applied`; `foreign-tag` without a card."""
    if fetch:
        project.fetch_here(ui)
    env, listing, latest = applied_versions(project, asked.env)
    running = VersionRead(latest, read_card(project.repository, latest), listing)
    if asked.other is None:
        from tfops.commands.diff_head import diff_with_head  # noqa: PLC0415 - modules, rendering: for a commit

        return diff_with_head(project, running)
    if _is_environment(project, asked.other):
        if asked.version:
            raise UsageError("two environments are compared as they run", hint=f"tfops diff {env} {asked.other}")
        return _environments(project, running, asked.other)
    return _versions(project, running, asked)


def _is_environment(project: Project, word: str) -> bool:
    """Whether a word is one; what could be neither that nor a version is refused as an unknown environment."""
    if is_environment_name(word) and versions_of(project.repository, EnvName(word)).latest:
        return True
    rules = project.config_at(project.repository.head)
    if word in rules.environments:
        return True
    if not is_version(word):
        require_environment(word, rules)
    return False


def _versions(project: Project, running: VersionRead, asked: DiffRequest) -> DiffResult:
    """Of two, or of one and what runs."""
    env, listing = running.record.env, running.listing
    picked = [pick_version(word, env, listing.versions) for word in (asked.other, asked.version) if word]
    records = picked if len(picked) == 2 else [*picked, running.record]
    before, after = (VersionRead(record, read_card(project.repository, record), listing) for record in records)
    contents = contents_of(project, before), contents_of(project, after)
    moved = moved_between(project, listing, before.record, after.record)
    first, last = sorted((before.record.version, after.record.version))
    between = [record for record in listing.versions if first < record.version <= last]
    found = DiffResult(
        DiffKind.VERSIONS,
        before.side(project),
        after.side(project),
        between_versions(*contents, moved),
        not_compared(*contents, Group),
        applied_by=tuple(dict.fromkeys(record.applied_by for record in between)),
        way_back=_way_back(project, before),
    )
    return with_history(project, found, before.record.commit, after.record.commit)


def _way_back(project: Project, before: VersionRead) -> Judgement | None:
    """From what runs now, whatever the other version is: it is the way that can be gone."""
    if before.record == before.listing.latest:
        return None
    from tfops.change.verdicts import verdicts_of  # noqa: PLC0415 - cards, states: for a version of the past

    return verdicts_of(project, before.listing, only=before.record).get(before.record.version)


def _environments(project: Project, before: VersionRead, other: str) -> DiffResult:
    _, listing, latest = applied_versions(project, other)
    after = VersionRead(latest, read_card(project.repository, latest), listing)
    contents = contents_of(project, before), contents_of(project, after)
    same_but = project.config_at(project.repository.head).same_but
    found = DiffResult(
        DiffKind.ENVIRONMENTS,
        before.side(project),
        after.side(project),
        between_environments(*contents, same_but),
        not_compared(*contents, [group for group in Group if group is not Group.OUTPUTS]),
        same_but=same_but,
    )
    return with_history(project, found, before.record.commit, after.record.commit)
