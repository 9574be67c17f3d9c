"""What a version was, as far as Git says: its card, the rendered root in the ledger, its commit's tfops.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfops.config.compared_rules import rules_about
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, ProjectError, Refused
from tfops.ledger.rendered import recorded_events, root_at
from tfops.ledger.versions import read_cards
from tfops.records.addresses import providers_by_name
from tfops.resolve.compared import Contents
from tfops.resolve.root_inputs import flat, root_inputs, root_paths
from tfops.views.diff import DiffSide

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.ledger.versions import Listing
    from tfops.records.card import Card
    from tfops.records.names import CommitSha, EnvName
    from tfops.records.version import VersionRecord

SHORT = 8


@dataclass(frozen=True, slots=True)
class VersionRead:
    """A version with its card and all versions of its environment."""

    record: VersionRecord
    card: Card
    listing: Listing

    def side(self, project: Project) -> DiffSide:
        commits = project.repository.commits([self.record.commit])
        approved = tuple(dict.fromkeys(approval.who for approval in self.card.approvals))
        return DiffSide(self.record.env, self.record, self.record.commit, commits.get(self.record.commit), approved)


def contents_of(project: Project, read: VersionRead) -> Contents:
    """All of it; what the clone lacks is None."""
    card = read.card
    return Contents(
        modules={name: f"{module.source} {module.digest[:SHORT]}".strip() for name, module in card.modules.items()},
        inputs=_inputs(project, read),
        providers=providers_by_name(card.providers),
        engine=f"{card.engine.name} {card.engine.version}",
        resources=card.inventory,
        outputs={
            f"{module}.{name}": value for module, values in card.outputs.items() for name, value in values.items()
        },
        rules=rules_at(project, read.record.commit, read.record.env),
    )


def _inputs(project: Project, read: VersionRead) -> dict[str, Any] | None:
    """From the root as the ledger kept it; None for a version that was recorded before there was a ledger."""
    stacks = list(read.card.stacks)
    event = recorded_events(project.repository, read.record.env).get(read.record.version.number)
    if event is None:
        return None
    found = root_inputs(root_at(project.repository, event, root_paths(stacks)), stacks)
    return None if found is None else flat(found)


def rules_at(project: Project, commit: CommitSha, env: EnvName) -> dict[str, Any] | None:
    """None where the commit isn't here, or its tfops.yaml can't be read by this tfops."""
    try:
        return rules_about(project.config_at(commit), env)
    except (ConfigError, ProjectError, Refused):
        return None


def moved_between(project: Project, listing: Listing, before: VersionRecord, after: VersionRecord) -> dict[str, str]:
    """An address of `after` to the one that it had in `before`, as the cards between the two recorded moves."""
    first, last = sorted((before.version, after.version))
    between = [record for record in listing.versions if first < record.version <= last]
    origins: dict[str, str] = {}
    for _, card in read_cards(project.repository, between):
        if card is not None and card.moved:
            steps = card.moved
            origins = {
                **{target: source for target, source in origins.items() if target not in steps.values()},
                **{target: origins.get(source, source) for target, source in steps.items()},
            }
    return origins if before.version < after.version else {source: target for target, source in origins.items()}
